// Is a gradient that of its loss? Central differences, one element at a time:
//
//   ∂f/∂x_i ≈ (f(x + h·e_i) − f(x − h·e_i)) / 2h      truncation error h²/6·|f‴|, rounding error ε·|f|/h
//
// W. H. Press et al., "Numerical Recipes" (2007), section 5.7.

import { type Batch, float64 } from "./arrays.js";
import { type Names, requireOptions, requirePositive } from "./checks.js";

export interface GradientCheckOptions {
  /** Step h > 0. Default 2^−17 ≈ (float64 ε)^⅓, where both errors are small for values and slopes around 1. */
  readonly step?: number | undefined;
}

export interface GradientCheckResult {
  /**
   * The largest difference between the numerical gradient and the given one, each relative to the given element's
   * magnitude or 1, whichever is larger. NaN if one of them is.
   */
  maxError: number;
  /** Where it occurs in the flat data; −1 for an empty `x`. */
  index: number;
}

const OPTIONS: Names<GradientCheckOptions> = { step: true };

/**
 * Compares the gradient that a function returns with central differences of its loss.
 *
 * @param f called with float64 numbers in the layout of `x`; must return the scalar loss and its gradient to `x`
 * @param x where to check, of any shape
 * @throws RangeError if the step is not above 0, or the gradient has another length than `x`; TypeError if the loss is
 * not a number or the gradient is missing.
 */
export function gradientCheck(
  f: (x: Float64Array) => { readonly loss: number; readonly grad?: ArrayLike<number> | undefined },
  x: Batch,
  options: GradientCheckOptions = {},
): GradientCheckResult {
  requireOptions(options, OPTIONS);
  const { step = 2 ** -17 } = options;
  requirePositive("step", step);
  const point = Float64Array.from(float64(x));
  const { loss, grad } = f(point.slice());
  if (typeof loss !== "number") throw new TypeError("the function's loss is not a number: give it a reduction");
  if (grad === undefined) throw new TypeError("the function returned no gradient");
  if (grad.length !== point.length) {
    throw new RangeError(`the gradient has ${grad.length} elements, expected ${point.length}`);
  }

  let maxError = 0;
  let index = -1;
  for (let i = 0; i < point.length; i++) {
    const centre = point[i];
    const above = centre + step;
    const below = centre - step;
    point[i] = above;
    const lossAbove = f(point.slice()).loss;
    point[i] = below;
    const lossBelow = f(point.slice()).loss;
    point[i] = centre;
    // Divided by the step that was really taken: `centre ± step` may have rounded.
    const numerical = (lossAbove - lossBelow) / (above - below);
    const error = Math.abs(numerical - grad[i]) / Math.max(Math.abs(grad[i]), 1);
    if (Number.isNaN(error)) return { maxError: error, index: i };
    if (index < 0 || error > maxError) {
      maxError = error;
      index = i;
    }
  }
  return { maxError, index };
}
