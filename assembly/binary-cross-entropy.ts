import { loadLanes, loadUpTo, narrow, storeUpTo, upper } from "./math/lanes";
import { exponent } from "./math/log";
import {
  join,
  K,
  LIFT,
  LN2_HIGH,
  LN2_LOW,
  lift,
  NORMAL,
  ONE,
  positive,
  Q0,
  Q1,
  Q2,
  Q3,
  quotient,
  UP,
} from "./math/log-pass";
import { onesF64 } from "./math/logistic";
import { BLOCK, total } from "./math/sum";

/**
 * Binary cross-entropy of given probabilities q with targets t, element by element:
 *
 *   −(t·log q + (1 − t)·log(1 − q)), times `unit`; gradient to q  (q − t)/(q·(1 − q)), times `scale`
 *
 * Logarithms in float32, in the two passes of math/log-pass.ts, the rest in float64, where 1 − t is exact. For log(1 − q)
 * m is (1 − q)/2^k, and m − 1 = ((1 − 2^k) − q)/2^k has an exact dividend. Outside [0, 1] NaN.
 *
 * q, t: n floats. grad, losses: n floats, 0 for none; grad may be q. e: scratch, 4·BLOCK + 16 floats. Returns start +
 * Σ loss, in blocks of BLOCK. The classes only name which numbers a loop is for.
 */
class Usual {}
class Any {}

export function binaryCrossEntropy(
  q: usize,
  t: usize,
  grad: usize,
  losses: usize,
  e: usize,
  n: usize,
  scale: f64,
  unit: f64,
  start: f64,
): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    const to = losses ? losses + at : 0;
    const sum = usual(q + at, t + at, count)
      ? sumOf<Usual>(q + at, t + at, to, e, count, unit)
      : sumOf<Any>(q + at, t + at, to, e, count, unit);
    start += sum * unit;
    if (grad) gradients(q + at, t + at, grad + at, count, scale);
  }
  return start;
}

const LEAST_BITS: i32 = 0x2b800000; // of 2^-40
const ONE_BITS: i32 = 0x3f800000;

/** Whether all q are in [2^-40, 1) and all t in [0, 1]: no limits, and nothing that underflows. */
function usual(q: usize, t: usize, n: usize): bool {
  const least = i32x4.splat(LEAST_BITS);
  let chance = f32x4.splat(0);
  let target = chance;
  for (const end = q + (n << 2); q < end; q += 16, t += 16) {
    const all = q + 16 <= end;
    chance = i32x4.max_u(chance, i32x4.sub(all ? v128.load(q) : loadLanes(q, (end - q) >> 2, least), least));
    target = i32x4.max_u(target, all ? v128.load(t) : loadLanes(t, (end - q) >> 2, least));
  }
  // By their bits, negative numbers and NaN are above 1.
  const above = i32x4.ge_u(chance, i32x4.splat(ONE_BITS - LEAST_BITS));
  return !v128.any_true(v128.or(above, i32x4.gt_u(target, i32x4.splat(ONE_BITS))));
}

/** In nats, but for what is written to `losses`. */
function sumOf<T>(q: usize, t: usize, losses: usize, e: usize, n: usize, unit: f64): f64 {
  reduce<T>(q, e, n);
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
  for (const end = t + (n << 2); t < end; t += 16, e += 16) {
    const hit = join(v128.load(e), v128.load(e, K), q0, q1, q2, q3, ln2Hi, ln2Lo);
    const s = v128.load(e, 2 * K);
    const tiny = tinyOnly(s);
    const rest = idof<T>() === idof<Any>() ? v128.xor(s, tiny) : s;
    let miss = join(rest, v128.load(e, 3 * K), q0, q1, q2, q3, ln2Hi, ln2Lo);
    if (idof<T>() === idof<Any>()) miss = f32x4.sub(miss, tiny);
    const given = loadUpTo(t, end);
    const target = idof<T>() === idof<Any>() ? v128.or(given, notChance(given)) : given;
    const gainLow = gainsOf<T>(target, hit, miss, one);
    const gainHigh = gainsOf<T>(upper(target), upper(hit), upper(miss), one);
    low = f64x2.sub(low, gainLow);
    high = f64x2.sub(high, gainHigh);
    if (losses) {
      const loss = narrow(f64x2.mul(gainLow, by), f64x2.mul(gainHigh, by));
      storeUpTo(losses, end - t, f32x4.sub(f32x4.splat(0), loss));
      losses += 16;
    }
  }
  return total(low, high);
}

