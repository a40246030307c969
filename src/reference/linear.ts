// A linear classifier and its loss in one: softmax or sigmoid cross-entropy of the logits X·Wᵀ + b, with gradients to
// the features X [N, D], the weights W [C, D] and the bias b [C]. The logits and their gradients: linear-layer.ts.
//
// C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), sections 4.3.2 and 4.3.4.

import type { Batch, Labels } from "./arrays.js";
import { type Names, requireOptions } from "./checks.js";
import {
  SOFTMAX_CROSS_ENTROPY_OPTIONS,
  type SoftmaxCrossEntropyExtras,
  type SoftmaxCrossEntropyOptions,
  softmaxCrossEntropy,
} from "./cross-entropy.js";
import { LAYER_OPTIONS, type LayerOptions, type LinearGradients, layerGradients, readLayer } from "./linear-layer.js";
import type { Reduced, Reduction } from "./reduction.js";
import {
  SIGMOID_CROSS_ENTROPY_OPTIONS,
  type SigmoidCrossEntropyOptions,
  sigmoidCrossEntropy,
} from "./sigmoid-cross-entropy.js";

export type LinearSoftmaxCrossEntropyOptions<R extends Reduction = Reduction, G extends boolean = boolean> = Omit<
  SoftmaxCrossEntropyOptions<R, G>,
  "axis"
> &
  LayerOptions;

export type LinearSigmoidCrossEntropyOptions<
  R extends Reduction = Reduction,
  G extends boolean = boolean,
> = SigmoidCrossEntropyOptions<R, G> & LayerOptions;

const { axis: _, ...SOFTMAX_WITHOUT_AXIS } = SOFTMAX_CROSS_ENTROPY_OPTIONS;
const SOFTMAX_OPTIONS: Names<LinearSoftmaxCrossEntropyOptions> = { ...SOFTMAX_WITHOUT_AXIS, ...LAYER_OPTIONS };
const SIGMOID_OPTIONS: Names<LinearSigmoidCrossEntropyOptions> = { ...SIGMOID_CROSS_ENTROPY_OPTIONS, ...LAYER_OPTIONS };

/** A loss, and with `grad: true` the gradients. */
export type LinearLoss<R extends Reduction, G extends boolean> = { loss: Reduced<R> } & (G extends true
  ? { grad: LinearGradients }
  : { grad?: undefined });

/** The loss of the logits, before its gradient is carried on. */
type LogitLoss<R extends Reduction> = { loss: Reduced<R>; grad?: Float64Array | undefined };

/**
 * Softmax cross-entropy of features·weightsᵀ + bias. The options are those of softmaxCrossEntropy.
 *
 * @param features [N, D], or more axes with D the last; each index of the others is a position
 * @param weights [C, D]
 * @param labels integers in [0, C), one per position, or dense targets [N, C]
 * @returns the loss, and with `grad` the gradients to features, weights and bias
 * @throws RangeError for shapes that don't match, a label out of range, or an option out of its range.
 */
export function linearSoftmaxCrossEntropy<R extends Reduction = "mean", G extends boolean = false>(
  features: Batch,
  weights: Batch,
  labels: Labels,
  options: LinearSoftmaxCrossEntropyOptions<R, G> = {},
): LinearLoss<R, G> & SoftmaxCrossEntropyExtras {
  requireOptions(options, SOFTMAX_OPTIONS);
  const layer = readLayer(features, weights, options);
  const { bias: _, ...rest } = options;
  const settings = { ...rest, shape: [...layer.positions, layer.classes] };
  const result: LogitLoss<R> & SoftmaxCrossEntropyExtras = softmaxCrossEntropy<R, G>(layer.logits, labels, settings);
  const { grad, ...others } = result;
  return { ...others, ...(grad && { grad: layerGradients(layer, grad) }) } as LinearLoss<R, G> &
    SoftmaxCrossEntropyExtras;
}

/**
 * Sigmoid cross-entropy of features·weightsᵀ + bias. The options are those of sigmoidCrossEntropy. With C = 1 it is
 * logistic regression.
 *
 * @param features [N, D], or more axes with D the last; each index of the others is a position
 * @param weights [C, D]
 * @param targets [N, C], numbers in [0, 1]
 * @returns the loss, and with `grad` the gradients to features, weights and bias
 * @throws RangeError for shapes that don't match or broadcast, or an option out of its range.
 */
export function linearSigmoidCrossEntropy<R extends Reduction = "mean", G extends boolean = false>(
  features: Batch,
  weights: Batch,
  targets: Labels,
  options: LinearSigmoidCrossEntropyOptions<R, G> = {},
): LinearLoss<R, G> {
  requireOptions(options, SIGMOID_OPTIONS);
  const layer = readLayer(features, weights, options);
  const { bias: _, ...rest } = options;
  const settings = { ...rest, shape: [...layer.positions, layer.classes] };
  const result: LogitLoss<R> = sigmoidCrossEntropy<R, G>(layer.logits, targets, settings);
  const { grad, ...others } = result;
  return { ...others, ...(grad && { grad: layerGradients(layer, grad) }) } as LinearLoss<R, G>;
}
