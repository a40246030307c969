import { EXP, ROUND, scaledExp } from "./math/exp";
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

/** exp(−|x|) is made 2^32 too large, so that one factor 2^-32 rounds the subnormal ones. */
const LIFT: f32 = 32;
const FLOOR: f32 = -110.20981; // exp(−|x|) is 0 in float32 from −104 on; −159·ln 2 is where the power of two ends

function block(x: usize, t: usize, grad: usize, losses: usize, n: usize, scale: f32): f64 {
  const round = f32x4.splat(ROUND + 127 + LIFT);
  const floor = f32x4.splat(FLOOR);
  const log2e = v128.load32_splat(EXP, 0);
  const ln2Hi = v128.load32_splat(EXP, 4);
  const ln2Lo = v128.load32_splat(EXP, 8);
  const q0 = v128.load32_splat(EXP, 12);
  const q1 = v128.load32_splat(EXP, 16);
  const q2 = v128.load32_splat(EXP, 20);
  const q3 = v128.load32_splat(EXP, 24);
  const q4 = v128.load32_splat(EXP, 28);
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const lowest = f32x4.splat(-Infinity);
  const drop = v128.load32_splat(EXP, 32);
  const by = f32x4.splat(scale);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: usize = 0; i < n; i += 4, x += 16, t += 16) {
    const count = n - i;
    // Lanes beyond the end hold x = −Infinity, t = 0: their loss is 0.
    const logit = count >= 4 ? v128.load(x) : loadLanes(x, count, lowest);
    const target = count >= 4 ? v128.load(t) : loadLanes(t, count, zero);
    const size = f32x4.abs(logit);
    const d = f32x4.pmax(f32x4.neg(size), floor);
    const e = f32x4.mul(scaledExp(d, round, log2e, ln2Hi, ln2Lo, q0, q1, q2, q3, q4), drop);
    const other = f32x4.sub(one, target);
    const positive = f32x4.ge(logit, zero);
    const weight = v128.bitselect(other, target, positive);
    const linear = v128.and(f32x4.mul(weight, size), f32x4.ne(weight, zero));
    const loss = f32x4.add(log1pUnit(e), linear);
    if (grad) {
      const up = v128.bitselect(one, e, positive);
      const down = v128.bitselect(e, one, positive);
      const odds = f32x4.sub(f32x4.mul(other, up), f32x4.mul(target, down));
      const g = f32x4.mul(f32x4.div(odds, f32x4.add(one, e)), by);
      if (count >= 4) v128.store(grad, g);
      else storeLanes(grad, count, g);
      grad += 16;
    }
    if (losses) {
      if (count >= 4) v128.store(losses, loss);
      else storeLanes(losses, count, loss);
      losses += 16;
    }
    low = addLow(low, loss);
    high = addHigh(high, loss);
  }
  return total(low, high);
}
