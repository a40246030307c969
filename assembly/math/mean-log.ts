import { loadUpTo } from "./lanes";
import { exponentGap, joinOne, lift, limit, NORMAL, ONE, PART, pad, roundedGap } from "./log-pass";
import { power2 } from "./scalar";

/**
 * log(x/m), m = (p + q)/2, where x is the smaller of p and q, and where it is the larger.
 *
 * As in log-pass.ts, with near = m·2^k, s = (x − near)/(x + near) = t/(4·x − t), t = 2·(x − near). Where k is 0, t is ±(p − q).
 * For the larger number k is 0; or 1, if that is more than twice the smaller one, and then t is −2 times the smaller one. So
 * neither t has the rounding of p + q. Arguments are made 2^60 larger, so that no difference is subnormal.
 *
 * parts: scratch, 4·BLOCK + 16 floats: s and k of the smaller numbers, then of the larger ones. The classes only name what a
 * loop is for.
 */
class Usual {}
class Tiny {}

/** The bits of the largest argument: just below 2^65. */
export const LARGEST_MEAN_BITS: i32 = 0x5fffffff;

const LIFT: i32 = 60;
const LEAST: f32 = 7.52316384526264e-37; // 2^-120: stands for 0

// biome-ignore format: one constant a line
const C: usize = memory.data<f32>([
  1.6155871338926322e-27, // 2^-89: the smallest number, lifted
  1.4551915228366852e-11, // 2^-36
  -2,
  4,
], 16);
const SMALLEST: usize = C;
const NOTHING: usize = C + 4;
const MINUS_TWO: usize = C + 8;
const FOUR: usize = C + 12;

const UP: usize = memory.data<i32>([0x1e000000], 16); // 60 in the exponent

/** The first pass: stores the parts of both logarithms. `tiny`: whether any number may be subnormal or 0. */
export function reduceMeanLogs(p: usize, q: usize, parts: usize, n: usize, tiny: bool): void {
  if (tiny) reduce<Tiny>(p, q, parts, n);
  else reduce<Usual>(p, q, parts, n);
}

function reduce<N>(p: usize, q: usize, parts: usize, n: usize): void {
  const least = f32x4.splat(LEAST);
  const smallest = v128.load32_splat(SMALLEST);
  const normal = v128.load32_splat(NORMAL);
  const up = v128.load32_splat(UP);
  for (const end = p + (n << 2); p < end; p += 16, q += 16, parts += 16) {
    const a = loadUpTo(p, end);
    const b = loadUpTo(q, q + end - p);
    const smaller = f32x4.pmax(least, raised<N>(i32x4.min_s(a, b), up, normal));
    const larger = f32x4.pmax(smallest, raised<N>(i32x4.max_s(a, b), up, normal));
    const sum = f32x4.add(smaller, larger);
    const twice = f32x4.add(smaller, smaller);
    const k = exponentGap(twice, sum);
    v128.store(parts, smallerQuotient(twice, sum, f32x4.sub(smaller, larger), k, k));
    v128.store(parts, f32x4.convert_i32x4_s(k), PART);
    const far = f32x4.lt(twice, larger);
    v128.store(parts, largerQuotient(smaller, larger, far), 2 * PART);
    v128.store(parts, v128.and(v128.load32_splat(ONE), far), 3 * PART);
  }
  pad(parts);
  pad(parts + 2 * PART);
}

/** x·2^60 */
function raised<N>(x: v128, up: v128, normal: v128): v128 {
  return idof<N>() === idof<Tiny>() ? lift(x, up, normal) : i32x4.add(x, up);
}

/** s of the smaller number, given twice that number; near is half of sum·2^shift. */
function smallerQuotient(twice: v128, sum: v128, difference: v128, k: v128, shift: v128): v128 {
  const apart = f32x4.sub(twice, i32x4.add(sum, i32x4.shl(shift, 23)));
  const t = v128.bitselect(difference, apart, i32x4.eq(k, i32x4.splat(0)));
  return f32x4.div(t, f32x4.sub(f32x4.add(twice, twice), t));
}

/** s of the larger number. A smaller one that makes no difference is raised: s² might underflow, which takes its time. */
function largerQuotient(smaller: v128, larger: v128, far: v128): v128 {
  const counts = f32x4.pmax(smaller, f32x4.mul(larger, v128.load32_splat(NOTHING)));
  const t = v128.bitselect(f32x4.mul(counts, v128.load32_splat(MINUS_TWO)), f32x4.sub(larger, smaller), far);
  return f32x4.div(t, f32x4.sub(f32x4.mul(larger, v128.load32_splat(FOUR)), t));
}

/** log(smaller/m), 0 < smaller ≤ larger. */
export function logOfSmaller(smaller: f32, larger: f32): f64 {
  if (larger === Infinity) return limit(smaller / larger);
  const up = liftOf(smaller);
  const upSum = liftOf(larger);
  const x = lifted(smaller, upSum);
  const y = lifted(larger, upSum);
  const twice = <f32>2 * lifted(smaller, up);
  const gap = <i64>reinterpret<i32>(twice) - <i64>reinterpret<i32>(x + y) - ((<i64>(up - upSum)) << 23);
  const k = roundedGap(gap);
  const numbers = k === 0 ? x + x : twice;
  const s = smallerQuotient(
    f32x4.splat(numbers),
    f32x4.splat(x + y),
    f32x4.splat(x - y),
    i32x4.splat(k),
    i32x4.splat(k + up - upSum),
  );
  return joinOne(s, k);
}

/** log(larger/m), 0 ≤ smaller ≤ larger, larger above 0. */
export function logOfLarger(smaller: f32, larger: f32): f64 {
  if (larger === Infinity) return NaN;
  const up = liftOf(larger);
  const x = lifted(smaller, up);
  const y = lifted(larger, up);
  const far = x + x < y;
  return joinOne(largerQuotient(f32x4.splat(x), f32x4.splat(y), i32x4.splat(far ? -1 : 0)), far ? 1 : 0);
}

function liftOf(x: f32): i32 {
  return reinterpret<i32>(x) > LARGEST_MEAN_BITS ? -30 : LIFT;
}

/** x·2^up, as large as LEAST at least. */
function lifted(x: f32, up: i32): f32 {
  return max(LEAST, <f32>(<f64>x * power2(up)));
}
