import type { FloatBatch, FloatOutput, Labels, ResidentBatch, Shape, Xentropy } from "../../src/index.js";
import { classes, distributions, normal, spread } from "./samples.js";
import type { Values } from "./ulp.js";

/**
 * The operations as those tests call them that hold for every one: a batch x, perhaps a second operand, and perhaps a place
 * for the array that comes out. A new operation is a row here.
 */

export interface Call {
  readonly name: string;
  /** The numbers that x holds. */
  readonly x: "logits" | "probabilities" | "log-probabilities";
  /** What stands beside x: nothing, a label a row, or a float an element, of the kind that x is or of distributions. */
  readonly beside: "nothing" | "labels" | "like x" | "probabilities";
  /** Whether a result depends on the whole row, or on one element alone. */
  readonly by: "row" | "element";
  /** The operands whose place the array that comes out may take; undefined where it can't be said where it goes. */
  readonly replaces?: readonly ("x" | "beside")[];
  run(k: Xentropy, x: FloatBatch, beside: Beside, options: Options): Result;
}

export type Beside = undefined | Labels | FloatBatch;

export interface Options {
  readonly shape?: Shape;
  readonly axis?: number;
  readonly to?: FloatOutput;
  readonly reduction?: "none" | "sum" | "mean";
}

export interface Result {
  /** The array that comes out: with `to`, there. */
  readonly array: Values;
  /** Losses, one a position unless reduced, or what else comes out. */
  readonly loss: Values;
}

type ArrayCall = "softmax" | "logSoftmax" | "sigmoid" | "logSigmoid" | "softplus" | "logit";

function arrayCall(name: ArrayCall, by: Call["by"], x: Call["x"] = "logits"): Call {
  return {
    name,
    x,
    beside: "nothing",
    by,
    replaces: ["x"],
    run: (k, batch, _, { shape, axis, to }) => ({
      array: k[name](batch, { shape, ...(by === "row" && { axis }), out: to }),
      loss: [],
    }),
  };
}

function backwardCall(name: "softmaxBackward" | "logSoftmaxBackward", x: Call["x"]): Call {
  return {
    name,
    x,
    beside: "like x",
    by: "row",
    replaces: ["x", "beside"],
    run: (k, forward, upstream, { shape, axis, to }) => ({
      array: k[name](forward, upstream as FloatBatch, { shape, axis, out: to }),
      loss: [],
    }),
  };
}

type LossCall = "softmaxCrossEntropy" | "nllLoss" | "softmaxKlDivergence" | "sigmoidCrossEntropy" | "sigmoidFocalLoss";

function lossCall(
  name: LossCall,
  beside: Call["beside"],
  by: Call["by"],
  x: Call["x"] = "logits",
  title: string = name,
): Call {
  return {
    name: title,
    x,
    beside,
    by,
    replaces: ["x"],
    run: (k, batch, targets, { to = true, reduction = "none", ...options }) =>
      lossOf((k[name] as Loss).call(k, batch, targets, { ...options, reduction, grad: to })),
  };
}

type DivergenceCall = "crossEntropy" | "klDivergence" | "jensenShannon" | "binaryCrossEntropy";

function divergenceCall(name: DivergenceCall, by: Call["by"], replaces: "x" | "beside"): Call {
  return {
    name,
    x: "probabilities",
    beside: "like x",
    by,
    replaces: [replaces],
    run: (k, p, q, { to = true, reduction = "none", ...options }) =>
      lossOf((k[name] as unknown as Loss).call(k, p, q, { ...options, reduction, grad: to })),
  };
}

type Loss = (x: FloatBatch, beside: Beside, options: object) => { loss: Values; grad?: FloatOutput };

function lossOf({ loss, grad }: { loss: Values; grad?: FloatOutput }): Result {
  return { loss, array: grad as FloatOutput };
}

