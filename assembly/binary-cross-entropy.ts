import { demote, loadLanes, storeLanes, upper } from "./math/lanes";
import { exponent } from "./math/log";
import {
  join,
  LIFT,
  LN2_HIGH,
  LN2_LOW,
  lift,
  NORMAL,
  ONE,
  PART,
  positive,
  Q0,
  Q1,
  Q2,
  Q3,
  quotient,
  UP,
} from "./math/log-pass";
import { onesF64, signBitsF64, sumOfLogs } from "./math/logistic";
import { BLOCK, total } from "./math/sum";

/**
 * Binary cross-entropy of given probabilities q with targets t, element by element:
 *
 *   −(t·log q + (1 − t)·log(1 − q)), times `unit`; gradient to q  (q − t)/(q·(1 − q)), times `scale`
 *
 * Logarithms in float32, in the two passes of math/log-pass.ts, what they are multiplied by in float64, where 1 − t is exact;
 * targets 0 and 1 need but a few, which are taken in float64 (sumOfHard). Gradients in float32 but for the divisor
 * (gradients). For log(1 − q) m is (1 − q)/2^k, and m − 1 = ((1 − 2^k) − q)/2^k has an exact dividend. Outside [0, 1] NaN.
 *
 * q, t: n floats. grad, losses: n floats, 0 for none; grad may be q. parts: scratch, 4·BLOCK + 16 floats. |scale|: from 2^-30
 * to 2^30. Returns start + Σ loss, cut as sigmoidCrossEntropy cuts. The classes only name which numbers a loop is for.
 */
class Usual {}
class Any {}

export function binaryCrossEntropy(
  q: usize,
  t: usize,
  grad: usize,
  losses: usize,
  parts: usize,
  n: usize,
  scale: f64,
  unit: f64,
  start: f64,
): f64 {
  const rest = n & 3;
  const whole = n - rest;
  for (let i: usize = 0; i < whole; i += BLOCK) {
    const at = i << 2;
    const count = min(whole - i, BLOCK);
    start += block(q + at, t + at, grad ? grad + at : 0, losses ? losses + at : 0, parts, count, scale, unit);
  }
  if (rest === 0) return start;
  // The last elements, in a vector filled up with q = t = 0, whose losses are 0.
  const at = whole << 2;
  const zero = f32x4.splat(0);
  const room = parts + 64;
  v128.store(room, loadLanes(q + at, rest, zero));
  v128.store(room, loadLanes(t + at, rest, zero), 16);
  start += block(room, room + 16, grad ? room + 32 : 0, losses ? room + 48 : 0, parts, 4, scale, unit);
  if (grad) storeLanes(grad + at, rest, v128.load(room, 32));
  if (losses) storeLanes(losses + at, rest, v128.load(room, 48));
  return start;
}

function block(q: usize, t: usize, grad: usize, losses: usize, parts: usize, n: usize, scale: f64, unit: f64): f64 {
  const hard = losses ? NOT_HARD : sumOfHard(q, t, n);
  const usual = hard < 0 && areUsual(q, t, n, LEAST_BITS);
  let sum = hard;
  if (hard < 0) sum = usual ? sumOf<Usual>(q, t, losses, parts, n, unit) : sumOf<Any>(q, t, losses, parts, n, unit);
  if (!grad) return sum * unit;
  if (usual || areUsual(q, t, n, LEAST_BITS_FOR_GRADIENT)) gradients<Usual>(q, t, grad, n, scale);
  else gradients<Any>(q, t, grad, n, scale);
  return sum * unit;
}

/** The least q that counts as usual, so that nothing underflows: 2^-40 for logarithms, 2^-90 for the gradient. */
const LEAST_BITS: i32 = 0x2b800000;
const LEAST_BITS_FOR_GRADIENT: i32 = 0x12800000;
const LEAST_FOR_GRADIENT: f32 = 8.077935669463161e-28; // 2^-90
const ONE_BITS: i32 = 0x3f800000;

