// Contenders must compute the same thing before, and after, anyone is timed: every element of the result and the loss
// within 1e-5 of the float64 reference's, and the very indices.

import type { Expected, Operation } from "./operation.js";
import type { Problem } from "./problems.js";

/** Relative to the result, or to the terms that it is the difference of. */
const TOLERANCE = 1e-5;

/** What float32 can't resolve: two of its smallest steps. */
const SMALLEST = 2 ** -148;

/** How a result misses what is expected; undefined if it doesn't. */
export function disagreement(
  { terms }: Operation,
  problem: Problem,
  expected: Expected,
  actual: Expected,
): string | undefined {
  if (!close(actual.loss, expected.loss, 0)) return `loss ${actual.loss}, expected ${expected.loss}`;
  if (actual.array.length !== expected.array.length) {
    return `${actual.array.length} elements, expected ${expected.array.length}`;
  }
  const index = differing(actual.indices ?? [], expected.indices ?? []);
  if (index >= 0) return `index ${index} is ${actual.indices?.[index]}, expected ${expected.indices?.[index]}`;
  let worst = 0;
  let message: string | undefined;
  for (let i = 0; i < expected.array.length; i++) {
    const a = actual.array[i];
    const e = expected.array[i];
    if (close(a, e, 0) || close(a, e, terms?.(problem, i, problem.positions) ?? 0)) continue;
    const error = Math.abs(a - e) / Math.abs(e);
    if (message && !(error > worst)) continue;
    worst = error;
    message = `element ${i} is ${a}, expected ${e}`;
  }
  return message;
}

/** Where integers differ first; -1 if they don't. */
function differing(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  for (let i = 0; i < Math.max(actual.length, expected.length); i++) if (actual[i] !== expected[i]) return i;
  return -1;
}

function close(actual: number, expected: number, terms: number): boolean {
  if (actual === expected) return true;
  return Math.abs(actual - expected) <= TOLERANCE * Math.max(Math.abs(expected), terms) + SMALLEST;
}
