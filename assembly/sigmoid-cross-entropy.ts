import { expMinus } from "./math/exp";
import { BLOCK } from "./math/exp-block";
import { loadLanes, storeLanes } from "./math/lanes";
import { log1pUnit } from "./math/log1p";
import { addHigh, addLow, total } from "./math/sum";

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
  const zero = f32x4.splat(0);
  const by = f32x4.splat(scale);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, t += 16) {
    const logit = v128.load(x);
    const target = v128.load(t);
    const e = expMinus(f32x4.abs(logit));
    const loss = lossOf(logit, target, e);
    if (grad) {
      v128.store(grad, f32x4.mul(gradientOf(logit, target, e), by));
      grad += 16;
    }
    if (losses) {
      v128.store(losses, loss);
      losses += 16;
    }
    low = addLow(low, loss);
    high = addHigh(high, loss);
  }
  const rest = n & 3;
  if (rest) {
    // Lanes beyond the end hold x = −Infinity, t = 0: their loss is 0.
    const logit = loadLanes(x, rest, f32x4.splat(-Infinity));
    const target = loadLanes(t, rest, zero);
    const e = expMinus(f32x4.abs(logit));
    const loss = lossOf(logit, target, e);
    if (grad) storeLanes(grad, rest, f32x4.mul(gradientOf(logit, target, e), by));
    if (losses) storeLanes(losses, rest, loss);
    low = addLow(low, loss);
    high = addHigh(high, loss);
  }
  return total(low, high);
}

/** An infinite logit times a target or its complement of 0 is 0: the limit. */
function lossOf(x: v128, t: v128, e: v128): v128 {
  const zero = f32x4.splat(0);
  const weight = v128.bitselect(f32x4.sub(f32x4.splat(1), t), t, f32x4.ge(x, zero));
  const linear = v128.and(f32x4.mul(weight, f32x4.abs(x)), f32x4.ne(weight, zero));
  return f32x4.add(log1pUnit(e), linear);
}

function gradientOf(x: v128, t: v128, e: v128): v128 {
  const one = f32x4.splat(1);
  const positive = f32x4.ge(x, f32x4.splat(0));
  const up = v128.bitselect(one, e, positive);
  const down = v128.bitselect(e, one, positive);
  const odds = f32x4.sub(f32x4.mul(f32x4.sub(one, t), up), f32x4.mul(t, down));
  return f32x4.div(odds, f32x4.add(one, e));
}
