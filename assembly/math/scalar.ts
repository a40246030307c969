/**
 * What a row needs once: float64 functions, accurate to 2^-40 where the results are rounded to float32 in the end. Only
 * +, −, ×, ÷ and bit moves, so every engine and the plain TypeScript backend have the same bits.
 */

const LN2: f64 = 0.6931471805599453;
const LN2_HIGH: f64 = 0.6931471803691238; // ln 2 with 21 low bits clear: n times it is exact for |n| < 2^21
const LN2_LOW: f64 = 1.9082149292705877e-10;
const LOG2E: f64 = 1.4426950408889634;
const SQRT2: f64 = 1.4142135623730951;

/** 2^n, 0 below n = −1022; n ≤ 1023. */
export function power2(n: i32): f64 {
  return n < -1022 ? 0 : reinterpret<f64>((<i64>n + 1023) << 52);
}

/**
 * log(1 + r) for r ≥ 0. With m in [√½, √2) and 1 + r = 2^k·m: k·ln 2 + 2·atanh(s), s = (m − 1) / (m + 1); below r = ½
 * s = r / (2 + r), so that a small r keeps its relative accuracy. Relative error at most 2^-41.
 */
export function log1p(r: f64): f64 {
  if (!(r < Infinity)) return r;
  let s: f64;
  let k: f64 = 0;
  if (r < 0.5) {
    s = r / (2 + r);
  } else {
    const u = 1 + r;
    const bits = reinterpret<i64>(u);
    let m = reinterpret<f64>((bits & 0x000fffffffffffff) | 0x3ff0000000000000);
    k = <f64>((bits >> 52) - 1023);
    if (m >= SQRT2) {
      m *= 0.5;
      k += 1;
    }
    s = (m - 1) / (m + 1);
  }
  const y = s * s;
  // (atanh(s)/s − 1)/s²: minimax of degree 4 on 0 ≤ s² ≤ 0.04, relative error 2^-42
  const p = LOG1P_0 + y * (LOG1P_1 + y * (LOG1P_2 + y * (LOG1P_3 + y * LOG1P_4)));
  const d = s + s;
  return k * LN2 + (d + d * y * p);
}

/** log1p of two at once, with the same bits. */
export function log1pPair(r: v128): v128 {
  const one = v128.load64_splat(PAIR);
  const half = v128.load64_splat(PAIR + 8);
  const small = f64x2.lt(r, half);
  const u = f64x2.add(one, r);
  const mantissa = v128.or(v128.andnot(u, v128.load64_splat(PAIR + 16)), one);
  const above = f64x2.ge(mantissa, v128.load64_splat(PAIR + 24));
  const m = v128.bitselect(f64x2.mul(mantissa, half), mantissa, above);
  // The upper halves of the two hold the exponents; a true comparison is −1.
  const exponents = i32x4.sub(i32x4.shr_u(v128.shuffle<i32>(u, u, 1, 3, 1, 3), 20), v128.load32_splat(PAIR + 32));
  const raised = i32x4.sub(exponents, v128.shuffle<i32>(above, above, 0, 2, 0, 2));
  const k = v128.andnot(f64x2.convert_low_i32x4_s(raised), small);
  const top = v128.bitselect(r, f64x2.sub(m, one), small);
  const bottom = f64x2.add(v128.bitselect(f64x2.add(one, one), m, small), v128.bitselect(r, one, small));
  const s = f64x2.div(top, bottom);
  const y = f64x2.mul(s, s);
  let p = f64x2.add(v128.load64_splat(PAIR + 48), f64x2.mul(y, v128.load64_splat(PAIR + 40)));
  p = f64x2.add(v128.load64_splat(PAIR + 56), f64x2.mul(y, p));
  p = f64x2.add(v128.load64_splat(PAIR + 64), f64x2.mul(y, p));
  p = f64x2.add(v128.load64_splat(PAIR + 72), f64x2.mul(y, p));
  const d = f64x2.add(s, s);
  const tail = f64x2.add(d, f64x2.mul(f64x2.mul(d, y), p));
  const value = f64x2.add(f64x2.mul(k, v128.load64_splat(PAIR + 80)), tail);
  return v128.bitselect(value, r, f64x2.lt(r, v128.load64_splat(PAIR + 88)));
}

const LOG1P_0: f64 = 0.3333333335515355;
const LOG1P_1: f64 = 0.1999999231632247;
const LOG1P_2: f64 = 0.14286591449859665;
const LOG1P_3: f64 = 0.11067585683915901;
const LOG1P_4: f64 = 0.10060912037204044;

/** What log1pPair computes with, as memory: written where it is used, engines make it anew of integers. */
// biome-ignore format: one constant a line
const PAIR: usize = memory.data<f64>([
  1,
  0.5,
  -Infinity, // sign and exponent
  SQRT2,
  5.054e-321, // the integer 1023
  LOG1P_4,
  LOG1P_3,
  LOG1P_2,
  LOG1P_1,
  LOG1P_0,
  LN2,
  Infinity,
], 16);

/** exp(x) for x ≤ 0 by Taylor's series of degree 11 on |t| ≤ ln 2 / 2: relative error at most 2^-42. */
export function exp(x: f64): f64 {
  if (!(x > -700)) return isNaN(x) ? x : 0;
  const n = nearest(x * LOG2E);
  const t = x - n * LN2_HIGH - n * LN2_LOW;
  let sum: f64 = 1;
  for (let k: f64 = 11; k > 0; k -= 1) sum = 1 + (t / k) * sum;
  return sum * power2(<i32>n);
}
