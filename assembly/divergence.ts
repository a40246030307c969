import { loadLanes, storeLanes } from "./math/lanes";
import { log } from "./math/log";
import { logRatio } from "./math/log-ratio";
import { log1p } from "./math/log1p";
import { addHigh, addLow, BLOCK, total } from "./math/sum";

/**
 * Entropy and divergences of given distributions, in nats, a sum over n elements: start + Σ term, blocks of BLOCK summed
 * on their own and added in order. 0·log 0 = 0; mass of p where q has none gives +Infinity; a negative number NaN.
 *
 * p, q: n floats. grad: n floats, the gradient to q times `scale`, 0 for none; it may be q. The classes below only name
 * what a loop computes: they choose the term at compile time.
 */
class Entropy {}
class Cross {}
class Kl {}
class Jensen {}

/** −Σ p·log p */
export function entropy(p: usize, n: usize, start: f64): f64 {
  return sumOf<Entropy>(p, p, n, start);
}

/** −Σ p·log q, gradient −p/q */
export function crossEntropy(p: usize, q: usize, grad: usize, n: usize, scale: f32, start: f64): f64 {
  const sum = sumOf<Cross>(p, q, n, start);
  if (grad) gradientOf<Cross>(p, q, grad, n, scale);
  return sum;
}

/** Σ p·log(p/q), gradient −p/q */
export function klDivergence(p: usize, q: usize, grad: usize, n: usize, scale: f32, start: f64): f64 {
  const sum = sumOf<Kl>(p, q, n, start);
  if (grad) gradientOf<Kl>(p, q, grad, n, scale);
  return sum;
}

/** ½·Σ (p·log(p/m) + q·log(q/m)), m = (p + q)/2, gradient ½·log(q/m) */
export function jensenShannon(p: usize, q: usize, grad: usize, n: usize, scale: f32, start: f64): f64 {
  const sum = sumOf<Jensen>(p, q, n, start);
  if (grad) gradientOf<Jensen>(p, q, grad, n, scale);
  return sum;
}

function sumOf<T>(p: usize, q: usize, n: usize, start: f64): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) start += blockOf<T>(p + (i << 2), q + (i << 2), min(n - i, BLOCK));
  return start;
}

function blockOf<T>(p: usize, q: usize, n: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: usize = 0; i < n; i += 4, p += 16, q += 16) {
    const count = min(n - i, 4);
    const zero = f32x4.splat(0);
    const a = count === 4 ? v128.load(p) : loadLanes(p, count, zero);
    const b = count === 4 ? v128.load(q) : loadLanes(q, count, zero);
    const term = termOf<T>(a, b);
    low = addLow(low, term);
    high = addHigh(high, term);
  }
  return total(low, high);
}

function termOf<T>(p: v128, q: v128): v128 {
  const zero = f32x4.splat(0);
  if (idof<T>() === idof<Entropy>()) return v128.and(f32x4.neg(f32x4.mul(p, log(p))), f32x4.ne(p, zero));
  // All ones is a NaN.
  const bad = v128.or(f32x4.lt(p, zero), v128.or(f32x4.lt(q, zero), f32x4.ne(q, q)));
  if (idof<T>() === idof<Jensen>()) {
    const some = v128.or(f32x4.ne(p, zero), f32x4.ne(q, zero));
    const ofP = v128.and(f32x4.mul(p, logToMean(p, q)), f32x4.ne(p, zero));
    const ofQ = v128.and(f32x4.mul(q, logToMean(q, p)), f32x4.ne(q, zero));
    return v128.or(v128.and(f32x4.mul(f32x4.splat(0.5), f32x4.add(ofP, ofQ)), some), bad);
  }
  const log2 = idof<T>() === idof<Kl>() ? logRatio(p, q) : f32x4.neg(log(q));
  return v128.or(v128.and(f32x4.mul(p, log2), f32x4.ne(p, zero)), bad);
}

/** log(p/m), m = (p + q)/2: where p is near q, log(1 + d) with d = (p − q)/(p + q), which the rounding of m can't spoil. */
function logToMean(p: v128, q: v128): v128 {
  const sum = f32x4.add(p, q);
  const d = f32x4.div(f32x4.sub(p, q), sum);
  return v128.bitselect(log1p(d), logRatio(f32x4.add(p, p), sum), f32x4.lt(f32x4.abs(d), f32x4.splat(0.5)));
}

