import { BLOCK } from "./math/exp-block";
import { loadLanes, storeLanes } from "./math/lanes";
import { max } from "./math/max";
import { addHigh, addLow, total } from "./math/sum";
import {
  accumulate,
  accumulateOnly,
  begin,
  blockFactor,
  finish,
  pushSplit,
  rowGap,
  rowLog,
  rowMass,
  rowMax,
  rowPeak,
  rowRest,
} from "./row";
import { softmaxApply } from "./softmax";

/**
 * Softmax cross-entropy from logits with integer labels, loss and gradient together.
 *
 *   loss   = log Σ exp(x_j) − x_y = (max − x_y) + log Σ exp(x_j − max)
 *   grad_j = scale·p_j,  grad_y = −scale·Σ_{j≠y} p_j       (p_y − 1 would cancel where p_y is near 1)
 *
 * x, grad: rows × cols floats; grad may be x, or 0 for no gradient. labels: an i32 a row; a negative one leaves the row
 * out: loss 0, gradient 0. losses: an f64 a row, unscaled. scales: an f64 a row, or 0 when `scale` holds for all.
 * state, maxima: as for softmax; e: BLOCK floats, used where there is no gradient.
 */
export function softmaxCrossEntropy(
  x: usize,
  grad: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  rows: usize,
  cols: usize,
  state: usize,
  maxima: usize,
  e: usize,
): void {
  const bytes = cols << 2;
  for (let row: usize = 0; row < rows; row++, x += bytes) {
    const to = grad ? grad + row * bytes : 0;
    const label = load<i32>(labels + (row << 2));
    if (label < 0) {
      store<f64>(losses + (row << 3), 0);
      if (to) memory.fill(to, 0, bytes);
      continue;
    }
    const xLabel = load<f32>(x + ((<usize>label) << 2));
    begin(state);
    if (to) accumulate(state, maxima, x, to, cols, true);
    else accumulateOnly(state, x, e, cols);
    finish(state);
    store<f64>(losses + (row << 3), labelLoss(state, xLabel));
    if (to) {
      const factor = scales ? load<f64>(scales + (row << 3)) : scale;
      const at = to + ((<usize>label) << 2);
      const m = load<f32>(maxima + (<usize>label / BLOCK) * 4);
      const others = othersThan(state, xLabel, load<f32>(at), m);
      softmaxApply(state, maxima, to, cols, factor);
      store<f32>(at, <f32>(-others * factor));
    }
  }
}

/** log Σ exp(x_j) − x_y, a sum of two terms that are not negative. */
export function labelLoss(state: usize, xLabel: f32): f64 {
  return <f64>rowMax(state) - <f64>xLabel + rowLog(state);
}

/** Σ_{j≠y} p_j, with y's logit, its stored exponential and the maximum of the block that it stands in. */
export function othersThan(state: usize, xLabel: f32, stored: f32, max: f32): f64 {
  if (xLabel === rowMax(state)) return rowRest(state) / (rowPeak(state) + rowRest(state));
  return 1 - <f64>stored * blockFactor(state, max);
}

/**
 * Softmax cross-entropy with dense targets t, loss and gradient together.
 *
 *   loss   = Σ t_j·(max − x_j) + Σ t_j · log Σ exp(x_j − max),  a term with t_j = 0 being 0
 *   grad_j = scale·(p_j·Σ t − t_j)
 *
 * As above; t: rows × cols floats, neither grad nor changed.
 */
export function softmaxCrossEntropyDense(
  x: usize,
  t: usize,
  grad: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  rows: usize,
  cols: usize,
  state: usize,
  maxima: usize,
  e: usize,
): void {
  const bytes = cols << 2;
  for (let row: usize = 0; row < rows; row++, x += bytes, t += bytes) {
    const to = grad ? grad + row * bytes : 0;
    begin(state);
    accumulateDense(state, maxima, x, t, to ? to : e, to ? BLOCK : 0, cols);
    finish(state);
    store<f64>(losses + (row << 3), denseLoss(state));
    if (to) {
      const factor = scales ? load<f64>(scales + (row << 3)) : scale;
      denseApply(state, maxima, t, to, cols, factor);
    }
  }
}

