// What the tables of operations (operations.ts, linear.ts) are made of.

import type { Xentropy } from "xentropy";
import type { Problem } from "./problem.js";

/** One result, to be judged element by element. */
export interface Outcome {
  readonly got: ArrayLike<number>;
  readonly truth: Float64Array;
  readonly magnitude: Float64Array;
}

export interface Operation {
  readonly name: string;
  /** Largest error that is allowed. */
  readonly bound: number;
  /** That of the gradient, if it is another. */
  readonly gradientBound?: number;
  /** The names of what comes out: "" where there is one result. */
  readonly outcomes: readonly string[];
  /** Computed with the elements alone: the row's length doesn't matter. */
  readonly elementwise?: boolean;
  /** Whether hill climbing makes sense: outcomes are row by row. Default true. */
  readonly climbs?: boolean;
  run(k: Xentropy, problem: Problem): readonly Outcome[];
}

/** Largest error that is allowed of an outcome. */
export function boundOf({ bound, gradientBound = bound }: Operation, outcome: string): number {
  return outcome === "gradient" ? gradientBound : bound;
}
