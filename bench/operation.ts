// What an operation is to the benchmark: what it is given, how a user calls the kernels, the rival in plain JavaScript, the
// reference that judges both, and the passes over memory that can't be done without.

import type { FloatBatch, FloatOutput, Labels, Xentropy } from "xentropy";
import type { Pass } from "./limit.js";
import type { Given } from "./problems.js";
import { across } from "./rivals/across.js";
import type { Rows, RowsRival } from "./rivals/rows.js";

/** What a call is given; arrays or resident batches. */
export interface Operands {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly x: FloatBatch & FloatOutput;
  /** The second operand, where there is one. */
  readonly y: FloatBatch & FloatOutput;
  readonly labels: Labels;
  /** Where a result in the shape of x goes. */
  readonly output: FloatOutput;
  /** Where a result with one value a position goes. */
  readonly values: FloatOutput;
}

/** A loss, or 0 where there is none, or fresh arrays. */
export type Returned = number | Float32Array | Int32Array | { values: Float32Array; indices: Int32Array };

/** What the reference says: a loss, or 0, the array, and the indices where there are any. */
export interface Expected {
  readonly loss: number;
  readonly array: ArrayLike<number>;
  readonly indices?: ArrayLike<number>;
}

export interface Operation {
  /** What --op calls it: the method's name, and what it is given where that matters. */
  readonly name: string;
  readonly title: string;
  /** Along an axis, or element by element. */
  readonly form: "rows" | "elements";
  readonly x: Given;
  readonly y?: Given;
  /** Whether each position has a label. */
  readonly labels?: boolean;
  /** Where the result is: in the shape of x, a value a position, or an array that the call makes. */
  readonly result: "output" | "values" | "fresh";
  /** What the targets of speed go by: exponentials or logarithms of every element, or only a walk through memory. */
  readonly work: "exp" | "memory";
  readonly kernels: (k: Xentropy, operands: Operands) => Returned;
  readonly rival: RowsRival;
  /** The rival for a batch [outer, classes, inner], where there is a faster one than turning strips into rows. */
  readonly across?: (given: Rows, layout: readonly number[]) => number;
  readonly reference: (operands: Rows & { shape: readonly number[]; axis: number }) => Expected;
  readonly passes: readonly Pass[];
  /**
   * Magnitude of the terms that element i of the result is the difference of, where that is more than the result: rounding
   * errors are in proportion to it. `positions` is what a mean divides by.
   */
  readonly terms?: (numbers: Rows, i: number, positions: number) => number;
  /** Results a position, where it isn't one. */
  readonly per?: (classes: number) => number;
}

/** Runs the rival on a problem of any axis; the result is the mean loss. */
export function runRival(operation: Operation, given: Rows, layout: readonly number[]): number {
  const [outer, classes, inner] = layout;
  const { rival, form, per } = operation;
  const share = 1 / (form === "elements" ? given.x.length : outer * inner);
  if (inner === 1) return rival(given, share) * share;
  if (operation.across) return operation.across(given, layout) * share;
  return across(rival, given, layout, share, per?.(classes) ?? 1) * share;
}

/** What an operation without a loss returns in its place. */
export const NO_LOSS = 0;

/** What the reference says, from an array. */
export const arrayAlone = (values: ArrayLike<number>): Expected => ({ loss: NO_LOSS, array: values });

/** What the reference says, from indices. */
export const indicesAlone = (indices: ArrayLike<number>): Expected => ({ loss: NO_LOSS, array: [], indices });

/** What the reference says, from values and indices. */
export const valuesAndIndices = ({ values, indices }: { values: ArrayLike<number>; indices: ArrayLike<number> }) => ({
  loss: NO_LOSS,
  array: values,
  indices,
});

/** What the reference says, from a loss with its gradient. */
export const lossAndGrad = ({ loss, grad }: { loss: number; grad: Float64Array }): Expected => ({ loss, array: grad });