/** Whether all q are below 1 and their bits at least `from`, and all t in [0, 1]: then no limit is reached. */
function areUsual(q: usize, t: usize, n: usize, from: i32): bool {
  const least = i32x4.splat(from);
  let probability = f32x4.splat(0);
  let target = probability;
  for (const end = q + (n << 2); q < end; q += 16, t += 16) {
    probability = i32x4.max_u(probability, i32x4.sub(v128.load(q), least));
    target = i32x4.max_u(target, v128.load(t));
  }
  // By their bits, negative numbers and NaN are above 1.
  const above = i32x4.ge_u(probability, i32x4.splat(ONE_BITS - from));
  return !v128.any_true(v128.or(above, i32x4.gt_u(target, i32x4.splat(ONE_BITS))));
}

const NOT_HARD: f64 = -1;
/** The bits of 2^-28, the least q with target 1 that sumOfHard takes. */
const LEAST_MISTAKE: i32 = 0x31800000;
/** Elements whose product is normal: 32 in a lane, none below 2^-28. */
const GROUP: usize = 128;

/**
 * The sum where every t is 0 or 1, no q is outside [0, 1], and no q with t = 1 between 0 and 2^-28; elsewhere NOT_HARD. It is
 * −log P, P = Π |1 − t − q|, so 128 elements take four logarithms. D = 1 − P is kept as well, D ← D·c + (1 − c) for a factor
 * c: all terms are positive, and small ones keep their digits beside 1. −log P = log(1 + D/P).
 */
function sumOfHard(q: usize, t: usize, n: usize): f64 {
  const one = onesF64();
  const ones = v128.load32_splat(ONE);
  const minusOne = i32x4.splat(-1);
  const zero = f32x4.splat(0);
  // `and` with a mask from memory, not f64x2.abs, whose mask JavaScriptCore builds anew each time: 0.85 of the time.
  const mask = v128.not(signBitsF64());
  const nothing = f64x2.splat(0);
  let sum: f64 = 0;
  for (const end = q + (n << 2); q < end; ) {
    let low = one;
    let high = one;
    let lowRest = nothing;
    let highRest = nothing;
    let most = zero;
    let least = ones;
    let soft = zero;
    for (const last = min(q + (GROUP << 2), end); q < last; q += 16, t += 16) {
      const probability = f32x4.add(v128.load(q), zero);
      const target = v128.load(t);
      most = i32x4.max_u(most, probability);
      least = i32x4.min_u(least, i32x4.add(f32x4.mul(target, probability), minusOne));
      soft = v128.or(soft, f32x4.mul(target, f32x4.sub(ones, target)));
      const targetLow = f64x2.promote_low_f32x4(target);
      const targetHigh = f64x2.promote_low_f32x4(upper(target));
      const probabilityLow = f64x2.promote_low_f32x4(probability);
      const probabilityHigh = f64x2.promote_low_f32x4(upper(probability));
      const factorLow = v128.and(f64x2.sub(f64x2.sub(one, targetLow), probabilityLow), mask);
      const factorHigh = v128.and(f64x2.sub(f64x2.sub(one, targetHigh), probabilityHigh), mask);
      low = f64x2.mul(low, factorLow);
      high = f64x2.mul(high, factorHigh);
      lowRest = f64x2.add(f64x2.mul(lowRest, factorLow), v128.and(f64x2.sub(targetLow, probabilityLow), mask));
      highRest = f64x2.add(f64x2.mul(highRest, factorHigh), v128.and(f64x2.sub(targetHigh, probabilityHigh), mask));
    }
    // By their bits, negative numbers and NaN are above 1, and 0 less 1 above all.
    const beyond = i32x4.gt_u(most, i32x4.splat(ONE_BITS));
    const mistaken = i32x4.lt_u(least, i32x4.splat(LEAST_MISTAKE - 1));
    if (v128.any_true(v128.or(v128.or(beyond, mistaken), f32x4.ne(soft, zero)))) return NOT_HARD;
    sum += sumOfLogs(f64x2.div(lowRest, low), f64x2.div(highRest, high));
  }
  return sum;
}

