import type { FloatBatch, FloatOutput, IndexOutput, Reduction } from "./batch.js";
import type { FreshFloats, Given, Property } from "./given.js";
import type { LogSumExpState } from "./log-sum-exp-state.js";
import type { Shape } from "./shape.js";
import type { Weights } from "./weights.js";

/** The shape of a batch. */
export interface ShapeOptions {
  /** Sizes of the axes, outermost first; ShapeError if they mean another length. Default: the data's own shape, or one row. */
  shape?: Shape | undefined;
}

/** The shape of a batch and its class axis. */
export interface BatchOptions extends ShapeOptions {
  /** The axis along which the classes lie; negative from the end. Default −1. */
  axis?: number | undefined;
}

/** What `out` may be: somewhere to write, or undefined for a fresh array. */
export type Output = FloatOutput | undefined;

/** What an operation with an array result returns: the array it was given as `out`, if it was, or a fresh one. */
export type ArrayResult<O extends Output | IndexOutput, Fresh = FreshFloats> = O extends undefined ? Fresh : O;

/**
 * Options A with `out` of type O. The union is for inference: from a property that is optional it takes no undefined. Its other
 * side isn't `object`, or TypeScript would take what has no option at all for options. `out` alone is inferred, not all options
 * as with `Only`, so that operations with different options have one signature: k[name](x) is typed.
 */
export type Into<A, O extends Output | IndexOutput> = A & ({ out: O } | ShapeOptions);

/** Where an array result goes. */
export interface OutputOptions {
  /**
   * Where the result goes, and what is returned: as long as the result; an input itself, or apart from all. That of logSumExp
   * may be the input only where each position has one class. Default: a fresh array.
   */
  out?: Output;
}

/** Options of argmax. */
export interface ArgmaxOptions extends BatchOptions {
  /** Where the indices go, and what is returned: one for each position, apart from x. Default: a fresh array. */
  out?: IndexOutput | undefined;
}

/** Options of elementwise operations. */
export interface ElementwiseOptions extends ShapeOptions, OutputOptions {}

/** Options of operations along an axis whose result has the batch's shape. */
export interface ArrayOptions extends BatchOptions, OutputOptions {}

/** The temperature of logits. */
export interface TemperatureOptions {
  /** T > 0: the logits are fround(x / T). Default 1. */
  temperature?: number | undefined;
}

/** Options of logSoftmax. */
export interface LogSoftmaxOptions extends ArrayOptions, TemperatureOptions {}

/** Options of softmax. */
export interface SoftmaxOptions extends LogSoftmaxOptions {
  /** What a row that is −Infinity throughout gives: NaN (default), or zeros, as attention masks want it. */
  emptyRow?: "nan" | "zero" | undefined;
}

/** Options of logSumExp. */
export interface LogSumExpOptions extends ShapeOptions, OutputOptions, TemperatureOptions {
  /** The axis, or several, that are summed over and dropped; negative from the end. Default −1. */
  axis?: number | readonly number[] | undefined;
}

/** Options of losses. */
export interface LossOptions extends ShapeOptions {
  /** What is returned as `loss`: the mean over what counts (default), the sum, or each on its own. */
  reduction?: Reduction | undefined;
  /** true, or where the gradient goes: as long as the logits; the logits themselves, or apart from all. Default: none. */
  grad?: boolean | FloatOutput | undefined;
  /** What the gradient is multiplied by: a number, or with `reduction: "none"` one for each loss. Default 1. */
  gradOutput?: number | Weights | undefined;
}

/** Options of nllLoss. */
export interface NllLossOptions extends LossOptions, BatchOptions {
  /** A label that leaves its position out: loss 0, gradient 0, no part in the mean. Any int32; default −100. */
  ignoreIndex?: number | undefined;
  /**
   * A weight for each class, C in all; finite, not negative. With labels the mean divides by those of the labels, times the
   * sample weights. Default 1.
   */
  classWeights?: Weights | undefined;
  /**
   * A weight for each position, in the batch's shape without the class axis; finite, not negative. The mean divides by these,
   * times those of the labels' classes. 0 leaves the position out, as an ignored label does. Default 1.
   */
  sampleWeights?: Weights | undefined;
}

/** Options of softmaxCrossEntropy. */
export interface SoftmaxCrossEntropyOptions extends NllLossOptions, TemperatureOptions {
  /** ε in [0, 1]: targets become (1 − ε)·t + ε/C. Default 0. */
  labelSmoothing?: number | undefined;
  /** λ ≥ 0: adds λ·logSumExp² to each position's loss. Default 0. */
  zLoss?: number | undefined;
  /** s > 0, taken as a float32: the logits become s·tanh(x / s), before the temperature. Default: none. */
  softcap?: number | undefined;
  /** true: also count the positions whose largest logit is the label's: `correct`, a number. Default false. */
  correct?: boolean | undefined;
  /** true: also return each position's log-sum-exp, in nats: `logSumExp`, a Float32Array. Default false. */
  logSumExp?: boolean | undefined;
  /** The log-sum-exp of whole rows of which x are some columns, from column 0 to the last. Labels count over them all. */
  state?: LogSumExpState | undefined;
  /** With `state`: the column of the whole rows that x begins at. Default 0. */
  start?: number | undefined;
}

/** Options of sigmoidCrossEntropy. */
export interface SigmoidCrossEntropyOptions extends LossOptions {
  /** ε in [0, 1]: targets become (1 − ε)·t + ε/2. Default 0. */
  labelSmoothing?: number | undefined;
  /** Weights of the loss's positive part; broadcast as in NumPy. Default 1. */
  posWeight?: number | Weights | undefined;
  /** Weights of the elements, 0 to leave one out; broadcast as in NumPy. Default 1. */
  elementWeights?: number | Weights | undefined;
}

