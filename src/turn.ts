/** Floats from an index of an array on, in columns `step` apart and rows `pitch` apart. */
export type Grid = readonly [array: Float32Array, at: number, step: number, pitch: number];

/** Columns that are turned at a time: what they take on both sides stays in a first-level cache. */
const COLUMNS = 128;

/**
 * Copies floats from one grid to another. Eight rows at a time: on the side where rows lie side by side, a cache line is then
 * used at once.
 */
export function turn(
  [from, at, step, pitch]: Grid,
  [to, toAt, toStep, toPitch]: Grid,
  columns: number,
  rows: number,
): void {
  for (let c = 0; c < columns; c += COLUMNS) {
    const n = Math.min(COLUMNS, columns - c);
    for (let r = 0; r < rows; ) {
      let p = at + c * step + r * pitch;
      let q = toAt + c * toStep + r * toPitch;
      if (r + 8 > rows) {
        for (let i = 0; i < n; i++, p += step, q += toStep) to[q] = from[p];
        r++;
        continue;
      }
      for (let i = 0; i < n; i++, p += step, q += toStep) {
        to[q] = from[p];
        to[q + toPitch] = from[p + pitch];
        to[q + 2 * toPitch] = from[p + 2 * pitch];
        to[q + 3 * toPitch] = from[p + 3 * pitch];
        to[q + 4 * toPitch] = from[p + 4 * pitch];
        to[q + 5 * toPitch] = from[p + 5 * pitch];
        to[q + 6 * toPitch] = from[p + 6 * pitch];
        to[q + 7 * toPitch] = from[p + 7 * pitch];
      }
      r += 8;
    }
  }
}
