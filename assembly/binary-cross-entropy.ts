import { loadLanes, loadPair, onlyLane, storePair } from "./math/lanes";
import { BLOCK, total } from "./math/sum";
import { log, logOf } from "./math/wide-log";

/**
 * Binary cross-entropy of given probabilities q with targets t, in nats, element by element:
 *
 *   −(t·log q + (1 − t)·log(1 − q)),  gradient to q  (q − t)/(q·(1 − q)), times `scale`
 *
 * In float64, where 1 − q is exact from q = 2^-30 on; below, log(1 − q) is −q to 2^-31. Outside [0, 1] NaN.
 *
 * q, t: n floats. grad, losses: n floats, 0 for none; grad may be q. Returns start + Σ loss, in blocks of BLOCK.
 */
export function binaryCrossEntropy(
  q: usize,
  t: usize,
  grad: usize,
  losses: usize,
  n: usize,
  scale: f64,
  start: f64,
): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    const toGrad = grad ? grad + at : 0;
    const toLosses = losses ? losses + at : 0;
    start += plain(q + at, t + at, count)
      ? plainBlock(q + at, t + at, toGrad, toLosses, count, scale)
      : anyBlock(q + at, t + at, toGrad, toLosses, count, scale);
  }
  return start;
}

const SMALL: f64 = 9.313225746154785e-10; // 2^-30

/** Whether all numbers lie in [0, 1] and no target has mass where q has none: all but what a limit is needed for. */
function plain(q: usize, t: usize, n: usize): bool {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  let most = zero;
  let hole = zero;
  for (let i: usize = 0; i < n; i += 4, q += 16, t += 16) {
    const count = min(n - i, 4);
    const a = count === 4 ? v128.load(q) : loadLanes(q, count, zero);
    const b = count === 4 ? v128.load(t) : loadLanes(t, count, zero);
    most = i32x4.max_u(most, i32x4.max_u(a, b));
    const miss = v128.andnot(f32x4.eq(a, zero), f32x4.eq(b, zero));
    hole = v128.or(hole, v128.or(miss, v128.andnot(f32x4.eq(a, one), f32x4.eq(b, one))));
  }
  // By their bits, negative numbers and NaN are above 1.
  return !v128.any_true(v128.or(hole, i32x4.gt_u(most, one)));
}

/** Two at a time: the two sums of lanes 0, 1 and of 2, 3 take turns. */
function plainBlock(q: usize, t: usize, grad: usize, losses: usize, n: usize, scale: f64): f64 {
  const by = f64x2.splat(scale);
  let next = f64x2.splat(0);
  let other = f64x2.splat(0);
  for (const end = q + ((n >> 1) << 3); q < end; q += 8, t += 8) {
    const chance = loadPair(q);
    const target = loadPair(t);
    const loss = lossesOf(chance, target);
    const sum = f64x2.add(next, loss);
    if (grad) {
      storePair(grad, slopesOf(chance, target, by));
      grad += 8;
    }
    if (losses) {
      storePair(losses, loss);
      losses += 8;
    }
    next = other;
    other = sum;
  }
  if (n & 1) next = f64x2.add(next, onlyLane(anyBlock(q, t, grad, losses, 1, scale)));
  return total(next, other);
}

function lossesOf(q: v128, t: v128): v128 {
  const one = f64x2.splat(1);
  const rest = v128.bitselect(f64x2.neg(q), log(f64x2.sub(one, q)), f64x2.lt(q, f64x2.splat(SMALL)));
  const hit = f64x2.mul(t, log(q));
  return f64x2.sub(f64x2.splat(0), f64x2.add(hit, f64x2.mul(f64x2.sub(one, t), rest)));
}

/** For a hard target one factor cancels, and with it the 0/0 where the prediction is right and certain. */
function slopesOf(q: v128, t: v128, by: v128): v128 {
  const one = f64x2.splat(1);
  const rest = f64x2.sub(one, q);
  const atOne = f64x2.eq(t, one);
  const atZero = f64x2.eq(t, f64x2.splat(0));
  const above = v128.bitselect(one, v128.bitselect(f64x2.splat(-1), f64x2.sub(q, t), atOne), atZero);
  const below = v128.bitselect(rest, v128.bitselect(q, f64x2.mul(q, rest), atOne), atZero);
  return f64x2.div(f64x2.mul(above, by), below);
}

/** One by one, with every limit; in the same lanes, which take turns: lane 0 ← 1 ← 2 ← 3 ← 0. */
function anyBlock(q: usize, t: usize, grad: usize, losses: usize, n: usize, scale: f64): f64 {
  let a: f64 = 0;
  let b: f64 = 0;
  let c: f64 = 0;
  let d: f64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const at = i << 2;
    const x: f64 = load<f32>(q + at);
    const y: f64 = load<f32>(t + at);
    const loss = lossOf(x, y);
    if (grad) store<f32>(grad + at, <f32>slopeOf(x, y, scale));
    if (losses) store<f32>(losses + at, <f32>loss);
    const sum = a + loss;
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function isChance(q: f64, t: f64): bool {
  return q >= 0 && q <= 1 && t >= 0 && t <= 1;
}

function lossOf(q: f64, t: f64): f64 {
  if (!isChance(q, t)) return NaN;
  const hit = t === 0 ? 0 : t * logOf(q);
  const miss = t === 1 ? 0 : (1 - t) * (q < SMALL ? -q : logOf(1 - q));
  return 0 - (hit + miss);
}

function slopeOf(q: f64, t: f64, scale: f64): f64 {
  if (!isChance(q, t)) return NaN;
  if (t === 0) return scale / (1 - q);
  if (t === 1) return -scale / q;
  return ((q - t) * scale) / (q * (1 - q));
}
