/** Partial vectors: the last 1 to 3 floats of a row, without touching what lies behind them. */

/** The first `count` (1 to 3) lanes from memory, the others from `fill`. */
export function loadLanes(x: usize, count: usize, fill: v128): v128 {
  if (count === 1) return v128.load32_lane(x, fill, 0);
  const low = v128.load64_lane(x, fill, 0);
  return count === 2 ? low : v128.load32_lane(x, low, 2, 8);
}

/** Two floats, as float64. */
export function loadPair(x: usize): v128 {
  return f64x2.promote_low_f32x4(v128.load64_zero(x));
}

/** The products of the lower two lanes, in float64. */
export function products(a: v128, b: v128): v128 {
  return f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
}

/** Writes two floats. */
export function storePair(x: usize, value: v128): void {
  v128.store64_lane(x, f32x4.demote_f64x2_zero(value), 0);
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

/** Two pairs of float64, rounded to four floats. A shuffle would join them too, in five instructions of JavaScriptCore. */
export function demote(low: v128, high: v128): v128 {
  return f64x2.replace_lane(f32x4.demote_f64x2_zero(low), 1, f64x2.extract_lane(f32x4.demote_f64x2_zero(high), 0));
}

/** Four floats, or zeros for those from `end` on. */
export function loadUpTo(x: usize, end: usize): v128 {
  return x + 16 <= end ? v128.load(x) : loadLanes(x, (end - x) >> 2, f32x4.splat(0));
}

/** Writes four floats, or the `bytes` of them that remain. */
export function storeUpTo(x: usize, bytes: usize, value: v128): void {
  if (bytes >= 16) v128.store(x, value);
  else storeLanes(x, bytes >> 2, value);
}
