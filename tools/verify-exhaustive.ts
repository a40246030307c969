// npm run verify:exhaustive: every function of one float over all 2^32 floats, against float64. Ends with status 1 where a
// stated bound is broken. `--help` says what can be chosen.

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { SingleBar } from "cli-progress";
import type { Backend } from "xentropy";
import { BACKENDS, requireName, UsageError, wholeNumber } from "../bench/command-line.js";
import { type Column, heading, table } from "../bench/table.js";
import type { Work } from "./support/exhaustive-worker.js";
import { type FloatFunction, FUNCTIONS, type Kernel } from "./support/functions.js";
import { type Case, mergeTallies, type Tally, worstOf } from "./support/tally.js";
import { runTool } from "./support/tool.js";
import { floatOf, hex } from "./support/ulp.js";

const NAMES = [...new Set(FUNCTIONS.map(({ name }) => name))];

const USAGE = `Usage: npm run verify:exhaustive -- [options]

  --function NAME  only this function; may be repeated
                   ${NAMES.join(", ")}
  --backend NAME   ${BACKENDS.join(", ")}; default simd
  --stride N       every Nth float only
  --threads N      default: one for each core
  --worst N        print the N arguments with the largest errors each way, at most 16
  --help           this text`;

/** What the plain TypeScript backend has as functions of one float; the rest has the same bits there as in wasm. */
const SCALARS: readonly Kernel[] = [
  "expAll",
  "logAll",
  "log1pAll",
  "tanhAll",
  "softcap30",
  "sigmoid",
  "softplus",
  "logSigmoid",
  "logit",
];

/** Arguments that a worker takes at a time. */
const CHUNK = 2 ** 20;

interface Options {
  readonly functions: readonly FloatFunction[];
  readonly backend: Backend;
  readonly stride: number;
  readonly threads: number;
  readonly worst: number;
}

function moduleOf(backend: Backend): WebAssembly.Module | undefined {
  if (backend === "js") return undefined;
  const bytes = readFileSync(new URL(`../../verify-${backend}.wasm`, import.meta.url));
  if (!WebAssembly.validate(bytes)) {
    throw new UsageError(
      `This engine doesn't have the "${backend}" backend; Node 20 has relaxed SIMD behind a flag:
node --experimental-wasm-relaxed-simd build/programs/tools/verify-exhaustive.js --backend relaxed`,
    );
  }
  return new WebAssembly.Module(bytes);
}

/** Judges one function on all threads, with a progress bar where there is a terminal. */
async function verify(
  fn: FloatFunction,
  { stride, threads }: Options,
  module: WebAssembly.Module | undefined,
): Promise<Tally> {
  const chunks = fn.ranges.flatMap(([from, to]) =>
    Array.from(
      { length: Math.ceil((to - from) / CHUNK) },
      (_, i) => [from + i * CHUNK, Math.min(to, from + (i + 1) * CHUNK)] as const,
    ),
  );
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const work: Work = { index: FUNCTIONS.indexOf(fn), chunks, progress, stride, module };
  const bar = new SingleBar({
    format: `${fn.name.padEnd(19)} [{bar}] {percentage} %, {eta_formatted} left`,
    barsize: 40,
    clearOnComplete: true,
    noTTYOutput: false,
  });
  const shown = process.stderr.isTTY;
  if (shown) bar.start(chunks.length, 0);
  const timer = setInterval(() => bar.update(Atomics.load(progress, 1)), 200);
  try {
    return mergeTallies(await Promise.all(Array.from({ length: threads }, () => run(work))));
  } finally {
    clearInterval(timer);
    if (shown) bar.stop();
  }
}

function run(work: Work): Promise<Tally> {
  const worker = new Worker(new URL("./support/exhaustive-worker.js", import.meta.url), { workerData: work });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", (code) => reject(new Error(`a worker ended with status ${code} and no result`)));
  });
}

function holds({ bound }: FloatFunction, tally: Tally): boolean {
  return tally.mismatched === 0 && Math.abs(worstOf(tally)?.error ?? 0) <= bound;
}

