import type { FloatBatch, FloatOutput, Labels, ResidentBatch, Shape, Xentropy } from "../../src/index.js";
import { classes, distributions, normal } from "./samples.js";
import type { Values } from "./ulp.js";

/**
 * The operations as the tests call them that hold for every one: a batch x, perhaps a second operand, and a place for the
 * array that comes out. A new operation is a row here.
 */

export interface Call {
  readonly name: string;
  /** What stands beside x: nothing, a label a row, or a float an element. */
  readonly beside: "nothing" | "labels" | "floats";
  /** Whether a result depends on the whole row, or on one element alone. */
  readonly by: "row" | "element";
  /** The array that comes out (written to `to`, if given), and losses, one a position. */
  run(k: Xentropy, x: FloatBatch, beside: Beside, options: Options): Result;
}

export type Beside = undefined | Labels | FloatBatch;

export interface Options {
  readonly shape?: Shape;
  readonly to?: FloatOutput;
  readonly reduction?: "none" | "sum" | "mean";
}

export interface Result {
  readonly array: FloatOutput;
  readonly loss: Values;
}

export const CALLS: readonly Call[] = [
  {
    name: "softmax",
    beside: "nothing",
    by: "row",
    run: (k, x, _, { shape, to }) => ({ array: k.softmax(x, { shape, out: to }), loss: [] }),
  },
  {
    name: "logSoftmax",
    beside: "nothing",
    by: "row",
    run: (k, x, _, { shape, to }) => ({ array: k.logSoftmax(x, { shape, out: to }), loss: [] }),
  },
  {
    name: "softmaxCrossEntropy with labels",
    beside: "labels",
    by: "row",
    run: (k, x, labels, { shape, to = true, reduction = "none" }) =>
      lossOf(k.softmaxCrossEntropy(x, labels as Labels, { shape, reduction, grad: to })),
  },
  {
    name: "softmaxCrossEntropy with dense targets",
    beside: "floats",
    by: "row",
    run: (k, x, t, { shape, to = true, reduction = "none" }) =>
      lossOf(k.softmaxCrossEntropy(x, t as FloatBatch, { shape, reduction, grad: to })),
  },
  {
    name: "sigmoidCrossEntropy",
    beside: "floats",
    by: "element",
    run: (k, x, t, { shape, to = true, reduction = "none" }) =>
      lossOf(k.sigmoidCrossEntropy(x, t as FloatBatch, { shape, reduction, grad: to })),
  },
];

/** For `it.each`: the name first. */
export const NAMED_CALLS = CALLS.map((call) => [call.name, call] as const);

function lossOf({ loss, grad }: { loss: Values; grad?: FloatOutput }): Result {
  return { loss, array: grad as FloatOutput };
}

/** Operands in arrays of their own. */
export interface Operands {
  readonly x: Float32Array;
  readonly beside: undefined | Int32Array | Float32Array;
  readonly shape: readonly [number, number];
}

/** Operands for a call on rows × length numbers. */
export function operandsFor({ beside }: Call, rows: number, length: number, seed = rows + length): Operands {
  const x = normal(rows * length, seed, 0, 8);
  const shape = [rows, length] as const;
  if (beside === "nothing") return { x, beside: undefined, shape };
  if (beside === "labels") return { x, beside: classes(rows, length, seed), shape };
  return { x, beside: distributions(rows, length, seed), shape };
}

/** A resident copy of a second operand. */
export function residentBeside(k: Xentropy, beside: Operands["beside"], [rows, length]: Operands["shape"]): Beside {
  if (beside === undefined) return undefined;
  if (beside instanceof Int32Array) return k.alloc([rows], { dtype: "int32" }).set(beside);
  return k.alloc([rows, length]).set(beside);
}

/** The elements of an array result, wherever it is. */
export function elements(array: FloatOutput): Float32Array {
  return array instanceof Float32Array ? array : (array as ResidentBatch).data;
}
