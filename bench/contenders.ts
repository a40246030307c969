// Who computes a case. A contender gets buffers of its own, changes its input a little before every call, and keeps what
// it computed: a result that nobody looks at may be optimised away, one for the same input may be cached.

import type { Xentropy } from "xentropy";
import type { Case, Problem } from "./cases.js";
import type { Arrays } from "./operations.js";

/** A contender at the start of a case. */
export interface Run {
  readonly name: string;
  /** Changes one pair of logits, computes, and returns the loss plus an element of the output. */
  readonly call: () => number;
  /** The loss of the last call. */
  loss: number;
  readonly arrays: Arrays;
}

export interface Contender {
  readonly name: string;
  readonly prepare: (given: Case, problem: Problem) => Run;
}

/** The baseline: the hand-written rivals in plain JavaScript. */
export const javascript: Contender = {
  name: "JavaScript",
  prepare: ({ operation }, problem) => onArrays("JavaScript", problem, operation.javascript),
};

/** The kernels on Float32Arrays outside their memory, as most programs call them. */
export function kernels(k: Xentropy): Contender {
  const name = k.backend === "js" ? "js backend" : `wasm ${k.backend}`;
  return {
    name,
    prepare: ({ operation }, problem) => onArrays(name, problem, (arrays) => operation.kernels(k, arrays)),
  };
}

function onArrays(name: string, problem: Problem, compute: (arrays: Arrays) => number): Run {
  const { shape, labels, targets } = problem;
  const logits = problem.logits.slice();
  const output = new Float32Array(logits.length);
  const arrays = { shape, logits, labels, targets, output };
  let at = 0;
  const call = () => {
    at = exchangeNext(logits, at);
    run.loss = compute(arrays);
    return run.loss + output[at];
  };
  const run: Run = { name, call, loss: Number.NaN, arrays };
  return run;
}

/** Exchanges two neighbours a long stride further on: another input, with the same numbers in it. */
function exchangeNext(logits: Float32Array, at: number): number {
  const next = (at + 7919) % (logits.length - 1);
  const kept = logits[next];
  logits[next] = logits[next + 1];
  logits[next + 1] = kept;
  return next;
}
