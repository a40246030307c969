import { liftedExps, loweredExps } from "./math/exp-pass";
import { loadLanes, storeLanes } from "./math/lanes";
import { LOG1P, log1pUnit } from "./math/log1p";
import { joinOdds, limitOdds, reduceOdds } from "./math/logit";
import { BLOCK } from "./math/sum";

/**
 * The sigmoid and its kin, element by element. x, out: n floats, out may be x; e: scratch, 3·BLOCK + 4 floats. No difference
 * of near values is formed. The classes only name a function: they choose it at compile time, so that all four share the same
 * walk over blocks.
 */
class Sigmoid {}
class Softplus {}
class LogSigmoid {}
class Logit {}

const BYTES: usize = BLOCK << 2;

/** σ(x) = 1/(1 + exp(−x)) = c/(c + c·exp(−x)), c = 2^-32: where σ is subnormal, c·exp(−x) is still finite. */
export function sigmoid(x: usize, out: usize, n: usize, e: usize): void {
  map<Sigmoid>(x, out, n, e);
}

/** softplus(x) = log(1 + exp(x)) = max(x, 0) + log(1 + exp(−|x|)). */
export function softplus(x: usize, out: usize, n: usize, e: usize): void {
  map<Softplus>(x, out, n, e);
}

/** logSigmoid(x) = log σ(x) = −softplus(−x). */
export function logSigmoid(x: usize, out: usize, n: usize, e: usize): void {
  map<LogSigmoid>(x, out, n, e);
}

/** logit(p) = log(p/(1 − p)), the inverse of σ. */
export function logit(x: usize, out: usize, n: usize, e: usize): void {
  map<Logit>(x, out, n, e);
}

function map<F>(x: usize, out: usize, n: usize, e: usize): void {
  const rest = n & 3;
  const whole = n - rest;
  for (let i: usize = 0; i < whole; i += BLOCK) block<F>(x + (i << 2), out + (i << 2), min(whole - i, BLOCK), e);
  if (rest === 0) return;
  const room = e + 3 * BYTES;
  v128.store(room, loadLanes(x + (whole << 2), rest, f32x4.splat(0)));
  block<F>(room, room, 4, e);
  storeLanes(out + (whole << 2), rest, v128.load(room));
}

function block<F>(x: usize, out: usize, n: usize, e: usize): void {
  if (idof<F>() === idof<Sigmoid>()) {
    loweredExps(x, out, n);
    reciprocals(out, n);
  } else if (idof<F>() === idof<Logit>()) {
    const copy = e + 2 * BYTES;
    const limits = reduceOdds(x, e, e + BYTES, n);
    if (limits) memory.copy(copy, x, n << 2);
    joinOdds(x, e, e + BYTES, out, n);
    if (limits) limitOdds(copy, out, n);
  } else {
    liftedExps(x, e, n);
    const tiny = least(e, n) < LIFTED_STAND_IN;
    const from = tiny ? e + BYTES : e;
    if (tiny) replaceTiny(e, from, n);
    logarithms<F>(x, from, out, n);
    if (tiny) restoreTiny(e, out, n, idof<F>() === idof<LogSigmoid>());
  }
}

/**
 * c/(c + e), in place of e. A quotient that would be subnormal is made 2^149 times as large instead, since dividing down to a
 * subnormal number takes many times as long. Adding 2^23 then rounds it to an integer, the multiple of 2^-149 that it is: those
 * are the bits of the result.
 */
function reciprocals(e: usize, n: usize): void {
  const c = v128.load32_splat(C);
  const most = v128.load32_splat(MOST);
  const lift = v128.load32_splat(LIFT);
  const round = v128.load32_splat(ROUND);
  for (const end = e + (n << 2); e < end; e += 16) {
    const x = v128.load(e);
    const tiny = f32x4.gt(x, most);
    const dividend = i32x4.add(c, v128.and(lift, tiny));
    const grid = v128.and(round, tiny);
    v128.store(e, i32x4.sub(f32x4.add(f32x4.div(dividend, f32x4.add(c, x)), grid), grid));
  }
}

