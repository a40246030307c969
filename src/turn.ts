/** Columns that are turned at a time: what they take on both sides stays in a first-level cache. */
const COLUMNS = 128;

/**
 * Copies floats from where columns lie `step` apart and rows `pitch` to where they lie `toStep` and `toPitch` apart. Eight rows
 * at a time: on the side where rows lie side by side, a cache line is then used at once.
 */
export function turn(
  from: Float32Array,
  at: number,
  step: number,
  pitch: number,
  to: Float32Array,
  toAt: number,
  toStep: number,
  toPitch: number,
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