/** Σ t·(max − x) + Σ t · log Σ */
export function denseLoss(state: usize): f64 {
  return rowGap(state) + rowLog(state) * rowMass(state);
}

/** As `accumulate`, with the targets' sums; block b's exponentials go to out + b·step floats. */
export function accumulateDense(
  state: usize,
  maxima: usize,
  x: usize,
  t: usize,
  out: usize,
  step: usize,
  n: usize,
): void {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const count = min(n - i, BLOCK);
    const m = max(x + (i << 2), count);
    store<f32>(maxima + (i / BLOCK) * 4, m);
    const gap = targetGap(x + (i << 2), t + (i << 2), count, m === -Infinity ? 0 : m);
    const mass = targetMass(t + (i << 2), count);
    pushSplit(state, m, x + (i << 2), out + (i / BLOCK) * (step << 2), count, gap, mass);
  }
}

/** Σ t·(max − x), terms with t = 0 left out (x may be −Infinity there). */
function targetGap(x: usize, t: usize, n: usize, max: f32): f64 {
  const m = f32x4.splat(max);
  const zero = f32x4.splat(0);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, t += 16) {
    const target = v128.load(t);
    const term = v128.and(f32x4.mul(target, f32x4.sub(m, v128.load(x))), f32x4.ne(target, zero));
    low = addLow(low, term);
    high = addHigh(high, term);
  }
  const rest = n & 3;
  if (rest) {
    const target = loadLanes(t, rest, zero);
    const term = v128.and(f32x4.mul(target, f32x4.sub(m, loadLanes(x, rest, m))), f32x4.ne(target, zero));
    low = addLow(low, term);
    high = addHigh(high, term);
  }
  return total(low, high);
}

function targetMass(t: usize, n: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (const end = t + ((n >> 2) << 4); t < end; t += 16) {
    low = addLow(low, v128.load(t));
    high = addHigh(high, v128.load(t));
  }
  const rest = n & 3;
  if (rest) {
    const v = loadLanes(t, rest, f32x4.splat(0));
    low = addLow(low, v);
    high = addHigh(high, v);
  }
  return total(low, high);
}

/** grad ← e·(Σ t·factor/Σ e) − t·factor in float64: the two may cancel, so only their difference is rounded. */
export function denseApply(state: usize, maxima: usize, t: usize, grad: usize, n: usize, factor: f64): void {
  const byTarget = f64x2.splat(factor);
  for (let i: usize = 0; i < n; i += BLOCK) {
    const m = load<f32>(maxima + (i / BLOCK) * 4);
    const by = f64x2.splat(blockFactor(state, m) * (rowMass(state) * factor));
    const count = min(n - i, BLOCK);
    for (const end = t + ((count >> 2) << 4); t < end; t += 16, grad += 16) {
      v128.store(grad, difference(v128.load(grad), v128.load(t), by, byTarget));
    }
    const rest = count & 3;
    if (rest) {
      const zero = f32x4.splat(0);
      storeLanes(grad, rest, difference(loadLanes(grad, rest, zero), loadLanes(t, rest, zero), by, byTarget));
    }
  }
}

/** a·byA − b·byB, rounded once */
function difference(a: v128, b: v128, byA: v128, byB: v128): v128 {
  const low = f64x2.sub(f64x2.mul(f64x2.promote_low_f32x4(a), byA), f64x2.mul(f64x2.promote_low_f32x4(b), byB));
  const a2 = v128.shuffle<i32>(a, a, 2, 3, 2, 3);
  const b2 = v128.shuffle<i32>(b, b, 2, 3, 2, 3);
  const high = f64x2.sub(f64x2.mul(f64x2.promote_low_f32x4(a2), byA), f64x2.mul(f64x2.promote_low_f32x4(b2), byB));
  return v128.shuffle<i32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}