/** In nats, but for what is written to `losses`. */
function sumOf<T>(q: usize, t: usize, losses: usize, parts: usize, n: usize, unit: f64): f64 {
  reduce<T>(q, parts, n);
  const q0 = v128.load32_splat(Q0);
  const q1 = v128.load32_splat(Q1);
  const q2 = v128.load32_splat(Q2);
  const q3 = v128.load32_splat(Q3);
  const ln2Hi = v128.load32_splat(LN2_HIGH);
  const ln2Lo = v128.load32_splat(LN2_LOW);
  const one = onesF64();
  const by = f64x2.splat(unit);
  let low = f64x2.splat(0);
  let high = low;
  for (const end = t + (n << 2); t < end; t += 16, parts += 16) {
    const hit = join(v128.load(parts), v128.load(parts, PART), q0, q1, q2, q3, ln2Hi, ln2Lo);
    const s = v128.load(parts, 2 * PART);
    const tiny = tinyOnly(s);
    const rest = idof<T>() === idof<Any>() ? v128.xor(s, tiny) : s;
    let miss = join(rest, v128.load(parts, 3 * PART), q0, q1, q2, q3, ln2Hi, ln2Lo);
    if (idof<T>() === idof<Any>()) miss = f32x4.sub(miss, tiny);
    const given = v128.load(t);
    const target = idof<T>() === idof<Any>() ? v128.or(given, notProbability(given)) : given;
    const gainLow = gainsOf<T>(target, hit, miss, one);
    const gainHigh = gainsOf<T>(upper(target), upper(hit), upper(miss), one);
    low = f64x2.sub(low, gainLow);
    high = f64x2.sub(high, gainHigh);
    if (losses) {
      const loss = demote(f64x2.mul(gainLow, by), f64x2.mul(gainHigh, by));
      v128.store(losses, f32x4.sub(f32x4.splat(0), loss));
      losses += 16;
    }
  }
  return total(low, high);
}

/** Below it log(1 − q) is −q, and q is stored in place of s, which can be told from it: no other s above 0 is as small. */
const TINY_PROBABILITY: f32 = 9.313225746154785e-10; // 2^-30

/** Where s is such a q, that; else 0. */
function tinyOnly(s: v128): v128 {
  return v128.and(s, v128.and(f32x4.gt(s, f32x4.splat(0)), f32x4.lt(s, f32x4.splat(TINY_PROBABILITY))));
}

/** t·log q + (1 − t)·log(1 − q) of the lower two lanes. */
function gainsOf<T>(t: v128, hit: v128, miss: v128, one: v128): v128 {
  const target = f64x2.promote_low_f32x4(t);
  const hits = weigh<T>(target, f64x2.promote_low_f32x4(hit));
  return f64x2.add(hits, weigh<T>(f64x2.sub(one, target), f64x2.promote_low_f32x4(miss)));
}

/** What weighs 0 counts for nothing, though it be infinite. */
function weigh<T>(weight: v128, log: v128): v128 {
  const product = f64x2.mul(weight, log);
  return idof<T>() === idof<Any>() ? v128.and(product, f64x2.ne(weight, f64x2.splat(0))) : product;
}

/** Stores s and, PART bytes on, k of log q; then those of log(1 − q). A limit has an infinite k, or NaN. */
function reduce<T>(q: usize, parts: usize, n: usize): void {
  const one = v128.load32_splat(ONE);
  for (const end = q + (n << 2); q < end; q += 16, parts += 16) {
    const x = v128.load(q);
    const y = idof<T>() === idof<Any>() ? lift(x, v128.load32_splat(UP), v128.load32_splat(NORMAL)) : x;
    const k = exponent(y);
    v128.store(parts, quotient(y, k));
    const count = idof<T>() === idof<Any>() ? i32x4.sub(k, v128.load32_splat(LIFT)) : k;
    v128.store(parts, limit<T>(count, x, f32x4.splat(0)), PART);
    const miss = f32x4.sub(one, x);
    const restK = exponent(idof<T>() === idof<Any>() ? positive(miss) : miss);
    const s = restQuotient(x, restK);
    const rest = idof<T>() === idof<Any>() ? v128.bitselect(x, s, f32x4.lt(x, f32x4.splat(TINY_PROBABILITY))) : s;
    v128.store(parts, rest, 2 * PART);
    v128.store(parts, limit<T>(restK, x, one), 3 * PART);
  }
}

