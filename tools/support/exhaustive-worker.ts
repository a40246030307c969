// One worker of the exhaustive verification: takes chunk after chunk of one function's arguments, until none is left.
// A fresh worker for each function lets the engine compile the judging loop around that function alone.

import { parentPort, workerData } from "node:worker_threads";
import { type Elementary, openScalars, openWasm, type Scalars, scalarOf } from "./elementary.js";
import { FUNCTIONS } from "./functions.js";
import { emptyTally, judge } from "./tally.js";

export interface Work {
  /** Index in FUNCTIONS. */
  readonly index: number;
  readonly chunks: readonly (readonly [from: number, to: number])[];
  /** Shared by all workers: how many chunks were taken, how many are done. */
  readonly progress: Int32Array;
  readonly stride: number;
  /** build/verify-*.wasm; without it the plain TypeScript backend. */
  readonly module: WebAssembly.Module | undefined;
}

const { index, chunks, progress, stride, module } = workerData as Work;

async function open(): Promise<Elementary> {
  return module ? openWasm(module) : openScalars(await loadScalars());
}

/** The package doesn't export these: they are taken from where the build puts them. */
async function loadScalars(): Promise<Scalars> {
  const from = (file: string) => import(new URL(`../../src/backend/js/${file}.js`, import.meta.url).href);
  const [{ exp }, { log }, { log1p }, { scaledTanh }, { openJs }] = await Promise.all(
    ["math/exp", "math/log", "math/log1p", "math/tanh", "index"].map(from),
  );
  const js = openJs(1 << 20);
  return {
    expAll: exp,
    logAll: log,
    log1pAll: log1p,
    tanhAll: (x) => scaledTanh(x, 1),
    softcap30: (x) => scaledTanh(x, 30),
    sigmoid: scalarOf(js, "sigmoid"),
    softplus: scalarOf(js, "softplus"),
    logSigmoid: scalarOf(js, "logSigmoid"),
    logit: scalarOf(js, "logit"),
  };
}

const fn = FUNCTIONS[index];
const by = await open();
const tally = emptyTally();
for (let i = Atomics.add(progress, 0, 1); i < chunks.length; i = Atomics.add(progress, 0, 1)) {
  const [from, to] = chunks[i];
  judge(fn, by, from, to, stride, tally);
  Atomics.add(progress, 1, 1);
}
parentPort?.postMessage(tally);
