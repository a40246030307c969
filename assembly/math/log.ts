import { madd } from "./fma";

/**
 * log(x) in float32, four at a time. x = 2^k·m with m in [√½, √2), f = m − 1:
 *
 *   log x = k·ln 2 + f − f²/2 + f³·p(f)
 *
 * p of degree 8, minimax, relative error 0.059·2^-24 on [√½ − 1, ½]. Subnormal x are scaled up first; log 0 = −Infinity,
 * log of a negative number NaN.
 */
// biome-ignore format: one constant a line
const P: usize = memory.data<f32>([
  0.33333319425582886, // 0x3eaaaaa6
  -0.25000274181365967, // 0xbe80005c
  0.20001767575740814, // 0x3e4cd16f
  -0.16653792560100555, // 0xbe2a88eb
  0.14216920733451843, // 0x3e1194ce
  -0.12644901871681213, // 0xbe017bda
  0.12128540873527527, // 0x3df8647c
  -0.10388776659965515, // 0xbdd4c31c
  0.04719308763742447, // 0x3d414d8a
], 16);

const LN2_HIGH: f32 = 0.693145751953125; // 0x3f317200  ln 2, upper 16 bits: times k ≤ 2^8 it is exact
const LN2_LOW: f32 = 0.0000014286067653302161; // 0x35bfbe8e  ln 2 less the above
const SQRT_HALF_BITS: i32 = 0x3f3504f3;

/** f³·p(f) − f²/2, the part of log(1 + f) behind f, for f in [√½ − 1, ½]. */
export function logTail(f: v128): v128 {
  const f2 = f32x4.mul(f, f);
  const f4 = f32x4.mul(f2, f2);
  const p01 = madd(v128.load32_splat(P + 4), f, v128.load32_splat(P));
  const p23 = madd(v128.load32_splat(P + 12), f, v128.load32_splat(P + 8));
  const p45 = madd(v128.load32_splat(P + 20), f, v128.load32_splat(P + 16));
  const p67 = madd(v128.load32_splat(P + 28), f, v128.load32_splat(P + 24));
  const p47 = madd(f2, p67, p45);
  const p = madd(f4, madd(f4, v128.load32_splat(P + 32), p47), madd(f2, p23, p01));
  return f32x4.sub(f32x4.mul(f32x4.mul(f2, f), p), f32x4.mul(f32x4.splat(0.5), f2));
}

/** The exponent k of 2^k·m with m in [√½, √2), as an integer; x is positive and normal. */
export function exponent(x: v128): v128 {
  return i32x4.shr_s(i32x4.sub(x, i32x4.splat(SQRT_HALF_BITS)), 23);
}

/** x·2^-k, by its bits. */
export function unscaled(x: v128, k: v128): v128 {
  return i32x4.sub(x, i32x4.shl(k, 23));
}

/** k·ln 2 + f + tail, the large term last. */
export function joinLog(k: v128, f: v128, tail: v128): v128 {
  const low = madd(k, f32x4.splat(LN2_LOW), tail);
  return madd(k, f32x4.splat(LN2_HIGH), f32x4.add(f, low));
}

export function log(x: v128): v128 {
  const subnormal = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  const normal = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, subnormal); // 2^23
  const k = exponent(normal);
  const f = f32x4.sub(unscaled(normal, k), f32x4.splat(1));
  const count = f32x4.convert_i32x4_s(i32x4.sub(k, v128.and(subnormal, i32x4.splat(23))));
  const value = joinLog(count, f, logTail(f));
  return logLimits(x, value);
}

/** The value, but for the arguments without a finite logarithm: 0, +Infinity, negative ones and NaN. */
export function logLimits(x: v128, value: v128): v128 {
  const infinity = f32x4.splat(Infinity);
  const zero = f32x4.splat(0);
  const atZero = v128.bitselect(f32x4.neg(infinity), f32x4.splat(NaN), f32x4.eq(x, zero));
  const inside = v128.and(f32x4.gt(x, zero), f32x4.lt(x, infinity));
  const outside = v128.bitselect(infinity, atZero, f32x4.eq(x, infinity));
  return v128.bitselect(value, outside, inside);
}
