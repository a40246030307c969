import { exp } from "./math/exp";
import { liftedExps } from "./math/exp-pass";
import { demote, loadLanes, loadPair, storeLanes, storePair } from "./math/lanes";
import { log } from "./math/log";
import { log1pUnit64, onesF64, signBitsF64, unlift } from "./math/logistic";
import { BLOCK, total } from "./math/sum";

/**
 * Sigmoid focal loss (Lin et al., arXiv 1708.02002), element by element, loss and gradient together:
 *
 *   loss = α_t·m^γ·CE,  m = 1 − p_t = (1 − t)·σ(x) + t·σ(−x),  α_t = α·t + (1 − α)·(1 − t), or 1 where α < 0
 *   grad = scale·α_t·m^(γ−1)·(γ·(1 − 2t)·σ(x)·σ(−x)·CE + m·((1 − t)·σ(x) − t·σ(−x)))
 *
 * With e = exp(−|x|), and w and r the weights of the wrong and the right answer (1 − t and t where x ≥ 0, else the reverse),
 * which the code calls small, wrong and right:
 *
 *   m = (w + r·e)/(1 + e),  CE = log(1 + e) + w·|x|
 *   grad = ±scale·α_t·m^(γ−1)·(γ·e·(w − r)·CE + (w + r·e)·(w − r·e))/(1 + e)², the sign that of x
 *
 * x, t: n floats; grad: n floats, may be x, 0 for none; losses: n floats, 0 for none; e: scratch, 2·BLOCK + 16 floats. Returns
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
  // The last elements, in a vector filled up with x = −Infinity, t = 0, whose losses are 0.
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
  const times = wholePower(gamma);
  const powers = e + ((BLOCK + 16) << 2);
  liftedExps(x, e, n);
  if (times === 0) powersOf(x, t, e, powers, n, <f32>gamma);
  const zero = f64x2.splat(0);
  const one = onesF64();
  const down = unlift();
  const sign = signBitsF64();
  const positives = f64x2.splat(alpha);
  const negatives = f64x2.splat(1 - alpha);
  const exponent = f64x2.splat(gamma);
  const by = f64x2.splat(scale);
  const least = f64x2.splat(LEAST_POWER);
  let sum = zero;
  let next = zero;
  for (let i: usize = 0, end = n << 2; i < end; i += 8) {
    const logit = loadPair(x + i);
    const target = loadPair(t + i);
    const small = f64x2.mul(loadPair(e + i), down);
    const positive = f64x2.ge(logit, zero);
    const flip = v128.andnot(sign, positive);
    const wrong = v128.xor(f64x2.sub(v128.and(one, positive), target), flip);
    // CE, the longest chain of operations, before what can be computed beside it: engines keep this order, and a processor
    // looks ahead by about one turn. Measured: m before it takes JavaScriptCore 1.2 times as long, newer V8 1.05.
    const weight =
      alpha < 0 ? one : f64x2.add(f64x2.mul(positives, target), f64x2.mul(negatives, f64x2.sub(one, target)));
    // A weight of 0 wins over an infinite loss.
    const counts = f64x2.ne(f64x2.mul(wrong, weight), zero);
    const cost = f64x2.add(log1pUnit64(small), v128.and(f64x2.mul(wrong, v128.andnot(logit, sign)), counts));
    const right = f64x2.sub(one, wrong);
    const share = f64x2.mul(right, small);
    const odds = f64x2.add(wrong, share);
    const inverse = f64x2.div(one, f64x2.add(one, small));
    const m = f64x2.mul(odds, inverse);
    // m^(γ−1) and m^γ
    let below = one;
    let focus = one;
    if (times === 0) {
      focus = f64x2.pmax(loadPair(powers + i), least);
      below = v128.and(f64x2.div(focus, m), f64x2.ne(m, zero));
    } else {
      for (let k = 1; k < times; k++) below = f64x2.mul(below, m);
      focus = f64x2.mul(below, m);
    }
    // In this order: the product of two small factors may be 0, and an infinite loss a NaN.
    const loss = f64x2.mul(focus, f64x2.mul(weight, cost));
    // The four lanes of the sum take turns.
    const grown = f64x2.add(sum, loss);
    sum = next;
    next = grown;
    if (losses) storePair(losses + i, loss);
    if (grad) {
      // Where e is 0 so is e·CE, though CE may be infinite.
      const bend = f64x2.mul(f64x2.mul(f64x2.mul(exponent, small), f64x2.sub(wrong, right)), cost);
      const bracket = f64x2.add(v128.andnot(bend, f64x2.eq(small, zero)), f64x2.mul(odds, f64x2.sub(wrong, share)));
      const outer = f64x2.mul(f64x2.mul(weight, by), below);
      const g = f64x2.mul(f64x2.mul(outer, f64x2.mul(inverse, inverse)), bracket);
      storePair(grad + i, v128.xor(g, flip));
    }
  }
  return total(sum, next);
}

/** Stands for a power that became 0, so that an infinite loss stays one. */
const LEAST_POWER: f64 = 1e-300;

/** γ where m^γ is a product of so many factors, else 0. With more a product of float32 numbers might underflow. */
function wholePower(gamma: f64): i32 {
  return gamma <= 6 && floor(gamma) === gamma ? <i32>gamma : 0;
}

/** m^γ = exp(γ·log m), in float32. */
function powersOf(x: usize, t: usize, e: usize, out: usize, n: usize, gamma: f32): void {
  const by = f32x4.splat(gamma);
  for (const end = x + (n << 2); x < end; x += 16, t += 16, e += 16, out += 16) {
    const m = demote(missOf(x, t, e), missOf(x + 8, t + 8, e + 8));
    v128.store(out, gamma === 0 ? f32x4.splat(1) : exp(f32x4.mul(by, log(m))));
  }
}

/** m of two elements, with the roundings that it has in `block`. */
function missOf(x: usize, t: usize, e: usize): v128 {
  const one = onesF64();
  const target = loadPair(t);
  const small = f64x2.mul(loadPair(e), unlift());
  const wrong = v128.bitselect(f64x2.sub(one, target), target, f64x2.ge(loadPair(x), f64x2.splat(0)));
  const odds = f64x2.add(wrong, f64x2.mul(f64x2.sub(one, wrong), small));
  return f64x2.mul(odds, f64x2.div(one, f64x2.add(one, small)));
}
