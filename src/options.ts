import type { FloatOutput, Reduction, Shape } from "./batch.js";

/** Where a batch's class axis is. */
export interface BatchOptions {
  /** Sizes of the axes, outermost first. Default: the shape that came with the data, or one row. */
  shape?: Shape | undefined;
}

/** Options of operations whose result is an array of the batch's shape. */
export interface ArrayOptions<O extends FloatOutput = FloatOutput> extends BatchOptions {
  /** Where the result goes, and what is returned: as long as the batch; the input itself, or apart from it. */
  out?: O | undefined;
}

/** Options of losses. */
export interface LossOptions extends BatchOptions {
  /** What is returned as `loss`: the mean over what counts (default), the sum, or each on its own. */
  reduction?: Reduction | undefined;
  /** true, or where the gradient goes: as long as the logits; the logits themselves, or apart from them. */
  grad?: boolean | FloatOutput | undefined;
}

/** Options of softmaxCrossEntropy. */
export interface SoftmaxCrossEntropyOptions extends LossOptions {
  /** A label that leaves its position out: loss 0, gradient 0, no part in the mean. Any int32; default −100. */
  ignoreIndex?: number | undefined;
}

type LossValue<R> = "none" extends R ? ([R] extends ["none"] ? Float32Array : number | Float32Array) : number;

type Gradient<G> = [G] extends [true]
  ? { grad: Float32Array }
  : [G] extends [FloatOutput]
    ? { grad: G }
    : [G] extends [false | undefined]
      ? { grad?: undefined }
      : { grad?: Float32Array | Extract<G, FloatOutput> };

type Given<O, K extends string> = K extends keyof O ? O[K] : undefined;

/**
 * What a loss returns, given its options: `loss` is a number rounded to float32 for "mean" and "sum", a Float32Array with
 * one value a position for "none"; `grad` is there if it was asked for, and is the array that was given, if one was.
 */
export type Loss<O = object> = { loss: LossValue<Given<O, "reduction">> } & Gradient<Given<O, "grad">>;
