// xentropy bench

import { closeSync, openSync, writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { type Backend, load, type Xentropy } from "../index.js";
import type { BenchOptions } from "./arguments.js";
import { toHtml } from "./html.js";
import { type Machine, machine } from "./machine.js";
import { measure, QUICK, THOROUGH } from "./measure.js";
import { batchOf, OPERATIONS, type Operation, requireAgreement, SHAPES } from "./operations.js";
import { bar, Progress, paint, significant, table } from "./terminal.js";

export interface Result {
  readonly operation: string;
  readonly title: string;
  readonly shape: readonly [rows: number, columns: number];
  /** Nanoseconds of one call. */
  readonly javascript: number;
  readonly kernels: number;
  /** How many times faster the kernels are. */
  readonly speedup: number;
}

export interface Report extends Machine {
  readonly backend: Backend;
  readonly results: readonly Result[];
}

export async function bench(options: BenchOptions): Promise<void> {
  const { html } = options;
  const k = await load(options.backend === undefined ? {} : { backend: options.backend });
  const about = { ...machine(), backend: k.backend };
  // What can't be written is said before time is spent: a file is opened, and the output begun.
  if (html !== undefined) closeSync(openSync(html, "a"));
  const report = {
    ...about,
    results: await (options.json ? asJson : asTables)(k, options, about),
  };
  if (html === undefined) return;
  writeFileSync(html, toHtml(report));
  if (!options.json) console.log(`\n  Written to ${html}`);
}

type About = Omit<Report, "results">;

async function asJson(k: Xentropy, options: BenchOptions, about: About): Promise<Result[]> {
  const begun = "{";
  process.stdout.write(begun);
  const results = await run(k, options);
  console.log(JSON.stringify({ ...about, results } satisfies Report, undefined, 2).slice(begun.length));
  return results;
}

/** A table as soon as its operation is measured. */
function asTables(k: Xentropy, options: BenchOptions, { engine, cpu, backend }: About): Promise<Result[]> {
  console.log(`The kernels (${backend}) against plain JavaScript, in nanoseconds an element`);
  console.log(paint("dim", `${engine}; ${cpu}; one thread`));
  return run(k, options, (results) => print(results, backend));
}

/** `hear` is told of the results of each operation. */
async function run(
  k: Xentropy,
  { operations, shapes = SHAPES, quick }: BenchOptions,
  hear: (results: readonly Result[]) => void = () => {},
): Promise<Result[]> {
  const chosen = OPERATIONS.filter(({ name }) => operations?.includes(name) ?? true);
  const progress = new Progress(chosen.length * shapes.length);
  const results: Result[] = [];
  for (const operation of chosen) {
    // What was written before may have failed, which is heard of in the next turn.
    await setImmediate();
    for (const shape of shapes) {
      progress.at(results.length, `${operation.name} ${shape.join("x")}`);
      results.push(time(k, operation, shape, quick));
    }
    progress.finish();
    hear(results.slice(-shapes.length));
  }
  return results;
}

function time(k: Xentropy, operation: Operation, shape: readonly [number, number], quick: boolean): Result {
  const batch = batchOf(shape);
  requireAgreement(k, operation, batch);
  const [javascript, kernels] = measure(
    [
      { name: "JavaScript", call: () => operation.javascript(batch) + batch.output[0] },
      { name: k.backend, call: () => operation.kernels(k, batch) + batch.output[0] },
    ],
    quick ? QUICK : THOROUGH,
  );
  const { name, title } = operation;
  return { operation: name, title, shape, javascript, kernels, speedup: javascript / kernels };
}

/** Bars are one scale for all tables, and all runs: so many characters for so many times as fast. */
const BAR = { characters: 30, speedup: 15 };

/** Characters of a line before its bar. */
const BEFORE = 48;

function print(results: readonly Result[], backend: Backend): void {
  const width = Math.min(BAR.characters, Math.max(0, (process.stdout.columns || Infinity) - BEFORE));
  const rows = results.map(({ shape: [rows, columns], javascript, kernels, speedup }) => [
    `${rows}x${columns}`,
    significant(javascript / (rows * columns)),
    significant(kernels / (rows * columns)),
    `${significant(speedup)}x`,
    bar(speedup / BAR.speedup, width),
  ]);
  console.log(`\n${paint("bold", results[0].title)}`);
  console.log(
    table(
      [
        { heading: "shape", align: "left" },
        { heading: "JavaScript", align: "right" },
        { heading: backend, align: "right" },
        { heading: "speed-up", align: "right", style: "bold" },
        { heading: "", align: "left", style: "green" },
      ],
      rows,
    ),
  );
}