/** k as a float: −Infinity where q is `at`, NaN where it is no probability. */
function limit<T>(k: v128, q: v128, at: v128): v128 {
  const count = f32x4.convert_i32x4_s(k);
  if (idof<T>() !== idof<Any>()) return count;
  return v128.or(notProbability(q), v128.bitselect(f32x4.splat(-Infinity), count, f32x4.eq(q, at)));
}

/** ((1 − 2^k) − q)/((1 − 2^k) − q + 2·2^k) */
function restQuotient(q: v128, k: v128): v128 {
  const one = v128.load32_splat(ONE);
  const power = i32x4.add(i32x4.shl(k, 23), one);
  const f = f32x4.sub(f32x4.sub(one, power), q);
  return f32x4.div(f, f32x4.add(f32x4.add(power, power), f));
}

/** All ones, which is a NaN, for numbers outside [0, 1]. */
function notProbability(x: v128): v128 {
  return v128.not(v128.and(f32x4.ge(x, f32x4.splat(0)), f32x4.le(x, f32x4.splat(1))));
}

/** Gradients: in float32 but for the divisor, which is float64 and rounded once. No quotient of usual numbers is subnormal. */
function gradients<T>(q: usize, t: usize, grad: usize, n: usize, scale: f64): void {
  const one = onesF64();
  const by = f64x2.splat(1 / scale);
  for (const end = q + (n << 2); q < end; q += 16, t += 16, grad += 16) {
    const probability = v128.load(q);
    const target = v128.load(t);
    const below = demote(divisorsOf(probability, one, by), divisorsOf(upper(probability), one, by));
    const slope = f32x4.div(f32x4.sub(probability, target), below);
    v128.store(grad, idof<T>() === idof<Any>() ? slopesOfAny(probability, target, slope, scale) : slope);
  }
}

/** q·(1 − q)/scale of the lower two lanes. */
function divisorsOf(probability: v128, one: v128, by: v128): v128 {
  const q = f64x2.promote_low_f32x4(probability);
  return f64x2.mul(f64x2.mul(q, f64x2.sub(one, q)), by);
}

/** `slope` where q and t are usual, and everywhere else what float64 makes. */
function slopesOfAny(probability: v128, target: v128, slope: v128, scale: f64): v128 {
  // Adding 0 makes +0 of −0, so that a quotient by it has the sign that it has by +0.
  const q = f32x4.add(probability, f32x4.splat(0));
  const by = f64x2.splat(scale);
  const other = demote(slopesOf(q, target, by), slopesOf(upper(q), upper(target), by));
  const outside = v128.or(notProbability(q), notProbability(target));
  const usual = v128.and(f32x4.ge(q, f32x4.splat(LEAST_FOR_GRADIENT)), f32x4.lt(q, f32x4.splat(1)));
  return v128.bitselect(slope, v128.or(other, outside), v128.andnot(usual, outside));
}

/**
 * Of the lower two lanes. For a hard target one factor cancels, and with it the 0/0 where the prediction is right and
 * certain.
 */
function slopesOf(probability: v128, target: v128, by: v128): v128 {
  const q = f64x2.promote_low_f32x4(probability);
  const t = f64x2.promote_low_f32x4(target);
  const one = f64x2.splat(1);
  const rest = f64x2.sub(one, q);
  const atOne = f64x2.eq(t, one);
  const atZero = f64x2.eq(t, f64x2.splat(0));
  const above = v128.bitselect(one, v128.bitselect(f64x2.splat(-1), f64x2.sub(q, t), atOne), atZero);
  const below = v128.bitselect(rest, v128.bitselect(q, f64x2.mul(q, rest), atOne), atZero);
  return f64x2.div(f64x2.mul(above, by), below);
}
