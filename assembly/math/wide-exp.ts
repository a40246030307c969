import { EXP } from "./exp";
import { madd, nmadd } from "./fma";

/**
 * exp(x) of floats with float32's accuracy and float64's range, for products with a factor so large that a subnormal
 * exponential would not do: 2^n joins in float64. The reduction is that of exp.ts, and so is the error.
 *
 * Three steps, since four floats make two pairs: z holds n + 1023 in its low bits, `significand` is exp(x)·2^-n, and
 * `widened` makes the product of the lower two lanes.
 */
// biome-ignore format: one constant a line
const WIDE: usize = memory.data<f32>([
  12583935, // ROUND + 1023
  -709.0895385742188, // −1023·ln 2, where 2^n is 0
  709.7827148438, // from 1023.5·ln 2 = 709.44 on it is Infinity
  1,
], 16);

/** Where 2^n ends: 0 at the floor, −1023·ln 2, and Infinity at the ceiling. Propagates a NaN. */
export function clamped(x: v128): v128 {
  return f32x4.pmin(f32x4.pmax(x, v128.load32_splat(WIDE + 4)), v128.load32_splat(WIDE + 8));
}

export function rounded(x: v128): v128 {
  return madd(x, v128.load32_splat(EXP), v128.load32_splat(WIDE));
}

export function significand(x: v128, z: v128): v128 {
  const n = f32x4.sub(z, v128.load32_splat(WIDE));
  const high = nmadd(n, v128.load32_splat(EXP + 4), x);
  const low = f32x4.mul(n, v128.load32_splat(EXP + 8));
  const t = f32x4.add(high, low);
  const t2 = f32x4.mul(t, t);
  const q01 = madd(v128.load32_splat(EXP + 16), t, v128.load32_splat(EXP + 12));
  const q23 = madd(v128.load32_splat(EXP + 24), t, v128.load32_splat(EXP + 20));
  const q = madd(t2, madd(t2, v128.load32_splat(EXP + 28), q23), q01);
  return f32x4.add(v128.load32_splat(WIDE + 12), f32x4.add(high, madd(t2, q, low)));
}

export function widened(significand: v128, z: v128): v128 {
  return f64x2.mul(f64x2.promote_low_f32x4(significand), i64x2.shl(i64x2.extend_low_i32x4_u(z), 52));
}
