import { EXP, expTail } from "./exp";
import { madd, nmadd } from "./fma";

/**
 * exp(x) of floats with float32's accuracy and float64's range, for products with a factor so large that a subnormal
 * exponential would not do: the factor 2^n is float64. The reduction is that of exp.ts, and so is the error.
 *
 * Callers take the steps one by one, since four floats make two pairs of float64: x = clamped(x), z = rounded(x), e =
 * significand(x, z), and exp(x) = widened(e, z) for the lower two lanes, then for the upper two.
 */
// biome-ignore format: one constant a line
const WIDE: usize = memory.data<f32>([
  12583935, // ROUND + 1023
  -709.0895385742188, // −1023·ln 2, where 2^n is 0
  709.7827148438, // from 1023.5·ln 2 = 709.44 on it is Infinity
  1,
], 16);
const ROUND: usize = WIDE;
const FLOOR: usize = WIDE + 4;
const CEILING: usize = WIDE + 8;
const ONE: usize = WIDE + 12;

/** Where 2^n ends: 0 at the floor, −1023·ln 2, and Infinity at the ceiling. Propagates a NaN. */
export function clamped(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, v128.load32_splat(FLOOR)), v128.load32_splat(CEILING));
}

/** ROUND + x / ln 2: a float with n + 1023 in its low bits. */
export function rounded(x: v128): v128 {
  return madd(x, v128.load32_splat(EXP), v128.load32_splat(ROUND));
}

/** exp(x)·2^-n, n as in z. */
export function significand(x: v128, z: v128): v128 {
  const n = f32x4.sub(z, v128.load32_splat(ROUND));
  const high = nmadd(n, v128.load32_splat(EXP + 4), x);
  const low = f32x4.mul(n, v128.load32_splat(EXP + 8));
  const tail = expTail(
    f32x4.add(high, low),
    low,
    v128.load32_splat(EXP + 12),
    v128.load32_splat(EXP + 16),
    v128.load32_splat(EXP + 20),
    v128.load32_splat(EXP + 24),
    v128.load32_splat(EXP + 28),
  );
  return f32x4.add(v128.load32_splat(ONE), f32x4.add(high, tail));
}

/** significand·2^n of the lower two lanes, in float64. */
export function widened(significand: v128, z: v128): v128 {
  return f64x2.mul(f64x2.promote_low_f32x4(significand), i64x2.shl(i64x2.extend_low_i32x4_u(z), 52));
}