/** Options of sigmoidFocalLoss. */
export interface SigmoidFocalLossOptions extends LossOptions {
  /** α in [0, 1]: weight of the positive class, 1 − α of the negative one. Default: none. */
  alpha?: number | undefined;
  /** γ ≥ 0. Default 2. */
  gamma?: number | undefined;
}

/** Options of softmaxKlDivergence. */
export interface SoftmaxKlDivergenceOptions extends LossOptions, BatchOptions {
  /** T > 0: both batches of logits become fround(x / T), the loss is multiplied by T². Default 1. */
  temperature?: number | undefined;
}

/** What operations on given distributions return. */
export interface ValueOptions {
  /**
   * Where the values go, and what is returned for them: an input itself, if it is as long, or apart from all. Only with
   * `reduction` "none". Default: a fresh array.
   */
  out?: Output;
  /** "none" (default): each value; "mean" or "sum": a number. */
  reduction?: Reduction | undefined;
  /** The unit of values and gradients: "nats" (default), of the natural logarithm, or "bits", of that to base 2. */
  unit?: "nats" | "bits" | undefined;
}

/** The gradient of an operation on given distributions. */
export interface GradientOptions {
  /** true, or where the gradient to q goes: as long as q; q itself, or apart from all. Then `{ loss, grad }` is returned. */
  grad?: boolean | FloatOutput | undefined;
}

/** Options of entropy. */
export interface EntropyOptions extends BatchOptions, ValueOptions {}

/** Options of crossEntropy, klDivergence and jensenShannon. */
export interface DivergenceOptions extends EntropyOptions, GradientOptions {}

/** Options of binaryCrossEntropy, which has no class axis. */
export interface BinaryCrossEntropyOptions extends ShapeOptions, ValueOptions, GradientOptions {}

/** Which gradients of a linear layer are wanted, and where they go. */
export type LinearGradientOption =
  | boolean
  | {
      /** As long as the features. */
      features?: boolean | FloatOutput | undefined;
      /** As long as the weights. */
      weights?: boolean | FloatOutput | undefined;
      /** One number per class, whether or not a bias is given. */
      bias?: boolean | FloatOutput | undefined;
    };

/** What linearSoftmaxCrossEntropy and linearSigmoidCrossEntropy have in common. */
export interface LinearOptions {
  /** The shape of the features, D last. Default: the shape that came with them, or one position. */
  shape?: Shape | undefined;
  /** One number per class, added to its logits. Default: none. */
  bias?: FloatBatch | undefined;
  /** true: all three gradients, fresh; or any of them, each true or where it goes, apart from all that is given. */
  grad?: LinearGradientOption | undefined;
  /** true: gradients are added to what stands in the arrays that are given. Default false. */
  accumulate?: boolean | undefined;
}

/** Options of linearSoftmaxCrossEntropy. */
export interface LinearSoftmaxCrossEntropyOptions
  extends LinearOptions,
    Omit<SoftmaxCrossEntropyOptions, "axis" | "grad" | "shape" | "state" | "start"> {}

/** Options of linearSigmoidCrossEntropy. */
export interface LinearSigmoidCrossEntropyOptions
  extends LinearOptions,
    Omit<SigmoidCrossEntropyOptions, "grad" | "shape"> {}

/** An array that goes where G says: true is a fresh one. */
type Placed<G> = G extends true ? FreshFloats : G extends false | undefined ? undefined : G;

type LossValue<R> = R extends "none" ? FreshFloats : number;

/**
 * What a loss returns, given its options: `loss` is a number rounded to float32 for "mean" and "sum", a Float32Array with
 * one value per position for "none"; `grad` is there if it was asked for, and is the array that was given, if one was.
 */
export type Loss<O = object> = { loss: LossValue<Given<O, "reduction">> } & Property<"grad", Placed<Given<O, "grad">>>;

type Extra<O, K extends string, V> = Property<
  K,
  Given<O, K> extends infer F ? (F extends true ? V : undefined) : never
>;

/** A loss, and the extra outputs of softmaxCrossEntropy. */
export type SoftmaxCrossEntropyLoss<O = object> = Loss<O> &
  Extra<O, "correct", number> &
  Extra<O, "logSumExp", FreshFloats>;

/** The gradients that are sure to be there. */
type Certain<G> = { [K in keyof G]-?: undefined extends Placed<G[K]> ? never : K }[keyof G];

type LinearGradients<G> = G extends true
  ? { features: FreshFloats; weights: FreshFloats; bias: FreshFloats }
  : G extends false | undefined
    ? undefined
    : { -readonly [K in keyof G]: Placed<G[K]> } | ([Certain<G>] extends [never] ? undefined : never);

/** A loss of a linear classifier: `grad` has the gradients that were asked for, under their names, if any were. */
export type LinearLoss<O = object> = { loss: LossValue<Given<O, "reduction">> } & Property<
  "grad",
  LinearGradients<Given<O, "grad">>
>;

/** The same, with the extra outputs of softmaxCrossEntropy. */
export type LinearSoftmaxCrossEntropyLoss<O = object> = LinearLoss<O> &
  Extra<O, "correct", number> &
  Extra<O, "logSumExp", FreshFloats>;

type Values<R, P> = R extends "mean" | "sum" ? number : P extends undefined ? FreshFloats : P;

type DivergenceOf<V, G> = G extends false | undefined ? V : { loss: V; grad: Placed<G> };

/** What an operation on distributions returns: an array of values or a number; with `grad`, `{ loss, grad }`. */
export type Divergence<O = object> = DivergenceOf<Values<Given<O, "reduction">, Given<O, "out">>, Given<O, "grad">>;
