// The Jacobian of softmax, for teaching and for checking gradients: ∂p_i/∂x_j = p_i·(δ_ij − p_j).
// softmaxBackward applies it without forming it.

import { type Batch, readBatch } from "./arrays.js";

/**
 * The Jacobian of softmax at one row.
 *
 * @param p C probabilities, as softmax returned them
 * @returns the C×C matrix, flat and row-major; symmetric, with rows that sum to 0 up to rounding
 * @throws RangeError for a shape that doesn't match the data.
 */
export function softmaxJacobian(p: Batch): Float64Array {
  const { data } = readBatch(p);
  const size = data.length;
  const jacobian = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) jacobian[i * size + j] = data[i] * ((i === j ? 1 : 0) - data[j]);
  }
  return jacobian;
}
