// Runs chunks of cases, each a run of fast-check with its own seed, and tells what was found, made as small as it goes.

import { parentPort, workerData } from "node:worker_threads";
import fc from "fast-check";
import { load } from "xentropy";
import { checked } from "xentropy/check";
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
}

const { backend, threads } = workerData as { backend: "simd" | "relaxed"; threads: number };
const k = await load({ backend, threads });
const checkedK = checked(k);

function run({ seed, cases }: Chunk): Outcome {
  const counts: Record<string, number> = {};
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
  return { seed, cases, counts, failure };
}

parentPort?.on("message", (chunk: Chunk) => parentPort?.postMessage(run(chunk)));
