import { scaledExpOf } from "./math/exp";
import { centerOf, exponentsOf, floorsOf, roundsOf } from "./math/exp-block";
import { loadPair, narrow, upper } from "./math/lanes";
import { log1pPair } from "./math/scalar";
import { DOMINATED } from "./row";

/**
 * Softmax of four positions side by side, a lane of each vector for each: class c of all four stands in one vector,
 * `step` bytes from that of class c + 1. Every position has the bits that it has as a row of one block (row.ts): class c
 * goes to lane c mod 8 of its sum. What is gathered into vectors is left to the kernels: across.ts for
 * axes that aren't the last, and for narrow rows, turned, softmax.ts, log-sum-exp.ts, cross-entropy-narrow.ts,
 * cross-entropy-dense-narrow.ts and distillation-narrow.ts.
 *
 * `lanes` holds what comes out, in vectors of two f64: the sums of the stored exponentials at 0, those without the
 * largest at 32.
 */
export const LANES_BYTES: usize = 64;

/**
 * Rows of so few columns are turned and computed four at a time: on its own such a row leaves lanes empty, and spends
 * more on its maximum, sum and logarithm than on its exponentials. With `lanes` they fit the room of a row's state
 * (tests/backend/scratch.test.ts).
 */
export const NARROW: usize = 56;

/** Four rows of so many floats turned, to out; the largest of each, as maxOfFour has it. */
export function turnOfFour(x: usize, out: usize, classes: usize): v128 {
  const bytes = classes << 2;
  let max = f32x4.splat(-Infinity);
  for (const end = x + bytes; x < end; x += 4, out += 16) {
    const two = v128.load32_lane(x + bytes, v128.load32_zero(x), 1);
    const v = v128.load32_lane(x + 3 * bytes, v128.load32_lane(x + 2 * bytes, two, 2), 3);
    v128.store(out, v);
    max = f32x4.pmax(max, v);
  }
  return max;
}

/** The largest of each position, −Infinity for none; a NaN is passed over. */
export function maxOfFour(x: usize, classes: usize, step: usize): v128 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  let c: usize = 0;
  for (; c + 2 <= classes; c += 2, x += 2 * step) {
    a = f32x4.pmax(a, v128.load(x));
    b = f32x4.pmax(b, v128.load(x + step));
  }
  if (c < classes) a = f32x4.pmax(a, v128.load(x));
  return f32x4.pmax(a, b);
}

/**
 * Stores the scaled exponentials of the positions, as expBlock does for one, and their sums to `lanes`. Returns the
 * rounding constants, for peaksOfFour.
 */
export function expOfFour(
  x: usize,
  out: usize,
  classes: usize,
  step: usize,
  outStep: usize,
  max: v128,
  lanes: usize,
): v128 {
  const center = centerOf(max);
  const exponents = exponentsOf(max, center);
  const round = roundsOf(exponents);
  const floor = floorsOf(exponents);
  let to = out;
  let c: usize = 0;
  for (; c + 2 <= classes; c += 2, x += 2 * step, to += 2 * outStep) {
    const a = scaledExpOf(f32x4.pmax(f32x4.sub(v128.load(x), center), floor), round);
    const b = scaledExpOf(f32x4.pmax(f32x4.sub(v128.load(x + step), center), floor), round);
    v128.store(to, a);
    v128.store(to + outStep, b);
  }
  if (c < classes) v128.store(to, scaledExpOf(f32x4.pmax(f32x4.sub(v128.load(x), center), floor), round));
  v128.store(lanes, sumOfTwo(out, classes, outStep));
  v128.store(lanes, sumOfTwo(out + 8, classes, outStep), 16);
  return round;
}

