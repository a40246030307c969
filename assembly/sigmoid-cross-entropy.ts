import { liftedExps } from "./math/exp-pass";
import { demote, loadLanes, loadPair, storeLanes, upper } from "./math/lanes";
import { onesF32, onesF64, signBits, sumOfLogs, unlift } from "./math/logistic";
import { addHigh, addLow, BLOCK } from "./math/sum";

/**
 * Sigmoid cross-entropy from logits, the sum of its losses and their gradient. With e = exp(−|x|) ≤ 1, and w = 1 − t where
 * x ≥ 0, w = t elsewhere:
 *
 *   loss = t·softplus(−x) + (1 − t)·softplus(x) = log(1 + e) + |x|·w
 *   grad = scale·(σ(x) − t) = ±scale·(w − e/(1 + e)), the sign that of x
 *
 * Nothing is lost where w and e/(1 + e) cancel, for they do so in float64, and a confident right answer (w = 0) keeps its
 * small loss and gradient.
 *
 * Σ log(1 + e) is the logarithm of a product, so a block takes four logarithms instead of 2048. The product less 1 is kept,
 * p ← p·(1 + e) + e: all terms are positive, and small ones keep their digits beside 1. It stays below 2^512 in a lane. The
 * terms |x|·w of even and of odd index are summed in float64: two lanes, because a register less is 6 % of the time.
 *
 * x, t: n floats; grad: n floats, may be x, 0 for none; e: scratch, BLOCK + 12 floats. Returns start + Σ loss: blocks of BLOCK
 * elements are summed on their own and added in order, the last n mod 4 elements as a block of their own. So a batch may
 * be cut at any multiple of BLOCK.
 */
export function sigmoidCrossEntropy(x: usize, t: usize, grad: usize, e: usize, n: usize, scale: f64, start: f64): f64 {
  const rest = n & 3;
  const whole = n - rest;
  for (let i: usize = 0; i < whole; i += BLOCK) {
    const at = i << 2;
    start += block(x + at, t + at, grad ? grad + at : 0, e, min(whole - i, BLOCK), scale);
  }
  if (rest === 0) return start;
  // The last elements, in a vector filled up with x = −Infinity, t = 0, whose losses are 0.
  const at = whole << 2;
  const room = e + (BLOCK << 2);
  v128.store(room, loadLanes(x + at, rest, f32x4.splat(-Infinity)));
  v128.store(room, loadLanes(t + at, rest, f32x4.splat(0)), 16);
  start += block(room, room + 16, grad ? room + 32 : 0, e, 4, scale);
  if (grad) storeLanes(grad + at, rest, v128.load(room, 32));
  return start;
}

function block(x: usize, t: usize, grad: usize, e: usize, n: usize, scale: f64): f64 {
  liftedExps(x, e, n);
  return grad ? sumAndGradient<Gradient>(x, t, grad, e, n, scale) : sumAndGradient<Loss>(x, t, 0, e, n, 0);
}

class Loss {}
class Gradient {}

/** The sum of the losses, and the gradient if wanted, from the exponentials at e. */
function sumAndGradient<What>(x: usize, t: usize, grad: usize, e: usize, n: usize, scale: f64): f64 {
  const sign = signBits();
  const ones = onesF32();
  const one = onesF64();
  const down = unlift();
  const by = f64x2.splat(scale);
  const zero = f32x4.splat(0);
  let sums = f64x2.splat(0);
  let productLow = zero;
  let productHigh = zero;
  for (const end = x + (n << 2); x < end; x += 16, t += 16, e += 16) {
    const logit = v128.load(x);
    const positive = f32x4.ge(logit, zero);
    const flip = v128.andnot(sign, positive);
    const w = v128.xor(f32x4.sub(v128.and(ones, positive), v128.load(t)), flip);
    const linear = v128.and(f32x4.mul(w, v128.andnot(logit, sign)), f32x4.ne(w, zero));
    sums = addHigh(addLow(sums, linear), linear);
    const e0 = f64x2.mul(loadPair(e), down);
    const e1 = f64x2.mul(loadPair(e + 8), down);
    const a0 = f64x2.add(one, e0);
    const a1 = f64x2.add(one, e1);
    productLow = f64x2.add(f64x2.mul(productLow, a0), e0);
    productHigh = f64x2.add(f64x2.mul(productHigh, a1), e1);
    if (idof<What>() === idof<Gradient>()) {
      const g0 = f64x2.sub(f64x2.promote_low_f32x4(w), f64x2.div(e0, a0));
      const g1 = f64x2.sub(f64x2.promote_low_f32x4(upper(w)), f64x2.div(e1, a1));
      v128.store(grad, v128.xor(demote(f64x2.mul(g0, by), f64x2.mul(g1, by)), flip));
      grad += 16;
    }
  }
  const linear = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  return linear + sumOfLogs(productLow, productHigh);
}