const COLUMNS: readonly Column[] = [
  ["function", "left"],
  ["largest", "right"],
  ["mean", "right"],
  ["unit", "left"],
  ["misrounded", "right"],
  ["at", "left"],
  ["bits", "left"],
  ["bound", "right"],
  ["", "left"],
];

function rowOf(fn: FloatFunction, tally: Tally): string[] {
  const worst = worstOf(tally) ?? { bits: 0, error: 0 };
  const share = (100 * tally.misrounded) / tally.ordinary;
  return [
    fn.name,
    Math.abs(worst.error).toFixed(4),
    (tally.total / tally.ordinary).toFixed(4),
    fn.unit,
    fn.unit === "ULP" ? `${share.toFixed(2)} %` : "",
    String(floatOf(worst.bits)),
    hex(worst.bits),
    String(fn.bound),
    holds(fn, tally) ? "holds" : "BROKEN",
  ];
}

function casesOf(cases: readonly Case[], count: number): string {
  return cases
    .slice(0, count)
    .map(({ bits, error }) => `  ${hex(bits)}  ${floatOf(bits)}  ${error.toFixed(6)}`)
    .join("\n");
}

async function main(options: Options): Promise<boolean> {
  const { functions, backend, stride, threads, worst } = options;
  const module = moduleOf(backend);
  const say = console.log;
  say(heading("Every function of one float, over all of them", "═"));
  say(
    `backend ${backend}, ${threads} threads, Node ${process.versions.node}${stride > 1 ? `, every ${stride}th float` : ""}`,
  );
  const began = performance.now();
  const found: [FloatFunction, Tally][] = [];
  for (const fn of functions) {
    const start = performance.now();
    const tally = await verify(fn, options, module);
    found.push([fn, tally]);
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    const { error } = worstOf(tally) ?? { error: 0 };
    say(`${fn.name}: at most ${Math.abs(error).toFixed(4)} ${fn.unit}, ${seconds} s`);
  }
  say(
    `\n${table(
      COLUMNS,
      found.map(([fn, tally]) => rowOf(fn, tally)),
    )}`,
  );
  say(`
Errors are of the arguments with a finite true result other than 0; unit ULP: the last place of the true result in
float32, 2^-149 for subnormal ones; unit 2^-24: relative, results that are subnormal left out. Where the true result is
0, infinite or NaN, the result must be the same, but for the sign of a gradient of 0.`);
  for (const [fn, { mismatched, firstMismatch = 0 }] of found) {
    if (mismatched === 0) continue;
    say(`${fn.name}: ${mismatched} results should be 0, infinite or NaN, the first at ${hex(firstMismatch)}`);
  }
  for (const [fn, { above, below }] of worst > 0 ? found : []) {
    say(`\n${fn.name}, too large:\n${casesOf(above, worst)}\ntoo small:\n${casesOf(below, worst)}`);
  }
  say(`\n${((performance.now() - began) / 1000).toFixed(0)} seconds in all`);
  return found.every(([fn, tally]) => holds(fn, tally));
}

const OPTIONS = {
  function: { type: "string", multiple: true },
  backend: { type: "string", default: "simd" },
  stride: { type: "string", default: "1" },
  threads: { type: "string", default: String(availableParallelism()) },
  worst: { type: "string", default: "0" },
} as const;

await runTool(USAGE, OPTIONS, ({ function: names, backend: backendName, stride, threads, worst }) => {
  for (const name of names ?? []) requireName("function", name, NAMES);
  const backend = requireName("backend", backendName, BACKENDS);
  return main({
    functions: FUNCTIONS.filter(
      (fn) => (!names || names.includes(fn.name)) && (backend !== "js" || SCALARS.includes(fn.kernel)),
    ),
    backend,
    stride: wholeNumber(stride, 1, 2 ** 16),
    threads: wholeNumber(threads, 1, 256),
    worst: wholeNumber(worst, 0, 16),
  });
});
