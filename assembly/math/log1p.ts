import { madd, nmadd } from "./fma";
import { exponent, joinLog, logLimits, logTail, unscaled } from "./log";

/**
 * The constants of log1pUnit, for locals before a loop: it takes them in this order.
 *
 * q: (log(1 + f) − d)/d³ in z = d² with d = f/(1 + f/2), degree 2, minimax for |d| ≤ 0.4, relative error of the logarithm
 * 0.048·2^-24.
 */
// biome-ignore format: one constant a line
export const LOG1P: usize = memory.data<f32>([
  0.5,
  1,
  0.08333368599414825, // 0x3daaaada  q, degree 0..2
  0.012486767955124378, // 0x3c4c954d
  0.002372226445004344, // 0x3b1b775b
  0.693145751953125, // 0x3f317200  ln 2, upper 16 bits
  0.0000014286067653302161, // 0x35bfbe8e  ln 2 less the above
], 16);

/**
 * log(1 + e) for 0 ≤ e ≤ 1: with f = e below ½, and f = (e − 1)/2, log(1 + e) = ln 2 + log(1 + f) from there on,
 *
 *   log(1 + f) = 2·atanh(d/2) = d + d³·q(d²) = f − d·(f/2 − d²·q(d²)),  d = f/(1 + f/2)
 *
 * The last form, because f is exact and what is subtracted from it is small beside it.
 */
export function log1pUnit(
  e: v128,
  half: v128,
  one: v128,
  q0: v128,
  q1: v128,
  q2: v128,
  ln2Hi: v128,
  ln2Lo: v128,
): v128 {
  const upper = f32x4.ge(e, half);
  const f = v128.bitselect(f32x4.mul(f32x4.sub(e, one), half), e, upper);
  const h = f32x4.mul(f, half);
  const d = f32x4.div(f, f32x4.add(one, h));
  const z = f32x4.mul(d, d);
  const q = madd(z, madd(z, q2, q1), q0);
  const low = nmadd(d, nmadd(z, q, h), v128.and(upper, ln2Lo));
  return f32x4.add(v128.and(upper, ln2Hi), f32x4.add(f, low));
}

/**
 * log(1 + x) over all of float32, verified like the others, though operations make do with log1pUnit. Where u = 1 + x
 * reduces to k = 0, f is x itself; elsewhere what u lost in rounding comes back as (1 + x − u)/u.
 */
export function log1p(x: v128): v128 {
  const one = f32x4.splat(1);
  const u = f32x4.add(one, x);
  const k = exponent(u);
  const near = i32x4.eq(k, i32x4.splat(0));
  const lost = v128.bitselect(f32x4.sub(one, f32x4.sub(u, x)), f32x4.sub(x, f32x4.sub(u, one)), f32x4.ge(x, one));
  const f = v128.bitselect(x, f32x4.sub(unscaled(u, k), one), near);
  const correction = v128.andnot(f32x4.div(lost, u), near);
  const value = logLimits(u, joinLog(f32x4.convert_i32x4_s(k), f, f32x4.add(logTail(f), correction)));
  // A zero is its own logarithm: k·ln 2 + f would make +0 of −0.
  return v128.bitselect(x, value, f32x4.eq(x, f32x4.splat(0)));
}
