import { madd64 } from "./fma";

/**
 * log(p/q) in float64, two at a time, for positive finite p and q:
 *
 *   near = q·2^k, p/near in [2/3, 3/2],  s = (p − near)/(p + near)
 *   log(p/q) = k·ln 2 + 2·atanh(s)
 *
 * k comes without a division: the bits of a float, read as an integer, are its logarithm to base 2 but for 0.09, so the
 * difference of two, rounded, is the k that is wanted. p − near is exact to float64 where p is near q, and no result
 * loses digits. atanh(s)/s is a polynomial of degree 3 in s²; relative error of the result at most 2^-27.9.
 */
// biome-ignore format: one constant a line
const P: usize = memory.data<f64>([
  2,
  0.6666694734744875, // twice what npm run derive prints for logRatio.p
  0.3995782577621141,
  0.30360561852076456,
  0.6931471805599453,  // ln 2
  4503599627372544,    // 2^52 + 2048
], 16);

const BITS: usize = memory.data<u64>(
  [
    0x0008000000000000, // ½ in units of the exponent
    0xfff0000000000000, // sign and exponent
    0x8000000000000000, // 2048 in units of the exponent
    0x4330000000000000, // 2^52: an integer in the low bits of such a float is added to it
  ],
  16,
);

export function logRatio(p: v128, q: v128): v128 {
  const gap = i64x2.add(i64x2.sub(p, q), v128.load64_splat(BITS, 0));
  const near = i64x2.add(q, v128.and(gap, v128.load64_splat(BITS, 8)));
  const biased = i64x2.shr_u(i64x2.add(gap, v128.load64_splat(BITS, 16)), 52);
  const k = f64x2.sub(v128.or(biased, v128.load64_splat(BITS, 24)), v128.load64_splat(P, 40));
  const s = f64x2.div(f64x2.sub(p, near), f64x2.add(p, near));
  const y = f64x2.mul(s, s);
  const high = madd64(y, v128.load64_splat(P, 24), v128.load64_splat(P, 16));
  const twice = madd64(y, madd64(y, high, v128.load64_splat(P, 8)), v128.load64_splat(P, 0));
  return madd64(k, v128.load64_splat(P, 32), f64x2.mul(s, twice));
}

/** x, or 1 where x is 0: what weighs nothing may have any logarithm but an infinite one. */
export function positive(x: v128): v128 {
  return v128.or(x, v128.and(f64x2.eq(x, f64x2.splat(0)), f64x2.splat(1)));
}

/** log(p/q) of any two numbers: with a zero ∓Infinity, of two of them, a negative number or a NaN, NaN. */
export function logRatioOf(p: f64, q: f64): f64 {
  if (p > 0 && p < Infinity && q > 0 && q < Infinity) {
    return f64x2.extract_lane(logRatio(f64x2.splat(p), f64x2.splat(q)), 0);
  }
  const quotient = p / q;
  if (quotient === 0) return -Infinity;
  return quotient === Infinity ? Infinity : NaN;
}
