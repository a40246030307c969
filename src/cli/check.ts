// xentropy check

import { CrossCheckError, checked, type Measurement } from "../check.js";
import { type Backend, BackendError, load, type Xentropy } from "../index.js";
import type { CheckOptions } from "./arguments.js";
import { type Batch, batches } from "./batches.js";
import { CALLS } from "./calls.js";
import { type Machine, machine } from "./machine.js";
import { type Column, grouped, Progress, paint, table } from "./terminal.js";

/** What was found about one output of one operation. */
interface Finding {
  readonly operation: string;
  readonly output: string;
  /** The least bound that was applied: some options allow 1 more. */
  bound: number;
  /** The largest error on each backend, in ULP. */
  readonly errors: Partial<Record<Backend, number>>;
}

interface Failure {
  readonly backend: Backend;
  readonly batch: string;
  readonly message: string;
}

export interface Report extends Machine {
  readonly seed: number;
  readonly backends: readonly Backend[];
  /** Backends that this engine doesn't have, and why. */
  readonly missing: Partial<Record<Backend, string>>;
  /** How many values were compared with the reference. */
  values: number;
  readonly findings: readonly Finding[];
  readonly failures: readonly Failure[];
}

/** Calls every operation, and judges what it gave. */
export async function check({ operations, backends, named, seed }: CheckOptions): Promise<Report> {
  const names = operations ?? Object.keys(CALLS);
  const kernels: Xentropy[] = [];
  const missing: Partial<Record<Backend, string>> = {};
  for (const backend of backends) {
    try {
      kernels.push(await load({ backend }));
    } catch (error) {
      if (named || !(error instanceof BackendError)) throw error;
      missing[backend] = error.message;
    }
  }
  return { ...machine(), seed, backends: kernels.map((k) => k.backend), missing, ...run(kernels, names, seed) };
}

export function printCheck(report: Report, { json }: Pick<CheckOptions, "json">): void {
  if (json) console.log(JSON.stringify(report, undefined, 2));
  else print(report);
}

function run(kernels: readonly Xentropy[], names: readonly string[], seed: number) {
  const findings = new Map<string, Finding>();
  const failures: Failure[] = [];
  let values = 0;
  const all = batches(seed);
  const progress = new Progress(all.length * kernels.length * names.length);
  let done = 0;
  for (const batch of all) {
    for (const k of kernels) {
      const note = (operation: string, output: string, bound: number, distance: number) => {
        const finding = findings.get(`${operation} ${output}`) ?? { operation, output, bound, errors: {} };
        findings.set(`${operation} ${output}`, finding);
        finding.bound = Math.min(finding.bound, bound);
        finding.errors[k.backend] = Math.max(finding.errors[k.backend] ?? 0, distance);
      };
      const onMeasure = ({ operation, output, bound, distance, values: count }: Measurement) => {
        values += count;
        note(operation, output, bound, distance);
      };
      const judged = checked(k, { onMeasure });
      for (const name of names) {
        progress.at(done++, `${k.backend} ${name} ${batch.shape.join("x")}, ${batch.what}`);
        const error = errorOf(() => CALLS[name](judged, batch));
        if (!error) continue;
        note(error.operation, error.output, Infinity, error.distance);
        failures.push({ backend: k.backend, batch: describe(batch), message: error.message });
      }
    }
  }
  progress.finish();
  const order = (finding: Finding) => names.indexOf(finding.operation);
  return { values, findings: [...findings.values()].sort((a, b) => order(a) - order(b)), failures };
}

function errorOf(call: () => void): CrossCheckError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof CrossCheckError) return error;
    throw error;
  }
}

function describe({ shape, what }: Batch): string {
  return `${shape.join("x")}, ${what} logits`;
}

function print({ engine, seed, backends, missing, values, findings, failures }: Report): void {
  const columns: Column[] = [
    { heading: "operation", align: "left" },
    { heading: "result", align: "left" },
    ...backends.map((heading): Column => ({ heading, align: "right" })),
    { heading: "bound", align: "right", style: "dim" },
  ];
  const rows = findings.map(({ operation, output, bound, errors }) => [
    operation,
    output === "out" ? "" : output,
    ...backends.map((backend) => errors[backend]?.toFixed(2) ?? "–"),
    Number.isFinite(bound) ? String(bound) : "–",
  ]);
  console.log(`Largest errors in units in the last place; ${engine}, seed ${seed}\n\n${table(columns, rows)}\n`);
  for (const [backend, reason] of Object.entries(missing)) console.log(`  ${paint("yellow", backend)}: ${reason}`);
  for (const { backend, batch, message } of failures) {
    console.log(`  ${paint("red", "failed")}  ${backend}, ${batch}: ${message}`);
  }
  const compared = `${grouped(values)} values compared with the reference`;
  const bits = backends.includes("simd") ? ", those of simd bit for bit with js" : "";
  const verdict = failures.length === 0 ? paint("green", "ok") : paint("red", `${failures.length} failed`);
  console.log(`  ${verdict}: ${compared}${bits}.`);
  if (failures.length === 0) console.log(paint("dim", "  Smoothing, weights and alpha may add 1 ULP each to a bound."));
}
