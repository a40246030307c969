// One row of logits: the log-probabilities that every row-wise operation starts from.
//
//   lp_i = z_i − log Σ_j exp(z_j)
//
// Let k be the row's maximum. With rest = Σ_{j≠k} exp(z_j − z_k), the sum of all but the largest term,
//
//   lp_i = (z_i − z_k) − log1p(rest)        log-sum-exp = z_k + log1p(rest)
//
// Both parts of lp_i are ≤ 0, so nothing cancels: lp_i has its full relative accuracy even where it is nearly 0. Hence
// so have p_i = exp(lp_i) and 1 − p_i = −expm1(lp_i), the two that probabilities formed as quotients cannot both give.
//
// P. Blanchard, D. J. Higham, N. J. Higham, "Accurately computing the log-sum-exp and softmax functions",
// IMA J. Numer. Anal. 41 (2021).

import { Sum } from "./sum.js";

/** Index of the largest element: the first of ties; a NaN counts as larger than anything. −1 for an empty row. */
export function argmaxOfRow(z: Float64Array): number {
  let best = z.length === 0 ? -1 : 0;
  for (let i = 0; i < z.length; i++) {
    if (Number.isNaN(z[i])) return i;
    if (z[i] > z[best]) best = i;
  }
  return best;
}

/**
 * Log-sum-exp of a row, in nats. All −Infinity (or nothing at all): −Infinity. A +Infinity: +Infinity. A NaN: NaN.
 */
export function logSumExpOfRow(z: Float64Array): number {
  const k = argmaxOfRow(z);
  if (k < 0) return -Infinity;
  if (!Number.isFinite(z[k])) return z[k];
  return z[k] + log1pOfRest(z, k);
}

/**
 * Writes the log-probabilities of a row, in nats, and returns its log-sum-exp. A row with a NaN or a +Infinity, or all
 * −Infinity, has no distribution: NaN throughout.
 */
export function logSoftmaxOfRow(z: Float64Array, logProbs: Float64Array): number {
  const k = argmaxOfRow(z);
  if (k < 0) return -Infinity;
  const max = z[k];
  if (!Number.isFinite(max)) {
    logProbs.fill(Number.NaN);
    return max;
  }
  const logTotal = log1pOfRest(z, k);
  for (let i = 0; i < z.length; i++) logProbs[i] = z[i] - max - logTotal;
  return max + logTotal;
}

function log1pOfRest(z: Float64Array, k: number): number {
  const max = z[k];
  const rest = new Sum();
  for (let i = 0; i < z.length; i++) {
    if (i !== k) rest.add(Math.exp(z[i] - max));
  }
  return Math.log1p(rest.value);
}
