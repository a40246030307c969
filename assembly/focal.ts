import { exp } from "./math/exp";
import { expMinusSizes } from "./math/exp-pass";
import { loadLanes, loadPair, storeLanes, storePair } from "./math/lanes";
import { log } from "./math/log";
import { drop, log1pUnit, onesF64 } from "./math/logistic";
import { BLOCK, total } from "./math/sum";

/**
 * Sigmoid focal loss (Lin et al., arXiv 1708.02002), element by element, loss and gradient together:
 *
 *   loss = α_t·m^γ·CE,  m = 1 − p_t = (1 − t)·σ(x) + t·σ(−x),  α_t = α·t + (1 − α)·(1 − t), or 1 where α < 0
 *   grad = scale·α_t·m^(γ−1)·(γ·(1 − 2t)·σ(x)·σ(−x)·CE + m·((1 − t)·σ(x) − t·σ(−x)))
 *
 * With e = exp(−|x|), and w and r the weights of the wrong and the right answer (1 − t and t where x ≥ 0, else the reverse):
 *
 *   m = (w + r·e)/(1 + e),  CE = log(1 + e) + w·|x|
 *   grad = ±scale·α_t·m^(γ−1)·(γ·e·(w − r)·CE + (w + r·e)·(w − r·e))/(1 + e)², the sign that of x
 *
 * x, t: n floats; grad: n floats, may be x, 0 for none; losses: n floats, 0 for none; e: scratch, BLOCK + 16 floats. Returns
 * start + Σ loss, summed as sigmoidCrossEntropy does.
 */
export function sigmoidFocalLoss(
  x: usize,
  t: usize,
  grad: usize,
  losses: usize,
  e: usize,
  n: usize,
  alpha: f64,
  gamma: f64,
  scale: f64,
  start: f64,
): f64 {
  const rest = n & 3;
  const whole = n - rest;
  for (let i: usize = 0; i < whole; i += BLOCK) {
    const at = i << 2;
    const count = min(whole - i, BLOCK);
    start += block(x + at, t + at, grad ? grad + at : 0, losses ? losses + at : 0, e, count, alpha, gamma, scale);
  }
  if (rest === 0) return start;
  // A vector that x = −Infinity, t = 0 fills up: their losses are 0.
  const at = whole << 2;
  const room = e + (BLOCK << 2);
  v128.store(room, loadLanes(x + at, rest, f32x4.splat(-Infinity)));
  v128.store(room, loadLanes(t + at, rest, f32x4.splat(0)), 16);
  start += block(room, room + 16, grad ? room + 32 : 0, losses ? room + 48 : 0, e, 4, alpha, gamma, scale);
  if (grad) storeLanes(grad + at, rest, v128.load(room, 32));
  if (losses) storeLanes(losses + at, rest, v128.load(room, 48));
  return start;
}

function block(
  x: usize,
  t: usize,
  grad: usize,
  losses: usize,
  e: usize,
  n: usize,
  alpha: f64,
  gamma: f64,
  scale: f64,
): f64 {
  expMinusSizes(x, e, n);
  const zero = f64x2.splat(0);
  const one = onesF64();
  const lower = drop();
  const sign = f64x2.splat(-0.0);
  const positives = f64x2.splat(alpha);
  const negatives = f64x2.splat(1 - alpha);
  const exponent = f64x2.splat(gamma);
  const by = f64x2.splat(scale);
  let sum = zero;
  let next = zero;
  for (let i: usize = 0, end = n << 2; i < end; i += 8) {
    const logit = loadPair(x + i);
    const target = loadPair(t + i);
    const small = f64x2.mul(loadPair(e + i), lower);
    const positive = f64x2.ge(logit, zero);
    const other = f64x2.sub(one, target);
    // wrong is `other` where x ≥ 0 and `target` elsewhere; right is what remains of the two.
    const both = v128.xor(target, other);
    const wrong = v128.xor(target, v128.and(both, positive));
    const right = v128.xor(both, wrong);
    const share = f64x2.mul(right, small);
    const odds = f64x2.add(wrong, share);
    const r = f64x2.div(one, f64x2.add(one, small));
    const m = f64x2.mul(odds, r);
    const weight = alpha < 0 ? one : f64x2.add(f64x2.mul(positives, target), f64x2.mul(negatives, other));
    const focus = power(m, gamma);
    const factor = f64x2.mul(weight, focus);
    // A weight of 0 wins over an infinite loss.
    const linear = v128.andnot(f64x2.mul(wrong, v128.andnot(logit, sign)), f64x2.eq(f64x2.mul(wrong, factor), zero));
    const cost = f64x2.add(log1pUnit(small), linear);
    const loss = f64x2.mul(factor, cost);
    // The four lanes of the sum take turns.
    const grown = f64x2.add(sum, loss);
    sum = next;
    next = grown;
    if (losses) storePair(losses + i, loss);
    if (grad) {
      // Where e is 0 so is e·CE, though CE may be infinite.
      const bend = f64x2.mul(f64x2.mul(f64x2.mul(exponent, small), f64x2.sub(wrong, right)), cost);
      const bracket = f64x2.add(v128.andnot(bend, f64x2.eq(small, zero)), f64x2.mul(odds, f64x2.sub(wrong, share)));
      const outer = f64x2.mul(f64x2.mul(weight, by), powerBelow(m, focus, gamma));
      const g = f64x2.mul(f64x2.mul(outer, f64x2.mul(r, r)), bracket);
      storePair(grad + i, v128.xor(g, v128.andnot(sign, positive)));
    }
  }
  return total(sum, next);
}

/** m^γ for m ≥ 0: products for 0, 1 and 2, exp(γ·log m) in float32 for others. */
function power(m: v128, gamma: f64): v128 {
  if (gamma === 2) return f64x2.mul(m, m);
  if (gamma === 1) return m;
  if (gamma === 0) return f64x2.splat(1);
  return f64x2.promote_low_f32x4(exp(f32x4.mul(f32x4.splat(<f32>gamma), log(f32x4.demote_f64x2_zero(m)))));
}

/** m^(γ − 1), given m^γ; 0 for m = 0. */
function powerBelow(m: v128, focus: v128, gamma: f64): v128 {
  if (gamma === 2) return m;
  if (gamma === 1) return f64x2.splat(1);
  return v128.and(f64x2.div(focus, m), f64x2.ne(m, f64x2.splat(0)));
}