/** The sums of two positions, class c in lane c mod 8: the order of sumBlock. */
function sumOfTwo(x: usize, classes: usize, step: usize): v128 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  let rest = classes;
  for (; rest >= 8; rest -= 8, x += step << 3) {
    s0 = f64x2.add(s0, loadPair(x));
    s1 = f64x2.add(s1, loadPair(x + step));
    s2 = f64x2.add(s2, loadPair(x + 2 * step));
    s3 = f64x2.add(s3, loadPair(x + 3 * step));
    s4 = f64x2.add(s4, loadPair(x + 4 * step));
    s5 = f64x2.add(s5, loadPair(x + 5 * step));
    s6 = f64x2.add(s6, loadPair(x + 6 * step));
    s7 = f64x2.add(s7, loadPair(x + 7 * step));
  }
  if (rest > 0) s0 = f64x2.add(s0, loadPair(x));
  if (rest > 1) s1 = f64x2.add(s1, loadPair(x + step));
  if (rest > 2) s2 = f64x2.add(s2, loadPair(x + 2 * step));
  if (rest > 3) s3 = f64x2.add(s3, loadPair(x + 3 * step));
  if (rest > 4) s4 = f64x2.add(s4, loadPair(x + 4 * step));
  if (rest > 5) s5 = f64x2.add(s5, loadPair(x + 5 * step));
  if (rest > 6) s6 = f64x2.add(s6, loadPair(x + 6 * step));
  const even = f64x2.add(f64x2.add(s0, s4), f64x2.add(s2, s6));
  return f64x2.add(even, f64x2.add(f64x2.add(s1, s5), f64x2.add(s3, s7)));
}

/** The stored exponential of each maximum, 0 for one of −Infinity. */
export function peaksOfFour(max: v128, round: v128): v128 {
  const peak = scaledExpOf(f32x4.sub(max, centerOf(max)), round);
  return v128.andnot(peak, f32x4.eq(max, f32x4.splat(-Infinity)));
}

/**
 * The sums without the largest term, to `lanes` + 32, given the stored exponentials. Where the largest dominates, the
 * difference would cancel: the sum is taken anew.
 */
export function restsOfFour(e: usize, classes: usize, step: usize, peaks: v128, lanes: usize): void {
  dominated(e, classes, step, peaks, lanes);
  dominated(e + 8, classes, step, upper(peaks), lanes + 16);
}

/** As above for two positions. */
function dominated(e: usize, classes: usize, step: usize, peaks: v128, lanes: usize): void {
  const peak = f64x2.promote_low_f32x4(peaks);
  const rest = f64x2.sub(v128.load(lanes), peak);
  const small = f64x2.lt(rest, f64x2.mul(peak, f64x2.splat(DOMINATED)));
  const kept = v128.any_true(small) ? v128.bitselect(sumExceptPeaks(e, classes, step, peaks), rest, small) : rest;
  v128.store(lanes, kept, 32);
}

/** Σ of the stored exponentials of two positions but those equal to the largest, class c in lane c mod 4 (sumExcept). */
function sumExceptPeaks(e: usize, classes: usize, step: usize, peaks: v128): v128 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let rest = classes;
  for (; rest >= 4; rest -= 4, e += step << 2) {
    s0 = f64x2.add(s0, pairExcept(e, peaks));
    s1 = f64x2.add(s1, pairExcept(e + step, peaks));
    s2 = f64x2.add(s2, pairExcept(e + 2 * step, peaks));
    s3 = f64x2.add(s3, pairExcept(e + 3 * step, peaks));
  }
  if (rest > 0) s0 = f64x2.add(s0, pairExcept(e, peaks));
  if (rest > 1) s1 = f64x2.add(s1, pairExcept(e + step, peaks));
  if (rest > 2) s2 = f64x2.add(s2, pairExcept(e + 2 * step, peaks));
  return f64x2.add(f64x2.add(s0, s2), f64x2.add(s1, s3));
}

function pairExcept(e: usize, peaks: v128): v128 {
  const v = v128.load64_zero(e);
  return f64x2.promote_low_f32x4(v128.and(v, f32x4.ne(v, peaks)));
}

/** Softmax in place. */
export function softmaxOfFour(x: usize, classes: usize, step: usize, lanes: usize): void {
  expOfFour(x, x, classes, step, step, maxOfFour(x, classes, step), lanes);
  const one = f64x2.splat(1);
  const factor = narrow(f64x2.div(one, v128.load(lanes)), f64x2.div(one, v128.load(lanes, 16)));
  for (let c: usize = 0; c < classes; c++, x += step) v128.store(x, f32x4.mul(v128.load(x), factor));
}

