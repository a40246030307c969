import { type Batch, batchOf, type Floats, shapeOf } from "../batch.js";
import { AxisError } from "../errors.js";
import { checkAxis, checkPositions, sizeOf } from "../shape.js";

/** Several axes taken as one class axis: where they lie side by side, that is only another reading of the shape. */
export interface MergedBatch extends Batch {
  /** Where they don't: sizes of the axes as they are to lie, and how far apart the elements of each lie now. */
  readonly apart?: Apart;
}

interface Apart {
  readonly sizes: readonly number[];
  readonly steps: readonly number[];
}

/** Reads a list of axes; nothing is copied yet. No axis at all is an axis of length 1. */
export function mergeAxes(floats: Floats, shape: unknown, axes: readonly unknown[]): MergedBatch {
  const sizes = shapeOf(shape, floats, "x");
  // Not `map`, which passes over holes.
  const reduced = Array.from(axes, (axis) => checkAxis(axis, sizes)).sort((a, b) => a - b);
  if (new Set(reduced).size !== reduced.length) throw new AxisError(`An axis is named twice among [${axes}].`);
  const kept = sizes.map((_, i) => i).filter((i) => !reduced.includes(i));
  const classes = sizeOf(reduced.map((i) => sizes[i]));
  const around = kept.map((i) => sizes[i]);
  const outer = sizeOf(around);
  if (classes === 0) checkPositions(outer, sizes);
  const merged = [...around, classes];
  const first = reduced[0] ?? sizes.length;
  const last = reduced.at(-1) ?? sizes.length - 1;
  if (last - first + 1 === reduced.length) {
    return batchOf(floats, merged, kept.length, sizeOf(sizes, 0, first), classes, sizeOf(sizes, last + 1));
  }
  const order = [...kept, ...reduced];
  const apart = { sizes: order.map((i) => sizes[i]), steps: order.map((i) => sizeOf(sizes, i + 1)) };
  return Object.assign(batchOf(floats, merged, kept.length, outer, classes, 1), { apart });
}