/** Below it log(1 − q) is −q, and q stands in place of s: no other s above 0 is as small. */
const TINY_CHANCE: f32 = 9.313225746154785e-10; // 2^-30

function tinyOnly(s: v128): v128 {
  return v128.and(s, v128.and(f32x4.gt(s, f32x4.splat(0)), f32x4.lt(s, f32x4.splat(TINY_CHANCE))));
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

/** Stores s and, K bytes on, k of log q; then those of log(1 − q). A limit has an infinite k, or NaN. */
function reduce<T>(q: usize, e: usize, n: usize): void {
  const one = v128.load32_splat(ONE);
  for (const end = q + (n << 2); q < end; q += 16, e += 16) {
    const x = loadUpTo(q, end);
    const y = idof<T>() === idof<Any>() ? lift(x, v128.load32_splat(UP), v128.load32_splat(NORMAL)) : x;
    const k = exponent(y);
    v128.store(e, quotient(y, k));
    const count = idof<T>() === idof<Any>() ? i32x4.sub(k, v128.load32_splat(LIFT)) : k;
    v128.store(e, limit<T>(count, x, f32x4.splat(0)), K);
    const miss = f32x4.sub(one, x);
    const restK = exponent(idof<T>() === idof<Any>() ? positive(miss) : miss);
    const s = restQuotient(x, restK);
    const rest = idof<T>() === idof<Any>() ? v128.bitselect(x, s, f32x4.lt(x, f32x4.splat(TINY_CHANCE))) : s;
    v128.store(e, rest, 2 * K);
    v128.store(e, limit<T>(restK, x, one), 3 * K);
  }
}

/** k as a float: −Infinity where q is `at`, NaN where it is no probability. */
function limit<T>(k: v128, q: v128, at: v128): v128 {
  const count = f32x4.convert_i32x4_s(k);
  if (idof<T>() !== idof<Any>()) return count;
  return v128.or(notChance(q), v128.bitselect(f32x4.splat(-Infinity), count, f32x4.eq(q, at)));
}

/** ((1 − 2^k) − q)/((1 − 2^k) − q + 2·2^k) */
function restQuotient(q: v128, k: v128): v128 {
  const one = v128.load32_splat(ONE);
  const power = i32x4.add(i32x4.shl(k, 23), one);
  const f = f32x4.sub(f32x4.sub(one, power), q);
  return f32x4.div(f, f32x4.add(f32x4.add(power, power), f));
}

/** All ones, a NaN, for numbers outside [0, 1]. */
function notChance(x: v128): v128 {
  return v128.not(v128.and(f32x4.ge(x, f32x4.splat(0)), f32x4.le(x, f32x4.splat(1))));
}

function gradients(q: usize, t: usize, grad: usize, n: usize, scale: f64): void {
  const by = f64x2.splat(scale);
  for (const end = q + (n << 2); q < end; q += 16, t += 16, grad += 16) {
    const bytes = end - q;
    // To add 0 makes 0 of −0: a quotient is as infinite, and −.
    const chance = f32x4.add(loadUpTo(q, end), f32x4.splat(0));
    const target = loadUpTo(t, t + bytes);
    const slope = narrow(slopesOf(chance, target, by), slopesOf(upper(chance), upper(target), by));
    storeUpTo(grad, bytes, v128.or(slope, v128.or(notChance(chance), notChance(target))));
  }
}

/**
 * Of the lower two lanes. For a hard target one factor cancels, and with it the 0/0 where the prediction is right and
 * certain.
 */
function slopesOf(chance: v128, target: v128, by: v128): v128 {
  const q = f64x2.promote_low_f32x4(chance);
  const t = f64x2.promote_low_f32x4(target);
  const one = f64x2.splat(1);
  const rest = f64x2.sub(one, q);
  const atOne = f64x2.eq(t, one);
  const atZero = f64x2.eq(t, f64x2.splat(0));
  const above = v128.bitselect(one, v128.bitselect(f64x2.splat(-1), f64x2.sub(q, t), atOne), atZero);
  const below = v128.bitselect(rest, v128.bitselect(q, f64x2.mul(q, rest), atOne), atZero);
  return f64x2.div(f64x2.mul(above, by), below);
}
