import { madd } from "./fma";
import { loadLanes, products, upper } from "./lanes";
import { exponent, unscaled } from "./log";
import { power2 } from "./scalar";
import { BLOCK, total } from "./sum";

/**
 * Σ p·log q and Σ p·log(p/q) over one block, the logarithms in float32, products and sum in float64. Each logarithm is reduced
 * to k·ln 2 + 2·atanh(s):
 *
 *   log q       q = 2^k·m,          m in [√½, √2),             s = (m − 1)/(m + 1)
 *   log(p/q)    near = q·2^k,       p/near in [½, 2],          s = (p − near)/(p + near)
 *
 * For the ratio k comes without a division. The bits of a float, read as an integer, are its logarithm to base 2 to within
 * 0.09 (times 2^23, plus a constant), so the difference of p's and q's bits, rounded by exponentGap, will do. It rounds such
 * that k·ln 2 and the rest hardly ever have opposite signs, and that k is 0 where p/q is between ½ and 2: there near is q,
 * p − q is exact, and the result keeps its digits.
 *
 * In two passes. The first stores the parts of each logarithm, an array of s and, PART bytes on, one of k; the second joins
 * them, weighs and sums. A loop that did both would be a chain longer than a processor looks ahead (measured: 1.7 times
 * slower). The last 1 to 3 elements take a turn of their own, in the first pass padded in scratch memory: loads that ask every
 * time whether a whole vector is left, as loadUpTo, make the ratio 1.11 to 1.17 times slower. The first pass may take several
 * rows at once: what it does to an element doesn't depend on where a row ends.
 *
 * Arguments are not negative, and at most LARGEST_RATIO_BITS; where any is small, all are made 2^30 larger, so that no
 * difference is subnormal. log 0 comes out as some finite number: it is for the caller to give it no weight.
 *
 * parts: scratch, 2·BLOCK + 16 floats. The classes only name what is computed.
 */
class Log {}
class Ratio {}
class Usual {}
class Tiny {}

/** The bits of the largest argument, just below 2^96: the sum of two such, made 2^30 larger, is still finite. */
export const LARGEST_RATIO_BITS: i32 = 0x6f7fffff;
/** The bits of 2^-96. From there on no difference is subnormal. */
export const LEAST_BITS: i32 = 0x0f800000;

// biome-ignore format: one constant a line
const F32: usize = memory.data<f32>([
  1,
  2,
  0.3333320915699005, // 0x3eaaaa81  q, degree 0..3: (atanh(s)/s − 1)/s² in s², minimax for |s| ≤ 1/3, relative error of
  0.20010718703269958, // 0x3e4ce8e6  the logarithm 0.076·2^-24
  0.1400151252746582, // 0x3e0f6020
  0.14003390073776245, // 0x3e0f650c
  0.693145751953125, // 0x3f317200  ln 2, upper 16 bits: times k it is exact
  0.0000014286067653302161, // 0x35bfbe8e  ln 2 less the above
], 16);
export const ONE: usize = F32;
const TWO: usize = F32 + 4;
export const Q0: usize = F32 + 8;
export const Q1: usize = F32 + 12;
export const Q2: usize = F32 + 16;
export const Q3: usize = F32 + 20;
export const LN2_HIGH: usize = F32 + 24;
export const LN2_LOW: usize = F32 + 28;

// biome-ignore format: one constant a line
const I32: usize = memory.data<i32>([
  30, // tiny arguments are made 2^30 larger
  0x0f000000, // 30 in the exponent field
  0x00800000, // the smallest normal number
  0x000b3333, // 0.0875, in units of the exponent field
  0x00699999, // 0.825, likewise
], 16);
export const LIFT: usize = I32;
export const UP: usize = I32 + 4;
export const NORMAL: usize = I32 + 8;
const ROUND: usize = I32 + 12;
const ROUND_DOWN: usize = I32 + 16;

/** Bytes from one part's array to the next: a block, and a vector of padding. */
export const PART: usize = (BLOCK + 4) << 2;

/**
 * The first pass for log q: stores s and k of n elements and, up to a whole vector, those of log 1. p only counts along.
 * `tiny`: whether any number may be below LEAST_BITS.
 */
export function reduceLogs(p: usize, q: usize, parts: usize, n: usize, tiny: bool): void {
  if (tiny) reduce<Log, Tiny>(p, q, parts, n);
  else reduce<Log, Usual>(p, q, parts, n);
}