function gradientOf<T>(p: usize, q: usize, grad: usize, n: usize, scale: f32): void {
  const by = f32x4.splat(scale);
  for (let i: usize = 0; i < n; i += 4, p += 16, q += 16, grad += 16) {
    const count = min(n - i, 4);
    const zero = f32x4.splat(0);
    const a = count === 4 ? v128.load(p) : loadLanes(p, count, zero);
    const b = count === 4 ? v128.load(q) : loadLanes(q, count, zero);
    const g = f32x4.mul(slopeOf<T>(a, b), by);
    if (count === 4) v128.store(grad, g);
    else storeLanes(grad, count, g);
  }
}

/** Where neither has mass nothing changes: 0. */
function slopeOf<T>(p: v128, q: v128): v128 {
  const zero = f32x4.splat(0);
  const bad = v128.or(f32x4.lt(p, zero), f32x4.lt(q, zero));
  if (idof<T>() === idof<Jensen>()) {
    const some = v128.or(f32x4.ne(p, zero), f32x4.ne(q, zero));
    return v128.or(v128.and(f32x4.mul(f32x4.splat(0.5), logToMean(q, p)), some), bad);
  }
  return v128.or(v128.and(f32x4.neg(f32x4.div(p, q)), f32x4.ne(p, zero)), bad);
}

/**
 * Binary cross-entropy of given probabilities q with targets t, element by element: −[t·log q + (1 − t)·log(1 − q)],
 * gradient (q − t)/(q(1 − q)) times `scale`. losses, grad: n floats, 0 for none; grad may be q. Returns start + Σ loss.
 */
export function binaryCrossEntropy(
  q: usize,
  t: usize,
  grad: usize,
  losses: usize,
  n: usize,
  scale: f32,
  start: f64,
): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    start += binaryBlock(q + at, t + at, grad ? grad + at : 0, losses ? losses + at : 0, min(n - i, BLOCK), scale);
  }
  return start;
}

function binaryBlock(q: usize, t: usize, grad: usize, losses: usize, n: usize, scale: f32): f64 {
  const by = f32x4.splat(scale);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: usize = 0; i < n; i += 4) {
    const at = i << 2;
    const count = min(n - i, 4);
    const zero = f32x4.splat(0);
    const chance = count === 4 ? v128.load(q + at) : loadLanes(q + at, count, zero);
    const target = count === 4 ? v128.load(t + at) : loadLanes(t + at, count, zero);
    const loss = binaryLoss(chance, target);
    low = addLow(low, loss);
    high = addHigh(high, loss);
    if (grad) {
      const g = f32x4.mul(binarySlope(chance, target), by);
      if (count === 4) v128.store(grad + at, g);
      else storeLanes(grad + at, count, g);
    }
    if (losses) {
      if (count === 4) v128.store(losses + at, loss);
      else storeLanes(losses + at, count, loss);
    }
  }
  return total(low, high);
}

function binaryLoss(q: v128, t: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const other = f32x4.sub(one, t);
  const hit = v128.and(f32x4.mul(t, log(q)), f32x4.ne(t, zero));
  const miss = v128.and(f32x4.mul(other, log1p(f32x4.neg(q))), f32x4.ne(other, zero));
  return v128.or(f32x4.sub(zero, f32x4.add(hit, miss)), noChance(q, t));
}

function binarySlope(q: v128, t: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const rest = f32x4.sub(one, q);
  const between = f32x4.div(f32x4.sub(q, t), f32x4.mul(q, rest));
  const atOne = v128.bitselect(f32x4.neg(f32x4.div(one, q)), between, f32x4.eq(t, one));
  return v128.or(v128.bitselect(f32x4.div(one, rest), atOne, f32x4.eq(t, zero)), noChance(q, t));
}

/** All ones, a NaN, where q or t lies outside [0, 1] or is a NaN. */
function noChance(q: v128, t: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  const fine = v128.and(v128.and(f32x4.ge(q, zero), f32x4.le(q, one)), v128.and(f32x4.ge(t, zero), f32x4.le(t, one)));
  return v128.not(fine);
}
