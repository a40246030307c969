// Squared error on top of a sigmoid, kept as a lesson on why cross-entropy is used instead. Per element
//
//   l = (σ(x) − t)²      ∂l/∂x = 2·(σ(x) − t)·σ(x)·σ(−x)
//
// The factor σ(x)·σ(−x) vanishes for a saturated unit, however wrong: at x = −20, t = 1 the gradient is −4e−9, where
// that of cross-entropy is −1. A unit that starts out wrong and sure of itself does not learn.
//
// X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), section
// 4.1.

import type { Only } from "../given.js";
import { type Batch, type Labels, readBatch, readLike, SHAPE_OPTIONS, type ShapeOptions } from "./arrays.js";
import { type Names, requireOptions } from "./checks.js";
import { gradientScales, type Loss, REDUCTION_OPTIONS, type ReductionOptions, toLoss } from "./reduction.js";
import { sigmoidOf } from "./sigmoid.js";

export interface SigmoidSquaredErrorOptions extends ShapeOptions, ReductionOptions {}

const OPTIONS: Names<SigmoidSquaredErrorOptions> = { ...SHAPE_OPTIONS, ...REDUCTION_OPTIONS };

/**
 * Squared error of σ(logits) against targets, element by element. The mean divides by the number of elements.
 *
 * @param logits logits of any shape
 * @param targets numbers in [0, 1], in the same shape
 * @returns the loss (reduction `"none"`: one per element), and with `grad` the gradient to the logits
 * @throws RangeError for shapes that don't match.
 */
export function sigmoidSquaredError<const O extends Only<SigmoidSquaredErrorOptions, O> = object>(
  logits: Batch,
  targets: Labels,
  options: O = {} as O,
): Loss<O> {
  requireOptions(options, OPTIONS);
  const { reduction = "mean" }: SigmoidSquaredErrorOptions = options;
  const { data: x, shape } = readBatch(logits, options.shape);
  const t = readLike("targets", targets, shape);
  const losses = new Float64Array(x.length);
  const grad = options.grad ? new Float64Array(x.length) : undefined;
  const scales = gradientScales(options.gradOutput, reduction, x.length, x.length);
  for (let i = 0; i < x.length; i++) {
    const p = sigmoidOf(x[i]);
    const notP = sigmoidOf(-x[i]);
    // σ(x) − t, without cancellation where the target is 0 or 1.
    const error = (1 - t[i]) * p - t[i] * notP;
    losses[i] = error * error;
    if (grad) grad[i] = scales[i] * 2 * error * p * notP;
  }
  return toLoss<O>(losses, reduction, x.length, grad);
}
