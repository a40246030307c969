import { liftedExps } from "./math/exp-pass";
import { loadLanes, loadPair, storeLanes, storePair } from "./math/lanes";
import { log1pUnit64, onesF64, unlift } from "./math/logistic";
import { BLOCK, total } from "./math/sum";

/**
 * Sigmoid cross-entropy with a loss for each element, label smoothing ε, element weights u and weights pw of the positive
 * class:
 *
 *   t′ = t·(1 − ε) + ε/2,  loss = u·(pw·t′·softplus(−x) + (1 − t′)·softplus(x))
 *   grad = scale·u·((1 − t′)·σ(x) − pw·t′·σ(−x))
 *
 * With e = exp(−|x|), and a and b the weights of the wrong and the right answer (a = 1 − t′ and b = pw·t′ where x ≥ 0, else
 * the reverse):
 *
 *   loss = u·((a + b)·log(1 + e) + a·|x|),  grad = ±scale·u·(a − b·e)/(1 + e), the sign that of x
 *
 * x, t: n floats; u, pw: n floats, 0 for weights of 1; grad: n floats, may be x, 0 for none; losses: n floats, 0 for none;
 * e: scratch, BLOCK + 24 floats. Where u is 0, loss and gradient are, whatever x and t are; a weight pw of 0 makes an
 * infinite loss 0. Sums as sigmoidCrossEntropy does.
 */
export function sigmoidCrossEntropyGeneral(
  x: usize,
  t: usize,
  u: usize,
  pw: usize,
  grad: usize,
  losses: usize,
  e: usize,
  n: usize,
  smoothing: f64,
  scale: f64,
  start: f64,
): f64 {
  const rest = n & 3;
  const whole = n - rest;
  for (let i: usize = 0; i < whole; i += BLOCK) {
    const at = i << 2;
    start += block(
      x + at,
      t + at,
      u ? u + at : 0,
      pw ? pw + at : 0,
      grad ? grad + at : 0,
      losses ? losses + at : 0,
      e,
      min(whole - i, BLOCK),
      smoothing,
      scale,
    );
  }
  if (rest === 0) return start;
  // The last elements, in a vector filled up with weights of 0.
  const at = whole << 2;
  const room = e + (BLOCK << 2);
  const zero = f32x4.splat(0);
  v128.store(room, loadLanes(x + at, rest, zero));
  v128.store(room, loadLanes(t + at, rest, zero), 16);
  v128.store(room, u ? loadLanes(u + at, rest, zero) : loadLanes(ONES, rest, zero), 32);
  if (pw) v128.store(room, loadLanes(pw + at, rest, zero), 48);
  const toGrad = grad ? room + 64 : 0;
  const toLosses = losses ? room + 80 : 0;
  start += block(room, room + 16, room + 32, pw ? room + 48 : 0, toGrad, toLosses, e, 4, smoothing, scale);
  if (grad) storeLanes(grad + at, rest, v128.load(toGrad));
  if (losses) storeLanes(losses + at, rest, v128.load(toLosses));
  return start;
}

const ONES: usize = memory.data<f32>([1, 1, 1], 16);

function block(
  x: usize,
  t: usize,
  u: usize,
  pw: usize,
  grad: usize,
  losses: usize,
  e: usize,
  n: usize,
  smoothing: f64,
  scale: f64,
): f64 {
  liftedExps(x, e, n);
  const zero = f64x2.splat(0);
  const one = onesF64();
  const down = unlift();
  const keep = f64x2.splat(1 - smoothing);
  const floor = f64x2.splat(smoothing * 0.5);
  const by = f64x2.splat(scale);
  let sum = zero;
  let next = zero;
  for (let i: usize = 0, end = n << 2; i < end; i += 8) {
    const logit = loadPair(x + i);
    const target = loadPair(t + i);
    const weight = u ? loadPair(u + i) : one;
    const small = f64x2.mul(loadPair(e + i), down);
    const magnitude = f64x2.abs(logit);
    const positive = f64x2.ge(logit, zero);
    const smooth = f64x2.add(f64x2.mul(target, keep), floor);
    const hit = pw ? f64x2.mul(loadPair(pw + i), smooth) : smooth;
    const miss = f64x2.add(f64x2.mul(f64x2.sub(one, target), keep), floor);
    const wrong = v128.bitselect(miss, hit, positive);
    const right = v128.bitselect(hit, miss, positive);
    const linear = v128.and(f64x2.mul(wrong, magnitude), f64x2.ne(wrong, zero));
    const cost = f64x2.add(f64x2.mul(f64x2.add(wrong, right), log1pUnit64(small)), linear);
    const loss = u ? v128.and(f64x2.mul(weight, cost), f64x2.ne(weight, zero)) : cost;
    // The four lanes of the sum take turns.
    const grown = f64x2.add(sum, loss);
    sum = next;
    next = grown;
    if (losses) storePair(losses + i, loss);
    if (grad) {
      const slope = f64x2.div(f64x2.sub(wrong, f64x2.mul(right, small)), f64x2.add(one, small));
      const g = f64x2.mul(u ? f64x2.mul(weight, slope) : slope, by);
      const signed = v128.bitselect(g, f64x2.neg(g), positive);
      storePair(grad + i, u ? v128.and(signed, f64x2.ne(weight, zero)) : signed);
    }
  }
  return total(sum, next);
}
