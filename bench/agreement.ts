// Contenders must compute the same thing before (and after) anyone is timed: every element of the output and the loss
// within 1e-5 of plain JavaScript's for the same input.

import type { Run } from "./contenders.js";
import type { Operation } from "./operations.js";

/** Relative to the result, or to what was subtracted to make it where that is larger. */
const TOLERANCE = 1e-5;

/** What float32 can't resolve: two of its smallest steps. */
const SMALLEST = 2 ** -148;

/** Judges the last output of a contender. Throws an Error that names the first difference. */
export function requireAgreement(operation: Operation, { name, loss, arrays }: Run): void {
  const expected = { ...arrays, output: new Float32Array(arrays.output.length) };
  const expectedLoss = operation.javascript(expected);
  const what = `${name} disagrees with JavaScript on ${operation.name} ${arrays.shape.join("x")}`;
  if (!close(loss, expectedLoss, 0)) throw new Error(`${what}: loss ${loss}, expected ${expectedLoss}`);
  for (let i = 0; i < expected.output.length; i++) {
    if (!close(arrays.output[i], expected.output[i], operation.subtracted(expected, i))) {
      throw new Error(`${what}: element ${i} is ${arrays.output[i]}, expected ${expected.output[i]}`);
    }
  }
}

function close(actual: number, expected: number, subtracted: number): boolean {
  return Math.abs(actual - expected) <= TOLERANCE * Math.max(Math.abs(expected), subtracted) + SMALLEST;
}
