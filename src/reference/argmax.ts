// The largest elements along an axis: argmax and topK. A NaN counts as larger than anything; ties go to the lower
// index.

import { AXIS_OPTIONS, type AxisOptions, type Batch, gather, readBatch, rowsAlong, scatter } from "./arrays.js";
import { requireOptions } from "./checks.js";
import { argmaxOfRow } from "./row.js";

/**
 * Index of the largest element along an axis: the first of ties; a NaN wins, the first of them.
 *
 * @param x numbers of any shape with at least one axis
 * @returns one index per row
 * @throws RangeError for a shape that doesn't match the data, an axis out of range, or an axis of length 0.
 */
export function argmax(x: Batch, options: AxisOptions = {}): Int32Array {
  requireOptions(options, AXIS_OPTIONS);
  const batch = readBatch(x, options.shape);
  const rows = rowsAlong(batch.shape, options.axis);
  if (rows.length === 0) throw new RangeError("argmax of a zero-length axis: there is no largest element");
  const row = new Float64Array(rows.length);
  const indices = new Int32Array(rows.count);
  for (let r = 0; r < rows.count; r++) {
    gather(batch.data, rows, r, row);
    indices[r] = argmaxOfRow(row);
  }
  return indices;
}

/**
 * The k largest elements along an axis, in falling order, ties by index, NaN first.
 *
 * @param x numbers of any shape with at least one axis
 * @param k how many per row, 0 ≤ k ≤ the axis's length
 * @returns values and their indices, both in the shape of `x` with the axis cut to length k
 * @throws RangeError for a shape that doesn't match the data, an axis out of range, or a k out of range.
 */
export function topK(x: Batch, k: number, options: AxisOptions = {}): { values: Float64Array; indices: Int32Array } {
  requireOptions(options, AXIS_OPTIONS);
  const batch = readBatch(x, options.shape);
  const rows = rowsAlong(batch.shape, options.axis);
  if (!Number.isInteger(k) || k < 0 || k > rows.length) {
    throw new RangeError(`k is ${k}, expected an integer in [0, ${rows.length}]`);
  }
  const row = new Float64Array(rows.length);
  const order = new Int32Array(rows.length);
  const top = new Float64Array(k);
  const cut = { ...rows, length: k };
  const values = new Float64Array(rows.count * k);
  const indices = new Int32Array(rows.count * k);
  for (let r = 0; r < rows.count; r++) {
    gather(batch.data, rows, r, row);
    for (let i = 0; i < order.length; i++) order[i] = i;
    // The difference of equal infinities and of two NaN is NaN, which like 0 leaves the order to the index.
    order.sort((a, b) => rank(row[b]) - rank(row[a]) || row[b] - row[a] || a - b);
    for (let i = 0; i < k; i++) top[i] = row[order[i]];
    scatter(top, cut, r, values);
    scatter(order, cut, r, indices);
  }
  return { values, indices };
}

const rank = (value: number): number => (Number.isNaN(value) ? 1 : 0);
