// Plain JavaScript by hand: what the kernels are measured against. Written to be fast and honest: typed arrays, Math.exp and
// Math.log, sums in float64, no allocation, loss and gradient in one function that reuses the exponentials.

/** What a rival works on: rows × columns finite numbers, contiguous rows. */
export interface Rows {
  readonly rows: number;
  readonly columns: number;
  readonly x: Float32Array;
  /** The second operand, in the shape of x. */
  readonly y: Float32Array;
  /** One class a row. */
  readonly labels: Int32Array;
  /** A result in the shape of x. */
  readonly output: Float32Array;
}

/** Fills the result; returns the sum of the rows' losses, or 0 where there is none. Gradients are multiplied by `share`. */
export type RowsRival = (rows: Rows, share: number) => number;

export function rowMax(x: Float32Array, start: number, end: number): number {
  let max = x[start];
  for (let i = start + 1; i < end; i++) if (x[i] > max) max = x[i];
  return max;
}
