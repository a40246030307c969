// Sigmoid focal loss, with its gradient. Per element, with CE the sigmoid cross-entropy,
//
//   l = α_t·q^γ·CE      q = 1 − p_t = (1 − t)·σ(x) + t·σ(−x)      α_t = α·t + (1 − α)·(1 − t)
//   ∂l/∂x = α_t·q^γ·(γ·(q′/q)·CE + CE′)      q′ = (1 − 2t)·σ(x)·σ(−x)      CE′ = (1 − t)·σ(x) − t·σ(−x)
//
// q is a sum of positive parts, never 1 − p_t.
//
// T.-Y. Lin et al., "Focal Loss for Dense Object Detection" (arXiv 1708.02002), equation (5); soft targets as in
// torchvision and optax.

import type { Only } from "../given.js";
import { type Batch, type Labels, readBatch, readLike, SHAPE_OPTIONS, type ShapeOptions } from "./arrays.js";
import { type Names, requireFraction, requireOptions, requireWeight } from "./checks.js";
import { gradientScales, type Loss, REDUCTION_OPTIONS, type ReductionOptions, toLoss } from "./reduction.js";
import { sigmoidOf, softplusOf } from "./sigmoid.js";
import { weighted } from "./sum.js";

export interface SigmoidFocalLossOptions extends ShapeOptions, ReductionOptions {
  /** Weight α in [0, 1] of the positive class, 1 − α of the negative one. Default: neither is weighted. */
  readonly alpha?: number | undefined;
  /** Focusing exponent γ ≥ 0; 0 is plain cross-entropy. Default 2. */
  readonly gamma?: number | undefined;
}

const OPTIONS: Names<SigmoidFocalLossOptions> = { ...SHAPE_OPTIONS, ...REDUCTION_OPTIONS, alpha: true, gamma: true };

/**
 * Focal loss (nats) of σ(logits) against targets in [0, 1], element by element. The mean divides by the number of
 * elements; of none it is NaN. Infinite logits give the limit.
 *
 * @param logits logits of any shape
 * @param targets numbers in [0, 1], in the same shape
 * @returns the loss (reduction `"none"`: one per element), and with `grad` the gradient to the logits
 * @throws RangeError for shapes that don't match, or an option out of its range.
 */
export function sigmoidFocalLoss<const O extends Only<SigmoidFocalLossOptions, O> = object>(
  logits: Batch,
  targets: Labels,
  options: O = {} as O,
): Loss<O> {
  requireOptions(options, OPTIONS);
  const { reduction = "mean", alpha }: SigmoidFocalLossOptions = options;
  if (alpha !== undefined) requireFraction("alpha", alpha);
  const { gamma: given = 2 } = options;
  requireWeight("gamma", given);
  const gamma = Math.fround(given);
  const { data: x, shape } = readBatch(logits, options.shape);
  const t = readLike("targets", targets, shape);

  const losses = new Float64Array(x.length);
  const grad = options.grad ? new Float64Array(x.length) : undefined;
  const scales = gradientScales(options.gradOutput, reduction, x.length, x.length);
  for (let i = 0; i < x.length; i++) {
    const positive = t[i];
    const negative = 1 - t[i];
    const p = sigmoidOf(x[i]);
    const notP = sigmoidOf(-x[i]);
    const ce = weighted(positive, softplusOf(-x[i])) + weighted(negative, softplusOf(x[i]));
    const q = negative * p + positive * notP;
    const share = alpha === undefined ? 1 : alpha * positive + (1 - alpha) * negative;
    const weight = share * q ** gamma;
    // An infinite loss stays one, however small q^γ.
    losses[i] = weighted(ce === Infinity ? share : weight, ce);
    if (grad) {
      // The logarithmic derivative q′/q; for a hard target one factor of q′ is q itself, which may be 0.
      const slope = positive === 1 ? -p : positive === 0 ? notP : ((negative - positive) * p * notP) / q;
      const direct = negative * p - positive * notP;
      grad[i] = scales[i] * weight * (gamma * weighted(slope, ce) + direct);
    }
  }
  return toLoss<O>(losses, reduction, x.length, grad);
}
