/** Partial vectors: the last 1 to 3 floats of a row, without touching what lies behind them. */

/** The first `count` (1 to 3) lanes from memory, the others from `fill`. */
export function loadLanes(x: usize, count: usize, fill: v128): v128 {
  if (count === 1) return v128.load32_lane(x, fill, 0);
  const low = v128.load64_lane(x, fill, 0);
  return count === 2 ? low : v128.load32_lane(x, low, 2, 8);
}

/** Writes the first `count` (1 to 3) lanes. */
export function storeLanes(x: usize, count: usize, value: v128): void {
  if (count === 1) {
    v128.store32_lane(x, value, 0);
    return;
  }
  v128.store64_lane(x, value, 0);
  if (count === 3) v128.store32_lane(x, value, 2, 8);
}

/** The upper two lanes, as the lower ones. */
export function upper(v: v128): v128 {
  return v128.shuffle<i32>(v, v, 2, 3, 2, 3);
}