/** The same for log(p/q). */
export function reduceRatios(p: usize, q: usize, parts: usize, n: usize, tiny: bool): void {
  if (tiny) reduce<Ratio, Tiny>(p, q, parts, n);
  else reduce<Ratio, Usual>(p, q, parts, n);
}

function reduce<T, N>(p: usize, q: usize, parts: usize, n: usize): void {
  const up = v128.load32_splat(UP);
  const normal = v128.load32_splat(NORMAL);
  const room = parts + 2 * PART;
  let rest = n & 3;
  // Twice at most: whole vectors, then what is left, padded with ones in scratch memory.
  for (let end = p + ((n - rest) << 2); ; ) {
    for (; p < end; p += 16, q += 16, parts += 16) {
      const b = v128.load(q);
      const y = idof<N>() === idof<Tiny>() ? lift(b, up, normal) : b;
      if (idof<T>() === idof<Ratio>()) {
        const a = v128.load(p);
        const x = idof<N>() === idof<Tiny>() ? i32x4.max_s(lift(a, up, normal), normal) : a;
        const z = idof<N>() === idof<Tiny>() ? i32x4.max_s(y, normal) : y;
        const k = exponentGap(x, z);
        v128.store(parts, ratioQuotient(x, z, k));
        v128.store(parts, f32x4.convert_i32x4_s(k), PART);
      } else {
        const k = exponent(y);
        v128.store(parts, quotient(y, k));
        const count = idof<N>() === idof<Tiny>() ? i32x4.sub(k, v128.load32_splat(LIFT)) : k;
        v128.store(parts, f32x4.convert_i32x4_s(count), PART);
      }
    }
    if (rest === 0) {
      pad(parts);
      break;
    }
    const one = v128.load32_splat(ONE);
    v128.store(room, loadLanes(p, rest, one));
    v128.store(room, loadLanes(q, rest, one), 16);
    p = room;
    q = room + 16;
    end = q;
    rest = 0;
  }
}

/** A vector of zeros in both arrays, behind the last element: the second pass reads the last row's tail as a whole vector. */
export function pad(parts: usize): void {
  v128.store(parts, f32x4.splat(0));
  v128.store(parts, f32x4.splat(0), PART);
}

/** Rows of so many columns that go through the first pass together. */
export function rowsOfBlock(cols: usize): usize {
  return max(1, cols ? BLOCK / cols : BLOCK);
}

/**
 * The second pass: Σ p·log over n elements, those of a block or of a row in it, from the parts that reduceLogs or reduceRatios
 * stored. Lane l of four takes the elements l, l + 4, …
 */
export function weigh(p: usize, parts: usize, n: usize): f64 {
  const q0 = v128.load32_splat(Q0);
  const q1 = v128.load32_splat(Q1);
  const q2 = v128.load32_splat(Q2);
  const q3 = v128.load32_splat(Q3);
  const ln2Hi = v128.load32_splat(LN2_HIGH);
  const ln2Lo = v128.load32_splat(LN2_LOW);
  let low = f64x2.splat(0);
  let high = low;
  for (const end = p + ((n >> 2) << 4); p < end; p += 16, parts += 16) {
    const log = join(v128.load(parts), v128.load(parts, PART), q0, q1, q2, q3, ln2Hi, ln2Lo);
    const weight = v128.load(p);
    low = f64x2.add(low, products(weight, log));
    high = f64x2.add(high, products(upper(weight), upper(log)));
  }
  const rest = n & 3;
  if (rest) {
    const log = join(v128.load(parts), v128.load(parts, PART), q0, q1, q2, q3, ln2Hi, ln2Lo);
    const weight = loadLanes(p, rest, f32x4.splat(0));
    low = f64x2.add(low, products(weight, log));
    high = f64x2.add(high, products(upper(weight), upper(log)));
  }
  return total(low, high);
}

/**
 * x·2^u for x ≥ 0, where `up` has u in its exponent field, without a product: one with a subnormal number takes many times as
 * long. For a normal x the bits of x and of `up` are added, and that is all. The bits of a subnormal x = b·2^-149 are b, so the
 * sum is the float 2^(u − 127) + b·2^(u − 150); without `up`, which is 2^(u − 127), that is half of x·2^u, and is doubled.
 */
export function lift(x: v128, up: v128, normal: v128): v128 {
  const tiny = i32x4.lt_s(x, normal);
  const half = f32x4.sub(i32x4.add(x, up), v128.and(up, tiny));
  return f32x4.add(half, v128.and(half, tiny));
}

