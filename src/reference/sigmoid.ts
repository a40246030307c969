// The logistic function and its relatives, element by element, accurate over the whole range:
//
//   sigmoid(x) = 1 / (1 + e^−x)      logSigmoid(x) = −softplus(−x)
//   softplus(x) = log(1 + e^x)       logit(p) = log(p / (1 − p)), the inverse of sigmoid
//
// Only exp(−|x|) is ever formed, so nothing overflows and neither tail is lost: sigmoid(−100) is 3.7e−44.
//
// M. Mächler, "Accurately Computing log(1 − exp(−|a|))" (2012), treats softplus the same way.

import { type Batch, readBatch, SHAPE_OPTIONS, type ShapeOptions } from "./arrays.js";
import { requireOptions } from "./checks.js";

/** σ(x) of one number. 1 − σ(x) is `sigmoidOf(-x)`, without cancellation. */
export function sigmoidOf(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return (x < 0 ? e : 1) / (1 + e);
}

/** log(1 + e^x) of one number. */
export function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** log(p / (1 − p)) of one number. */
function logitOf(p: number): number {
  // Around 1/2 the quotient is nearly 1: log1p of (2p − 1) / (1 − p), whose numerator is exact there.
  if (p > 0.25 && p < 0.75) return Math.log1p((2 * p - 1) / (1 - p));
  // Elsewhere the logarithm is not near 0, and 1 − p is exact from 1/2 up.
  return Math.log(p / (1 - p));
}

/**
 * σ(x) for each element, in [0, 1].
 *
 * @param x numbers of any shape
 * @returns an array in the shape of `x`
 * @throws RangeError for a shape that doesn't match the data.
 */
export function sigmoid(x: Batch, options: ShapeOptions = {}): Float64Array {
  return mapElements(x, options, sigmoidOf);
}

/**
 * log σ(x) for each element, in nats; at most 0.
 *
 * @param x numbers of any shape
 * @returns an array in the shape of `x`
 * @throws RangeError for a shape that doesn't match the data.
 */
export function logSigmoid(x: Batch, options: ShapeOptions = {}): Float64Array {
  return mapElements(x, options, (value) => -softplusOf(-value));
}

/**
 * log(1 + e^x) for each element; at least 0.
 *
 * @param x numbers of any shape
 * @returns an array in the shape of `x`
 * @throws RangeError for a shape that doesn't match the data.
 */
export function softplus(x: Batch, options: ShapeOptions = {}): Float64Array {
  return mapElements(x, options, softplusOf);
}

/**
 * log(p / (1 − p)) for each element: −Infinity at 0, +Infinity at 1, NaN outside [0, 1].
 *
 * @param p probabilities of any shape
 * @returns an array in the shape of `p`
 * @throws RangeError for a shape that doesn't match the data.
 */
export function logit(p: Batch, options: ShapeOptions = {}): Float64Array {
  return mapElements(p, options, logitOf);
}

function mapElements(x: Batch, options: ShapeOptions, map: (value: number) => number): Float64Array {
  requireOptions(options, SHAPE_OPTIONS);
  return readBatch(x, options.shape).data.map(map);
}
