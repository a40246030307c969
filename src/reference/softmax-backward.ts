// Gradients through softmax and log-softmax, from their outputs (vector-Jacobian products):
//
//   softmaxBackward:     dx_i = p_i·(dp_i − Σ_j dp_j·p_j)        the Jacobian p_i(δ_ij − p_j) applied, never formed
//   logSoftmaxBackward:  dx_i = dlp_i − exp(lp_i)·Σ_j dlp_j
//
// Both are differences; their accuracy is that of float64 in units of the sum of the terms' magnitudes.

import {
  AXIS_OPTIONS,
  type AxisOptions,
  type Batch,
  gather,
  readBatch,
  readLike,
  rowsAlong,
  scatter,
} from "./arrays.js";
import { requireOptions } from "./checks.js";
import { Sum } from "./sum.js";

/**
 * Gradient to the logits, given softmax's output and the gradient to it.
 *
 * @param p probabilities, as softmax returned them
 * @param dp gradient to `p`, in the same shape
 * @returns gradient to the logits, in the same shape
 * @throws RangeError for shapes that don't match, or an axis out of range.
 */
export function softmaxBackward(p: Batch, dp: Batch, options: AxisOptions = {}): Float64Array {
  return mapRowPairs(p, "dp", dp, options, (pRow, dpRow, dx) => {
    const mean = new Sum();
    for (let i = 0; i < dx.length; i++) mean.add(dpRow[i] * pRow[i]);
    const subtract = mean.value;
    for (let i = 0; i < dx.length; i++) dx[i] = pRow[i] * (dpRow[i] - subtract);
  });
}

/**
 * Gradient to the logits, given logSoftmax's output and the gradient to it.
 *
 * @param logProbs log-probabilities (nats), as logSoftmax returned them
 * @param dlp gradient to `logProbs`, in the same shape
 * @returns gradient to the logits, in the same shape
 * @throws RangeError for shapes that don't match, or an axis out of range.
 */
export function logSoftmaxBackward(logProbs: Batch, dlp: Batch, options: AxisOptions = {}): Float64Array {
  return mapRowPairs(logProbs, "dlp", dlp, options, (lpRow, dlpRow, dx) => {
    const sum = new Sum();
    for (let i = 0; i < dx.length; i++) sum.add(dlpRow[i]);
    const total = sum.value;
    for (let i = 0; i < dx.length; i++) dx[i] = dlpRow[i] - Math.exp(lpRow[i]) * total;
  });
}

function mapRowPairs(
  first: Batch,
  name: string,
  second: Batch,
  options: AxisOptions,
  map: (a: Float64Array, b: Float64Array, result: Float64Array) => void,
): Float64Array {
  requireOptions(options, AXIS_OPTIONS);
  const batch = readBatch(first, options.shape);
  const other = readLike(name, second, batch.shape);
  const rows = rowsAlong(batch.shape, options.axis);
  const a = new Float64Array(rows.length);
  const b = new Float64Array(rows.length);
  const mapped = new Float64Array(rows.length);
  const result = new Float64Array(batch.data.length);
  for (let r = 0; r < rows.count; r++) {
    gather(batch.data, rows, r, a);
    gather(other, rows, r, b);
    map(a, b, mapped);
    scatter(mapped, rows, r, result);
  }
  return result;
}