/** x, or the smallest normal number where x is 0. */
export function positive(x: v128): v128 {
  return i32x4.max_s(x, v128.load32_splat(NORMAL));
}

/** s of log x, given its k: (m − 1)/(m + 1). */
export function quotient(x: v128, k: v128): v128 {
  const f = f32x4.sub(unscaled(x, k), v128.load32_splat(ONE));
  return f32x4.div(f, f32x4.add(f, v128.load32_splat(TWO)));
}

/** log2(p/q) as the bits have it, rounded toward 0; away from 0 where the fraction is above 0.91. */
export function exponentGap(p: v128, q: v128): v128 {
  const gap = i32x4.sub(p, q);
  const up = v128.and(i32x4.shr_s(gap, 31), v128.load32_splat(ROUND_DOWN));
  return i32x4.shr_s(i32x4.add(i32x4.add(gap, v128.load32_splat(ROUND)), up), 23);
}

/** s of log(p/q), given its k: (p − near)/(p + near). */
function ratioQuotient(p: v128, q: v128, k: v128): v128 {
  const near = i32x4.add(q, i32x4.shl(k, 23));
  return f32x4.div(f32x4.sub(p, near), f32x4.add(p, near));
}

/** k·ln 2 + 2·atanh(s), the large term last. */
export function join(s: v128, k: v128, q0: v128, q1: v128, q2: v128, q3: v128, ln2Hi: v128, ln2Lo: v128): v128 {
  const y = f32x4.mul(s, s);
  const d = f32x4.add(s, s);
  const low = madd(f32x4.mul(d, y), madd(y, madd(y, madd(y, q3, q2), q1), q0), f32x4.mul(k, ln2Lo));
  return madd(k, ln2Hi, f32x4.add(d, low));
}

/** log x of any number: −Infinity for 0, NaN for a negative one. */
export function logOf(x: f32): f64 {
  if (!(x > 0 && x < Infinity)) return limit(x);
  const up = liftOf(x);
  const y = f32x4.splat(lifted(x, up));
  const k = exponent(y);
  return joinOne(quotient(y, k), i32x4.extract_lane(k, 0) - up);
}

/** log(p/q) of any two numbers: ∓Infinity if one of them is 0; NaN for two zeros, a negative number or a NaN. */
export function logRatioOf(p: f32, q: f32): f64 {
  if (!(p > 0 && p < Infinity && q > 0 && q < Infinity)) return limit(p / (q + 0)); // 0 for −0
  const upP = liftOf(p);
  const upQ = liftOf(q);
  const shift = upP - upQ;
  const x = lifted(p, upP);
  const y = lifted(q, upQ);
  // In 64 bits, since p and q may lie further apart than 32 hold.
  const gap = <i64>reinterpret<i32>(x) - <i64>reinterpret<i32>(y) - ((<i64>shift) << 23);
  const k = roundedGap(gap);
  return joinOne(ratioQuotient(f32x4.splat(x), f32x4.splat(y), i32x4.splat(k + shift)), k);
}

/** What exponentGap makes of a difference of bits. */
export function roundedGap(gap: i64): i32 {
  return <i32>((gap + (gap < 0 ? 0x74cccc : 0x0b3333)) >> 23);
}

/** 30 where x or a number near it is subnormal, −30 where their sum might overflow, else 0. */
function liftOf(x: f32): i32 {
  if (x < <f32>7.888609052210118e-31) return 30; // 2^-100
  return reinterpret<i32>(x) > LARGEST_RATIO_BITS ? -30 : 0;
}

/** x·2^up */
function lifted(x: f32, up: i32): f32 {
  return <f32>(<f64>x * power2(up));
}

/** `join` for one logarithm. */
export function joinOne(s: v128, k: i32): f64 {
  const log = join(
    s,
    f32x4.splat(<f32>k),
    v128.load32_splat(Q0),
    v128.load32_splat(Q1),
    v128.load32_splat(Q2),
    v128.load32_splat(Q3),
    v128.load32_splat(LN2_HIGH),
    v128.load32_splat(LN2_LOW),
  );
  return f32x4.extract_lane(log, 0);
}

/** The logarithm of what has no finite one: 0, +Infinity, a negative number or NaN. */
export function limit(x: f32): f64 {
  if (x === 0) return -Infinity;
  return x === Infinity ? Infinity : NaN;
}
