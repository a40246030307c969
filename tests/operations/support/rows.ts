import type { Shape } from "../../../src/index.js";

/**
 * Rows of a batch along one axis or several, each as the flat indices of its elements. Slow, and independent of how the
 * kernels and the reference walk a batch.
 */
export function rowsOver(shape: Shape, axes: number | readonly number[] = -1): Int32Array[] {
  const list = typeof axes === "number" ? [axes] : axes;
  const along = list.map((axis) => (axis < 0 ? axis + shape.length : axis)).sort((a, b) => a - b);
  const across = shape.map((_, axis) => axis).filter((axis) => !along.includes(axis));
  const steps = offsets(shape, along);
  return Array.from(offsets(shape, across), (start) => steps.map((step) => start + step));
}

/** Flat offsets of all indices of some axes, the last axis moving fastest. */
function offsets(shape: Shape, axes: readonly number[]): Int32Array {
  let all = Int32Array.of(0);
  for (const axis of axes) {
    const step = sizeOf(shape.slice(axis + 1));
    const longer = new Int32Array(all.length * shape[axis]);
    for (let i = 0, at = 0; i < all.length; i++) {
      for (let j = 0; j < shape[axis]; j++) longer[at++] = all[i] + j * step;
    }
    all = longer;
  }
  return all;
}

/** Takes numbers that lie row after row to where the rows of a batch are. */
export function laid(rows: Float32Array, shape: Shape, axis: number): Float32Array {
  const batch = new Float32Array(rows.length);
  let at = 0;
  for (const row of rowsOver(shape, axis)) for (const index of row) batch[index] = rows[at++];
  return batch;
}

/** A row's elements, brought together in float64. */
export function gathered(data: ArrayLike<number>, row: Int32Array): Float64Array {
  return Float64Array.from(row, (index) => data[index]);
}

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((a, b) => a * b, 1);
}

/** Weights of a shape of their own, one for each element of a batch: shapes are aligned at their ends, 1 repeats. */
export function broadcast(weights: ArrayLike<number>, own: Shape, shape: Shape): Float32Array {
  const missing = shape.length - own.length;
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    let at = 0;
    for (let axis = 0; axis < own.length; axis++) {
      const index = Math.floor(i / sizeOf(shape.slice(axis + missing + 1))) % shape[axis + missing];
      at = at * own[axis] + (own[axis] === 1 ? 0 : index);
    }
    return weights[at];
  });
}
