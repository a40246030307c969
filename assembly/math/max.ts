import { loadLanes } from "./lanes";

/**
 * The largest of n floats, −Infinity for none. Ignores NaN, which shows in the sum of exponentials instead.
 *
 * pmax(a, b) is `a < b ? b : a`, a quarter of the price of f32x4.max on x86. Four accumulators hide its latency.
 */
export function max(x: usize, n: usize): f32 {
  const lowest = f32x4.splat(-Infinity);
  let a = lowest;
  const end4 = x + ((n >> 2) << 4);
  if (n >= 16) {
    let b = lowest;
    let c = lowest;
    let d = lowest;
    for (const end = x + ((n >> 4) << 6); x < end; x += 64) {
      a = f32x4.pmax(a, v128.load(x));
      b = f32x4.pmax(b, v128.load(x, 16));
      c = f32x4.pmax(c, v128.load(x, 32));
      d = f32x4.pmax(d, v128.load(x, 48));
    }
    a = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
  }
  for (; x < end4; x += 16) a = f32x4.pmax(a, v128.load(x));
  const rest = n & 3;
  if (rest) a = f32x4.pmax(a, loadLanes(x, rest, lowest));
  return maxLane(a);
}

/** The largest of four lanes. */
export function maxLane(a: v128): f32 {
  const b = f32x4.pmax(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(b, v128.shuffle<i32>(b, b, 1, 0, 3, 2)), 0);
}