const CALLS: readonly Call[] = [
  arrayCall("softmax", "row"),
  arrayCall("logSoftmax", "row"),
  {
    name: "logSumExp",
    x: "logits",
    beside: "nothing",
    by: "row",
    run: (k, x, _, { shape, axis }) => ({ array: [], loss: k.logSumExp(x, { shape, axis }) }),
  },
  backwardCall("softmaxBackward", "probabilities"),
  backwardCall("logSoftmaxBackward", "log-probabilities"),
  {
    name: "argmax",
    x: "logits",
    beside: "nothing",
    by: "row",
    run: (k, x, _, { shape, axis }) => ({ array: [], loss: k.argmax(x, { shape, axis }) }),
  },
  {
    name: "topK",
    x: "logits",
    beside: "nothing",
    by: "row",
    run: (k, x, _, { shape, axis }) => {
      const { values, indices } = k.topK(x, 1, { shape, axis });
      return { array: [], loss: [...values, ...indices].map((_, i, all) => all[(i >> 1) + (i & 1) * values.length]) };
    },
  },
  arrayCall("sigmoid", "element"),
  arrayCall("logSigmoid", "element"),
  arrayCall("softplus", "element"),
  arrayCall("logit", "element", "probabilities"),
  lossCall("softmaxCrossEntropy", "labels", "row", "logits", "softmaxCrossEntropy with labels"),
  lossCall("softmaxCrossEntropy", "probabilities", "row", "logits", "softmaxCrossEntropy with dense targets"),
  lossCall("nllLoss", "labels", "row", "log-probabilities"),
  lossCall("softmaxKlDivergence", "like x", "row"),
  lossCall("sigmoidCrossEntropy", "probabilities", "element"),
  lossCall("sigmoidFocalLoss", "probabilities", "element"),
  {
    name: "entropy",
    x: "probabilities",
    beside: "nothing",
    by: "row",
    run: (k, p, _, { shape, axis, reduction }) => ({ array: [], loss: k.entropy(p, { shape, axis, reduction }) }),
  },
  divergenceCall("crossEntropy", "row", "beside"),
  divergenceCall("klDivergence", "row", "beside"),
  divergenceCall("jensenShannon", "row", "beside"),
  divergenceCall("binaryCrossEntropy", "element", "x"),
];

/** For `it.each`: the name first. */
export const NAMED_CALLS = CALLS.map((call) => [call.name, call] as const);

/** Those whose array can be told where to go. */
export const WRITING_CALLS = NAMED_CALLS.filter(([, { replaces }]) => replaces !== undefined);

/** Operands in arrays of their own. */
export interface Operands {
  readonly x: Float32Array;
  readonly beside: undefined | Int32Array | Float32Array;
  readonly shape: readonly [number, number];
}

function numbers(kind: Call["x"], rows: number, length: number, seed: number, by: Call["by"]): Float32Array {
  if (kind === "logits") return normal(rows * length, seed, 0, 8);
  if (by === "element") return spread(rows * length, seed, 0, 1);
  const p = distributions(rows, length, seed);
  return kind === "probabilities" ? p : p.map(Math.log);
}

/** Operands for a call on rows × length numbers. */
export function operandsFor(
  { x: kind, beside, by }: Call,
  rows: number,
  length: number,
  seed = rows + length,
): Operands {
  const x = numbers(kind, rows, length, seed, by);
  const shape = [rows, length] as const;
  if (beside === "nothing") return { x, beside: undefined, shape };
  if (beside === "labels") return { x, beside: classes(rows, length, seed), shape };
  return { x, beside: numbers(beside === "like x" ? kind : beside, rows, length, seed + 1, by), shape };
}

/** Whether a call can be made on rows of no elements: labels and an argmax need one at least. */
export function takesEmptyRows({ name, beside }: Call): boolean {
  return beside !== "labels" && name !== "argmax" && name !== "topK";
}

/** A resident copy of a second operand. */
export function residentBeside(
  k: Xentropy,
  beside: Operands["beside"],
  [rows, length]: Operands["shape"],
): undefined | ResidentBatch | ResidentBatch<Int32Array> {
  if (beside === undefined) return undefined;
  if (beside instanceof Int32Array) return k.alloc([rows], { dtype: "int32" }).set(beside);
  return k.alloc([rows, length]).set(beside);
}
