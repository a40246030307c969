import { exponent, joinLog, logTail, unscaled } from "./log";

/**
 * log(p/q) in float32, four at a time, with full relative accuracy where p is near q too: with p = 2^i·a, q = 2^j·b and
 * b moved by a factor of 2 where that brings a/b into [√½, √2], a − b is exact (Sterbenz) and
 *
 *   log(p/q) = (i − j)·ln 2 + log(1 + (a − b)/b)
 *
 * No quotient overflows. A zero gives ∓Infinity, two of them, a negative number or a NaN give NaN.
 */
export function logRatio(p: v128, q: v128): v128 {
  const zero = f32x4.splat(0);
  const infinity = f32x4.splat(Infinity);
  const one = f32x4.splat(1);
  const smallP = f32x4.lt(p, f32x4.splat(1.1754943508222875e-38));
  const smallQ = f32x4.lt(q, f32x4.splat(1.1754943508222875e-38));
  const lift = f32x4.splat(8388608); // 2^23: what is subnormal becomes normal
  const normalP = v128.bitselect(f32x4.mul(p, lift), p, smallP);
  const normalQ = v128.bitselect(f32x4.mul(q, lift), q, smallQ);
  const i = exponent(normalP);
  const j = exponent(normalQ);
  const a = unscaled(normalP, i);
  const b = unscaled(normalQ, j);
  const above = f32x4.gt(a, f32x4.mul(b, f32x4.splat(1.4142135381698608)));
  const below = f32x4.lt(a, f32x4.mul(b, f32x4.splat(0.7071067690849304)));
  const factor = v128.bitselect(f32x4.splat(2), v128.bitselect(f32x4.splat(0.5), one, below), above);
  const near = f32x4.mul(b, factor);
  const f = f32x4.div(f32x4.sub(a, near), near);
  // A true comparison is −1, so these count: i − 23·smallP − (j − 23·smallQ) + above − below.
  const lifts = i32x4.sub(smallP, smallQ);
  const moved = i32x4.sub(below, above);
  const k = i32x4.add(i32x4.add(i32x4.sub(i, j), moved), i32x4.mul(lifts, i32x4.splat(23)));
  const value = joinLog(f32x4.convert_i32x4_s(k), f, logTail(f));
  const quotient = f32x4.div(p, q);
  const limit = v128.bitselect(
    infinity,
    v128.bitselect(f32x4.neg(infinity), f32x4.splat(NaN), f32x4.eq(quotient, zero)),
    f32x4.eq(quotient, infinity),
  );
  const inside = v128.and(
    v128.and(f32x4.gt(p, zero), f32x4.lt(p, infinity)),
    v128.and(f32x4.gt(q, zero), f32x4.lt(q, infinity)),
  );
  return v128.bitselect(value, limit, inside);
}
