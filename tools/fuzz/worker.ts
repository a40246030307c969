// Runs chunks of cases, each a run of fast-check with its own seed, and tells what was found, made as small as it goes.

import { readFileSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import fc from "fast-check";
import { checked } from "../../src/check.js";
import { load } from "../../src/index.js";
import { Xentropy } from "../../src/kernels.js";
import { Threads } from "../../src/threads/index.js";
import { spawner } from "../../src/threads/platform.js";
import { EAGER } from "../support/eager.js";
import { CASES, describeCase, draw } from "./case.js";
import { runCase } from "./run.js";

export interface Chunk {
  readonly seed: number;
  readonly cases: number;
}

export interface Outcome extends Chunk {
  /** Cases of each operation. */
  readonly counts: Record<string, number>;
  readonly failure: string | undefined;
  /** Parts of kernel calls that other threads have computed. */
  readonly shares: number;
}

const { backend, threads } = workerData as { backend: "simd" | "relaxed"; threads: number };
const MEMORY = 2 ** 30;
const pool = threads > 1 ? await startThreads() : undefined;
const k = pool ? new (Xentropy as unknown as OnThreads)(pool.engine, MEMORY, pool) : await load({ backend });
const checkedK = checked(k);

/** The constructor, which the public types don't show. */
type OnThreads = new (engine: Threads["engine"], maximumMemory: number, threads: Threads) => Xentropy;

/** Threads that share every batch: what is drawn is too little for those that users have. */
async function startThreads(): Promise<Threads> {
  const binary = readFileSync(new URL(`../../../${backend}-shared.wasm`, import.meta.url));
  const pool = new Threads(backend, new WebAssembly.Module(binary), MEMORY, EAGER);
  await pool.start(threads - 1, await spawner());
  return pool;
}

function run({ seed, cases }: Chunk): Outcome {
  const counts: Record<string, number> = {};
  const before = pool?.taken ?? 0;
  const result = fc.check(
    fc.property(CASES, (given) => {
      const name = draw(given)?.operation.name;
      if (name === undefined) return;
      counts[name] = (counts[name] ?? 0) + 1;
      runCase(given, k, checkedK);
    }),
    { seed, numRuns: cases },
  );
  const [smallest] = result.counterexample ?? [];
  const failure = smallest && `${describeCase(smallest)}\n  ${JSON.stringify(smallest)}\n  ${result.errorInstance}`;
  return { seed, cases, counts, failure, shares: (pool?.taken ?? 0) - before };
}

parentPort?.on("message", (chunk: Chunk) => parentPort?.postMessage(run(chunk)));
