// Element by element.

import type { Rows } from "./rows.js";

/** 1 / (1 + exp(−x)): for a large negative x the quotient is 1 / Infinity, as it should be. */
export function sigmoid({ x, output }: Rows): number {
  for (let i = 0; i < x.length; i++) output[i] = 1 / (1 + Math.exp(-x[i]));
  return 0;
}

/**
 * Loss max(x, 0) − x·t + log1p(exp(−|x|)), gradient σ(x) − t, both from one exponential.
 *
 * Measured: one branch on the sign is faster than a branch for each of the two or none, and log(1 + e) no faster than
 * log1p(e). Multiplying up a few hundred factors 1 + e to take one logarithm of the product is 1.3 times faster, but then
 * a batch of confident predictions costs exactly 0; that isn't the same result.
 */
export function sigmoidCrossEntropy({ x, y: targets, output }: Rows, share: number): number {
  let loss = 0;
  for (let i = 0; i < x.length; i++) {
    const v = x[i];
    const t = targets[i];
    const e = Math.exp(-Math.abs(v));
    const q = 1 / (1 + e);
    if (v >= 0) {
      loss += v - v * t;
      output[i] = (q - t) * share;
    } else {
      loss -= v * t;
      output[i] = (e * q - t) * share;
    }
    loss += Math.log1p(e);
  }
  return loss;
}
