import { loadLanes, upper } from "./lanes";

/** Elements that are summed as one block, on their own. The blocks' sums are added in float64. */
export const BLOCK: usize = 2048;

/**
 * Sums are kept in float64, in four lanes or eight: lane l of four takes the elements with index ≡ l (mod 4), one after
 * the other. A pair of f64x2 holds them, lanes 0 and 1 in the first, 2 and 3 in the second. The order depends on nothing
 * but the index.
 */

export function addLow(sum: v128, x: v128): v128 {
  return f64x2.add(sum, f64x2.promote_low_f32x4(x));
}

export function addHigh(sum: v128, x: v128): v128 {
  return f64x2.add(sum, f64x2.promote_low_f32x4(upper(x)));
}

/** (lane 0 + lane 2) + (lane 1 + lane 3) */
export function total(low: v128, high: v128): f64 {
  const s = f64x2.add(low, high);
  return f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
}

/** Σ x over those of the n floats that differ from `except`. */
export function sumExcept(x: usize, n: usize, except: f32): f64 {
  const skip = f32x4.splat(except);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (const end = x + ((n >> 2) << 4); x < end; x += 16) {
    const v = v128.load(x);
    const kept = v128.and(v, f32x4.ne(v, skip));
    low = addLow(low, kept);
    high = addHigh(high, kept);
  }
  const rest = n & 3;
  if (rest) {
    const v = loadLanes(x, rest, skip);
    const kept = v128.and(v, f32x4.ne(v, skip));
    low = addLow(low, kept);
    high = addHigh(high, kept);
  }
  return total(low, high);
}

/** start + Σ x: blocks of BLOCK are summed on their own and added in order. */
export function sum(x: usize, n: usize, start: f64): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) start += sumBlock(x + (i << 2), min(n - i, BLOCK));
  return start;
}

/**
 * Σ x over one block, in eight lanes, so that additions don't wait for each other: all that a row needs waits for this sum.
 * Element i goes to lane i mod 8, and the total is ((0 + 4) + (2 + 6)) + ((1 + 5) + (3 + 7)).
 */
function sumBlock(x: usize, n: usize): f64 {
  const rest = n & 3;
  const zero = f32x4.splat(0);
  return sumEnding(x, n, rest ? loadLanes(x + ((n - rest) << 2), rest, zero) : zero);
}

/**
 * As sumBlock, with the last n mod 4 elements, and zeros behind them, given in `tail`: a caller that has just stored them would
 * wait for them here.
 */
export function sumEnding(x: usize, n: usize, tail: v128): f64 {
  let low = f64x2.splat(0);
  let high = low;
  let low2 = low;
  let high2 = low;
  for (const end = x + ((n >> 3) << 5); x < end; x += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    low = addLow(low, a);
    high = addHigh(high, a);
    low2 = addLow(low2, b);
    high2 = addHigh(high2, b);
  }
  if (n & 4) {
    const a = v128.load(x);
    low = addLow(low, a);
    high = addHigh(high, a);
    low2 = addLow(low2, tail);
    high2 = addHigh(high2, tail);
  } else {
    low = addLow(low, tail);
    high = addHigh(high, tail);
  }
  return total(f64x2.add(low, low2), f64x2.add(high, high2));
}
