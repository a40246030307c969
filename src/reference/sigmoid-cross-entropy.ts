// Sigmoid cross-entropy from logits, for binary and multi-label targets, with its gradient. Per element
//
//   l = u·(pw·t·softplus(−x) + (1 − t)·softplus(x))
//   ∂l/∂x = u·((1 − t)·σ(x) − pw·t·σ(−x))
//
// with label smoothing t → t(1 − ε) + ε/2. Both σ(x) and σ(−x) = 1 − σ(x) are computed directly, as are t and 1 − t
// after smoothing, so without weights and for t = 0 or 1 nothing cancels.

import type { Only } from "../given.js";
import { type Batch, type Labels, readBatch, readLike, SHAPE_OPTIONS, type ShapeOptions } from "./arrays.js";
import { type BroadcastWeights, broadcastWeights } from "./broadcast.js";
import { type Names, requireFraction, requireOptions } from "./checks.js";
import { gradientScales, type Loss, REDUCTION_OPTIONS, type ReductionOptions, toLoss } from "./reduction.js";
import { sigmoidOf, softplusOf } from "./sigmoid.js";
import { weighted } from "./sum.js";

export interface SigmoidCrossEntropyOptions extends ShapeOptions, ReductionOptions {
  /** Label smoothing ε in [0, 1]: targets become t(1 − ε) + ε/2. Default 0. */
  readonly labelSmoothing?: number | undefined;
  /** Weight pw ≥ 0 of the positive part of the loss; broadcasts as in NumPy. Default 1. */
  readonly posWeight?: BroadcastWeights | undefined;
  /** Weight u ≥ 0 of each element, 0 to leave it out; broadcasts as in NumPy. Default 1. */
  readonly elementWeights?: BroadcastWeights | undefined;
}

export const SIGMOID_CROSS_ENTROPY_OPTIONS: Names<SigmoidCrossEntropyOptions> = {
  ...SHAPE_OPTIONS,
  ...REDUCTION_OPTIONS,
  labelSmoothing: true,
  posWeight: true,
  elementWeights: true,
};

/**
 * Cross-entropy (nats) of σ(logits) against targets in [0, 1], element by element. The mean divides by the number of
 * elements; of none it is NaN. Infinite logits give the limit: +Infinity with target 1 costs nothing.
 *
 * @param logits logits of any shape
 * @param targets numbers in [0, 1], in the same shape
 * @returns the loss (reduction `"none"`: one per element), and with `grad` the gradient to the logits
 * @throws RangeError for shapes that don't match or broadcast, or an option out of its range.
 */
export function sigmoidCrossEntropy<const O extends Only<SigmoidCrossEntropyOptions, O> = object>(
  logits: Batch,
  targets: Labels,
  options: O = {} as O,
): Loss<O> {
  requireOptions(options, SIGMOID_CROSS_ENTROPY_OPTIONS);
  const { reduction = "mean", labelSmoothing = 0, posWeight, elementWeights }: SigmoidCrossEntropyOptions = options;
  requireFraction("labelSmoothing", labelSmoothing);
  const { data: x, shape } = readBatch(logits, options.shape);
  const t = readLike("targets", targets, shape);
  const pw = posWeight === undefined ? undefined : broadcastWeights("posWeight", posWeight, shape);
  const u = elementWeights === undefined ? undefined : broadcastWeights("elementWeights", elementWeights, shape);

  const losses = new Float64Array(x.length);
  const grad = options.grad ? new Float64Array(x.length) : undefined;
  const scales = gradientScales(options.gradOutput, reduction, x.length, x.length);
  const share = labelSmoothing / 2;
  for (let i = 0; i < x.length; i++) {
    const positive = (pw ? pw[i] : 1) * (t[i] * (1 - labelSmoothing) + share);
    const negative = (1 - t[i]) * (1 - labelSmoothing) + share;
    const weight = u ? u[i] : 1;
    const loss = weighted(positive, softplusOf(-x[i])) + weighted(negative, softplusOf(x[i]));
    // What doesn't count is left out, whatever it is.
    if (weight === 0) continue;
    losses[i] = weight * loss;
    if (grad) grad[i] = scales[i] * weight * (negative * sigmoidOf(x[i]) - positive * sigmoidOf(-x[i]));
  }
  return toLoss<O>(losses, reduction, x.length, grad);
}