/** max(x, 0) + log(1 + e), or −(max(−x, 0) + log(1 + e)) */
function logarithms<F>(x: usize, e: usize, out: usize, n: usize): void {
  const zero = f32x4.splat(0);
  const minusZero = v128.load32_splat(MINUS_ZERO);
  const unlift = v128.load32_splat(UNLIFT);
  const half = v128.load32_splat(LOG1P);
  const one = v128.load32_splat(LOG1P + 4);
  const q0 = v128.load32_splat(LOG1P + 8);
  const q1 = v128.load32_splat(LOG1P + 12);
  const q2 = v128.load32_splat(LOG1P + 16);
  const ln2Hi = v128.load32_splat(LOG1P + 20);
  const ln2Lo = v128.load32_splat(LOG1P + 24);
  for (const end = x + (n << 2); x < end; x += 16, e += 16, out += 16) {
    const small = log1pUnit(f32x4.mul(v128.load(e), unlift), half, one, q0, q1, q2, ln2Hi, ln2Lo);
    if (idof<F>() === idof<LogSigmoid>()) v128.store(out, f32x4.sub(f32x4.pmin(minusZero, v128.load(x)), small));
    else v128.store(out, f32x4.add(f32x4.pmax(zero, v128.load(x)), small));
  }
}

/**
 * Squares and products of tiny exponentials e would be subnormal, or 0, which takes many times as long. So 2^-50 stands in
 * for the exponentials below it while logarithms are taken, and log(1 + e) = e replaces what comes of it afterwards.
 */
const STAND_IN: f32 = 8.881784197001252e-16; // 2^-50
const LIFTED_STAND_IN: f32 = 70368744177664; // 2^46

/** The smallest of n floats, n a multiple of 4; ignores NaN. */
function least(e: usize, n: usize): f32 {
  let a = f32x4.splat(Infinity);
  let b = a;
  const end = e + (n << 2);
  for (const last = e + ((n >> 4) << 6); e < last; e += 64) {
    a = f32x4.pmin(f32x4.pmin(a, v128.load(e)), v128.load(e, 16));
    b = f32x4.pmin(f32x4.pmin(b, v128.load(e, 32)), v128.load(e, 48));
  }
  for (; e < end; e += 16) a = f32x4.pmin(a, v128.load(e));
  a = f32x4.pmin(a, b);
  a = f32x4.pmin(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return min(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1));
}

/** Propagates NaN. */
function replaceTiny(e: usize, out: usize, n: usize): void {
  const standIn = f32x4.splat(LIFTED_STAND_IN);
  for (const end = e + (n << 2); e < end; e += 16, out += 16) v128.store(out, f32x4.pmax(v128.load(e), standIn));
}

/** Replaces the results ±2^-50, which stand for all that are no larger, by ±e·2^-96; subnormal ones as `reciprocals` does. */
function restoreTiny(e: usize, out: usize, n: usize, negative: bool): void {
  const standIn = f32x4.splat(negative ? -STAND_IN : STAND_IN);
  const sign = negative ? v128.load32_splat(MINUS_ZERO) : f32x4.splat(0);
  const unlift = v128.load32_splat(UNLIFT);
  const least = v128.load32_splat(LEAST_LIFTED);
  const lift = v128.load32_splat(LIFT);
  const round = v128.load32_splat(ROUND);
  for (const end = e + (n << 2); e < end; e += 16, out += 16) {
    const x = v128.load(e);
    const value = v128.load(out);
    const subnormal = f32x4.lt(x, least);
    const grid = v128.and(round, subnormal);
    const product = f32x4.mul(x, i32x4.add(unlift, v128.and(lift, subnormal)));
    const small = i32x4.sub(f32x4.add(product, grid), grid);
    v128.store(out, v128.bitselect(v128.or(small, sign), value, f32x4.eq(value, standIn)));
  }
}

// biome-ignore format: one constant a line
const F32: usize = memory.data<f32>([
  2.3283064365386963e-10, // 2^-32
  -0.0,
  1.262177448353619e-29, // 2^-96
  1.9807040628566084e28, // 2^94: 2^-32 divided by it is the smallest normal number
  4194304, // 2^22, whose bits are 149 in the exponent field: added to a float's bits it makes that 2^149 times as large
  8388608, // 2^23
  9.313225746154785e-10, // 2^-30: the smallest normal number, lifted
], 16);
const C: usize = F32;
const MINUS_ZERO: usize = F32 + 4;
const UNLIFT: usize = F32 + 8;
const MOST: usize = F32 + 12;
const LIFT: usize = F32 + 16;
const ROUND: usize = F32 + 20;
const LEAST_LIFTED: usize = F32 + 24;
