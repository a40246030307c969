import { expMinus } from "./math/exp";
import { loadLanes, storeLanes } from "./math/lanes";
import { log1pUnit } from "./math/log1p";
import { addHigh, addLow, BLOCK, total } from "./math/sum";

/**
 * Sigmoid cross-entropy from logits, element by element, loss and gradient together. With e = exp(−|x|) ≤ 1:
 *
 *   loss = t·softplus(−x) + (1 − t)·softplus(x) = log(1 + e) + |x|·(x ≥ 0 ? 1 − t : t)
 *   grad = scale·((1 − t)·σ(x) − t·σ(−x)),  σ(|x|) = 1/(1 + e),  σ(−|x|) = e/(1 + e)
 *
 * No term is formed by a difference of near values, so a confident right answer keeps its small loss and gradient.
 *
 * x, t: n floats; grad: n floats, may be x, 0 for none; losses: n floats, 0 for none. Returns sum + Σ loss: blocks of
 * BLOCK elements are summed on their own and added in order, so a batch may be cut at any multiple of BLOCK.
 */
export function sigmoidCrossEntropy(
  x: usize,
  t: usize,
  grad: usize,
  losses: usize,
  n: usize,
  scale: f32,
  sum: f64,
): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    sum += block(x + at, t + at, grad ? grad + at : 0, losses ? losses + at : 0, min(n - i, BLOCK), scale);
  }
  return sum;
}

function block(x: usize, t: usize, grad: usize, losses: usize, n: usize, scale: f32): f64 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const by = f32x4.splat(scale);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: usize = 0; i < n; i += 4) {
    const at = i << 2;
    const count = min(n - i, 4);
    // Lanes beyond the end hold x = −Infinity, t = 0: their loss is 0.
    const logit = count === 4 ? v128.load(x + at) : loadLanes(x + at, count, f32x4.splat(-Infinity));
    const target = count === 4 ? v128.load(t + at) : loadLanes(t + at, count, f32x4.splat(0));
    const other = f32x4.sub(one, target);
    const e = expMinus(f32x4.abs(logit));
    const weight = v128.bitselect(other, target, f32x4.ge(logit, zero));
    const linear = v128.and(f32x4.mul(weight, f32x4.abs(logit)), f32x4.ne(weight, zero));
    const loss = f32x4.add(log1pUnit(e), linear);
    low = addLow(low, loss);
    high = addHigh(high, loss);
    if (grad) {
      const g = f32x4.mul(f32x4.div(oddsOf(logit, target, other, e), f32x4.add(one, e)), by);
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

/** The loss; other = 1 − t. An infinite logit times a target or its complement of 0 is 0: the limit. */
export function lossOf(x: v128, t: v128, other: v128, e: v128): v128 {
  const zero = f32x4.splat(0);
  const weight = v128.bitselect(other, t, f32x4.ge(x, zero));
  return f32x4.add(log1pUnit(e), v128.and(f32x4.mul(weight, f32x4.abs(x)), f32x4.ne(weight, zero)));
}

/** (1 − t)·σ(x) − t·σ(−x), times 1 + e. */
export function oddsOf(x: v128, t: v128, other: v128, e: v128): v128 {
  const one = f32x4.splat(1);
  const positive = f32x4.ge(x, f32x4.splat(0));
  const up = v128.bitselect(one, e, positive);
  const down = v128.bitselect(e, one, positive);
  return f32x4.sub(f32x4.mul(other, up), f32x4.mul(t, down));
}

/**
 * As above with label smoothing, element weights u and weights pw of the positive class:
 *
 *   t′ = t·(1 − ε) + ε/2,  loss = u·(pw·t′·softplus(−x) + (1 − t′)·softplus(x))
 *   grad = scale·u·((1 − t′)·σ(x) − pw·t′·σ(−x))
 *
 * u, pw: n floats, 0 for weights of 1. A weight of 0 makes an infinite loss 0.
 */
export function sigmoidCrossEntropyWeighted(
  x: usize,
  t: usize,
  u: usize,
  pw: usize,
  grad: usize,
  losses: usize,
  n: usize,
  smoothing: f32,
  scale: f32,
  sum: f64,
): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    sum += weightedBlock(x, t, u, pw, grad, losses, i, min(n, i + BLOCK), smoothing, scale);
  }
  return sum;
}

function weightedBlock(
  x: usize,
  t: usize,
  u: usize,
  pw: usize,
  grad: usize,
  losses: usize,
  from: usize,
  to: usize,
  smoothing: f32,
  scale: f32,
): f64 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const keep = f32x4.splat(1 - smoothing);
  const half = f32x4.splat(smoothing * 0.5);
  const by = f32x4.splat(scale);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i = from; i < to; i += 4) {
    const at = i << 2;
    const count = min(to - i, 4);
    const logit = count === 4 ? v128.load(x + at) : loadLanes(x + at, count, f32x4.splat(-Infinity));
    const given = count === 4 ? v128.load(t + at) : loadLanes(t + at, count, zero);
    const weight = u ? (count === 4 ? v128.load(u + at) : loadLanes(u + at, count, zero)) : one;
    const positives = pw ? (count === 4 ? v128.load(pw + at) : loadLanes(pw + at, count, zero)) : one;
    const target = f32x4.add(f32x4.mul(given, keep), half);
    // 1 − t′ without the difference, which would lose a small ε
    const other = f32x4.add(f32x4.mul(f32x4.sub(one, given), keep), half);
    const hit = f32x4.mul(positives, target);
    const size = f32x4.abs(logit);
    const e = expMinus(size);
    const small = log1pUnit(e);
    const large = f32x4.add(small, size);
    const positive = f32x4.ge(logit, zero);
    const hitLoss = f32x4.mul(hit, v128.bitselect(small, large, positive));
    const missLoss = f32x4.mul(other, v128.bitselect(large, small, positive));
    // Weights of 0 silence an infinity, but no NaN.
    const nan = f32x4.ne(logit, logit);
    const raw = f32x4.add(
      v128.and(hitLoss, v128.or(f32x4.ne(hit, zero), nan)),
      v128.and(missLoss, v128.or(f32x4.ne(other, zero), nan)),
    );
    let loss = v128.and(f32x4.mul(weight, raw), v128.or(f32x4.ne(weight, zero), nan));
    if (count < 4) loss = firstLanes(loss, count);
    low = addLow(low, loss);
    high = addHigh(high, loss);
    if (grad) {
      const up = v128.bitselect(one, e, positive);
      const down = v128.bitselect(e, one, positive);
      const odds = f32x4.sub(f32x4.mul(other, up), f32x4.mul(hit, down));
      const g = f32x4.mul(f32x4.mul(weight, f32x4.div(odds, f32x4.add(one, e))), by);
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

/** The first `count` (1 to 3) lanes, the others 0. */
function firstLanes(v: v128, count: usize): v128 {
  return v128.and(v, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(<i32>count)));
}
