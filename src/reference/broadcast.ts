// Weights that broadcast against a batch as in NumPy: shapes are aligned at their last axes, and an extent of 1 (or a
// missing outer axis) is repeated.  https://numpy.org/doc/stable/user/basics.broadcasting.html

import { type Batch, float64, ownShape, type Shape, sizeOf } from "./arrays.js";
import { requireWeights } from "./checks.js";

/** One weight for all elements, or a batch of weights that broadcasts. */
export type BroadcastWeights = number | Batch;

/**
 * Weights spread out to one per element of `shape`. Flat weights as long as the batch take its shape; other flat
 * weights lie along the last axis.
 *
 * @throws RangeError if the weights don't broadcast, or one is negative or not finite.
 */
export function broadcastWeights(name: string, weights: BroadcastWeights, shape: Shape): Float64Array {
  const size = sizeOf(shape);
  const data = typeof weights === "number" ? Float64Array.of(weights) : float64(weights);
  requireWeights(name, data);

  const own = typeof weights === "number" ? [] : (ownShape(weights) ?? (data.length === size ? shape : [data.length]));
  if (sizeOf(own) !== data.length) {
    throw new RangeError(`${name} has shape [${own}] but ${data.length} elements`);
  }
  const missing = shape.length - own.length;
  if (missing < 0 || own.some((extent, axis) => extent !== 1 && extent !== shape[axis + missing])) {
    throw new RangeError(`${name} of shape [${own}] does not broadcast to [${shape}]`);
  }

  // How far one step along each axis of the batch moves through the weights: 0 where they repeat.
  const strides = shape.map((_, axis) =>
    axis < missing || own[axis - missing] === 1 ? 0 : sizeOf(own.slice(axis - missing + 1)),
  );
  const spread = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let source = 0;
    for (let axis = shape.length - 1, rest = i; axis >= 0; axis--) {
      const index = rest % shape[axis];
      source += index * strides[axis];
      rest = (rest - index) / shape[axis];
    }
    spread[i] = data[source];
  }
  return spread;
}
