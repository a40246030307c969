// A linear classifier and its loss in one: softmax or sigmoid cross-entropy of the logits X·Wᵀ + b, with gradients to
// the features X [N, D], the weights W [C, D] and the bias b [C]. The logits and their gradients: linear-layer.ts.
//
// C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), sections 4.3.2 and 4.3.4.

import type { Given, Only } from "../given.js";
import type { Batch, Labels } from "./arrays.js";
import { type Names, requireOptions } from "./checks.js";
import {
  SOFTMAX_CROSS_ENTROPY_OPTIONS,
  type SoftmaxCrossEntropyExtras,
  type SoftmaxCrossEntropyOptions,
  softmaxCrossEntropy,
} from "./cross-entropy.js";
import { LAYER_OPTIONS, type LayerOptions, type LinearGradients, layerGradients, readLayer } from "./linear-layer.js";
import type { Gradient, Reduced } from "./reduction.js";
import {
  SIGMOID_CROSS_ENTROPY_OPTIONS,
  type SigmoidCrossEntropyOptions,
  sigmoidCrossEntropy,
} from "./sigmoid-cross-entropy.js";

export type LinearSoftmaxCrossEntropyOptions = Omit<SoftmaxCrossEntropyOptions, "axis"> & LayerOptions;

export type LinearSigmoidCrossEntropyOptions = SigmoidCrossEntropyOptions & LayerOptions;

const { axis: _, ...SOFTMAX_WITHOUT_AXIS } = SOFTMAX_CROSS_ENTROPY_OPTIONS;
const SOFTMAX_OPTIONS: Names<LinearSoftmaxCrossEntropyOptions> = { ...SOFTMAX_WITHOUT_AXIS, ...LAYER_OPTIONS };
const SIGMOID_OPTIONS: Names<LinearSigmoidCrossEntropyOptions> = { ...SIGMOID_CROSS_ENTROPY_OPTIONS, ...LAYER_OPTIONS };

/** A loss, given its options; with `grad: true` the gradients. */
export type LinearLoss<O = object> = { loss: Reduced<Given<O, "reduction">> } & Gradient<O, LinearGradients>;

/**
 * Softmax cross-entropy of features·weightsᵀ + bias. The options are those of softmaxCrossEntropy.
 *
 * @param features [N, D], or more axes with D the last; each index of the others is a position
 * @param weights [C, D]
 * @param labels integers in [0, C), one per position, or dense targets [N, C]
 * @returns the loss, and with `grad` the gradients to features, weights and bias
 * @throws RangeError for shapes that don't match, a label out of range, or an option out of its range.
 */
export function linearSoftmaxCrossEntropy<const O extends Only<LinearSoftmaxCrossEntropyOptions, O> = object>(
  features: Batch,
  weights: Batch,
  labels: Labels,
  options: O = {} as O,
): LinearLoss<O> & SoftmaxCrossEntropyExtras {
  requireOptions(options, SOFTMAX_OPTIONS);
  const layer = readLayer(features, weights, options);
  const { bias: _, ...rest }: LinearSoftmaxCrossEntropyOptions = options;
  const settings = { ...rest, shape: [...layer.positions, layer.classes] };
  const { grad, ...others } = softmaxCrossEntropy(layer.logits, labels, settings);
  return { ...others, ...(grad && { grad: layerGradients(layer, grad) }) } as LinearLoss<O> & SoftmaxCrossEntropyExtras;
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
export function linearSigmoidCrossEntropy<const O extends Only<LinearSigmoidCrossEntropyOptions, O> = object>(
  features: Batch,
  weights: Batch,
  targets: Labels,
  options: O = {} as O,
): LinearLoss<O> {
  requireOptions(options, SIGMOID_OPTIONS);
  const layer = readLayer(features, weights, options);
  const { bias: _, ...rest }: LinearSigmoidCrossEntropyOptions = options;
  const settings = { ...rest, shape: [...layer.positions, layer.classes] };
  const { grad, ...others } = sigmoidCrossEntropy(layer.logits, targets, settings);
  return { ...others, ...(grad && { grad: layerGradients(layer, grad) }) } as LinearLoss<O>;
}