/** Log-softmax in place; e: 4·classes floats for the exponentials. */
export function logSoftmaxOfFour(x: usize, classes: usize, step: usize, e: usize, lanes: usize): void {
  const max = maxOfFour(x, classes, step);
  sharesOfFour(x, classes, step, max, e, lanes);
  const log = narrow(v128.load(lanes, 32), v128.load(lanes, 48));
  for (let c: usize = 0; c < classes; c++, x += step) {
    v128.store(x, f32x4.sub(f32x4.sub(v128.load(x), max), log));
  }
}

/** Log-sum-exp of four positions; e as above. */
export function logSumExpOfFour(x: usize, classes: usize, step: usize, e: usize, lanes: usize): v128 {
  const infinity = f32x4.splat(Infinity);
  const max = maxOfFour(x, classes, step);
  sharesOfFour(x, classes, step, max, e, lanes);
  const low = f64x2.add(f64x2.promote_low_f32x4(max), v128.load(lanes, 32));
  const high = f64x2.add(f64x2.promote_low_f32x4(upper(max)), v128.load(lanes, 48));
  const value = narrow(low, high);
  // A position of −Infinity alone has a sum of 0; a NaN in it would be in the sum too.
  const shares = narrow(v128.load(lanes), v128.load(lanes, 16));
  const nothing = v128.and(f32x4.eq(max, f32x4.neg(infinity)), f32x4.eq(shares, infinity));
  const top = f32x4.eq(max, infinity);
  if (!v128.any_true(top)) return v128.bitselect(max, value, nothing);
  // +Infinity, unless there is a NaN: then the sum of what is compared with itself shows it.
  let ordered = f32x4.eq(max, max);
  for (let c: usize = 0; c < classes; c++, x += step) ordered = v128.and(ordered, f32x4.eq(v128.load(x), v128.load(x)));
  return v128.bitselect(max, value, v128.or(nothing, v128.and(top, ordered)));
}

/**
 * The exponentials of four positions to e; and to `lanes`, in place of the sums, what makes probabilities of them, and
 * 32 bytes on log(Σ exp(x − max)).
 */
export function sharesOfFour(x: usize, classes: usize, step: usize, max: v128, e: usize, lanes: usize): void {
  const peaks = peaksOfFour(max, expOfFour(x, e, classes, step, 16, max, lanes));
  restsOfFour(e, classes, 16, peaks, lanes);
  sharesOfTwo(peaks, lanes);
  sharesOfTwo(upper(peaks), lanes + 16);
}

function sharesOfTwo(peaks: v128, lanes: usize): void {
  const peak = f64x2.promote_low_f32x4(peaks);
  const rest = v128.load(lanes, 32);
  v128.store(lanes, f64x2.div(f64x2.splat(1), f64x2.add(peak, rest)));
  v128.store(lanes, log1pPair(f64x2.div(rest, peak)), 32);
}

/** Zeros behind the last class of four turned rows, up to a multiple of four classes. */
export function padToFours(x: usize, classes: usize): void {
  for (; classes & 3; classes++) v128.store(x + (classes << 4), f32x4.splat(0));
}

/** a ← a·byA − b·byB of four positions, in float64 and rounded once; a factor's first two lanes are `low`. */
export function subtractOfFour(
  a: usize,
  b: usize,
  classes: usize,
  byALow: v128,
  byAHigh: v128,
  byBLow: v128,
  byBHigh: v128,
): void {
  for (const end = a + (classes << 4); a < end; a += 16, b += 16) {
    const low = f64x2.sub(f64x2.mul(loadPair(a), byALow), f64x2.mul(loadPair(b), byBLow));
    const high = f64x2.sub(f64x2.mul(loadPair(a + 8), byAHigh), f64x2.mul(loadPair(b + 8), byBHigh));
    v128.store(a, narrow(low, high));
  }
}
