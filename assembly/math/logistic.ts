import { log1pPair } from "./scalar";
import { total } from "./sum";

/**
 * What the losses that start from e = exp(−|x|) share. e is float32, everything after it float64, two lanes at a time, and
 * the result is rounded once. So e's error and that rounding are nearly all the error there is, and no factor, however large,
 * magnifies what was subnormal before it.
 *
 * Constants come from memory, through the functions below: a loop loads them before it begins, where engines would rebuild a
 * literal on every turn.
 */

// biome-ignore format: one constant a line
const F32: usize = memory.data<f32>([
  -0.0,
  1,
], 16);

// biome-ignore format: one constant a line
const F64: usize = memory.data<f64>([
  1.262177448353619e-29, // 2^-96
  1,
  2,
  0.3333320656652031, // p, degree 0..3: (atanh(s)/s − 1)/s² in s², minimax on 0 ≤ s ≤ 1/3, relative error of the
  0.20010849521814997, // logarithm 0.077·2^-24
  0.13999570661763436,
  0.1401222866524419,
  -0.0,
], 16);

/** The bits of the sign. */
export function signBits(): v128 {
  return v128.load32_splat(F32);
}

export function onesF32(): v128 {
  return v128.load32_splat(F32 + 4);
}

/** 2^-96: what a lifted exponential (exp-pass.ts) is multiplied by to be exp(−|x|) again. */
export function unlift(): v128 {
  return v128.load64_splat(F64);
}

export function onesF64(): v128 {
  return v128.load64_splat(F64 + 8);
}

export function signBitsF64(): v128 {
  return v128.load64_splat(F64 + 56);
}

/** log(1 + e) for 0 ≤ e ≤ 1, two float64: 2·atanh(s), s = e/(2 + e). log1p.ts has the float32 form. */
export function log1pUnit64(e: v128): v128 {
  const s = f64x2.div(e, f64x2.add(v128.load64_splat(F64 + 16), e));
  const y = f64x2.mul(s, s);
  const p01 = f64x2.add(f64x2.mul(v128.load64_splat(F64 + 32), y), v128.load64_splat(F64 + 24));
  const p23 = f64x2.add(f64x2.mul(v128.load64_splat(F64 + 48), y), v128.load64_splat(F64 + 40));
  const p = f64x2.add(f64x2.mul(f64x2.mul(y, y), p23), p01);
  const d = f64x2.add(s, s);
  return f64x2.add(f64x2.mul(f64x2.mul(d, y), p), d);
}

/** Σ log(1 + v) of four lanes, joined as in sum.ts. */
export function sumOfLogs(low: v128, high: v128): f64 {
  return total(log1pPair(low), log1pPair(high));
}
