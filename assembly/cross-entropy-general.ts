import { largest } from "./argmax";
import { othersThan } from "./cross-entropy";
import { generalOfNarrow } from "./cross-entropy-general-narrow";
import { loadLanes, loadPair, upper } from "./math/lanes";
import { max } from "./math/max";
import { subtract } from "./math/subtract";
import { BLOCK, total } from "./math/sum";
import { NARROW } from "./narrow";
import {
  accumulate,
  accumulateSums,
  begin,
  blockFactor,
  finish,
  nextTargets,
  pushSplit,
  rowEmpty,
  rowGap,
  rowLog,
  rowMass,
  rowMax,
} from "./row";
import { softmaxApply } from "./softmax";

/**
 * Softmax cross-entropy with everything that the plain kernel has no place for. The target of a row is
 *
 *   t = base + spike·onehot(y)
 *
 * base a row of floats (dense targets; or what label smoothing gives every class), spike what the label adds. With
 * L = log Σ exp(x_j) and the weight λ of the z-loss:
 *
 *   loss   = Σ base_j·(L − x_j) + spike·(L − x_y) + λ·L²,   a term with weight 0 being 0
 *   grad_j = scale·(p_j·(Σ base + 2λL) − base_j),  and at y less spike·Σ_{j≠y} p_j, at others plus spike·p_j
 *
 * x, grad, rows, cols, state, maxima, e: as in softmaxCrossEntropy, but that narrow rows with a base always use e. base:
 * floats, rows baseStep bytes apart (0: one row for all), 0 for none; neither grad nor changed. labels: an i32 a row,
 * negative to leave the row out; 0 for none. spikes: an f64 a row. scales: an f64 a row. losses: an f64 a row, unscaled.
 * lses: where to store each row's L, an f64; 0 for nowhere.
 */
export function softmaxCrossEntropyGeneral(
  x: usize,
  base: usize,
  baseStep: usize,
  labels: usize,
  spikes: usize,
  scales: usize,
  zLoss: f64,
  grad: usize,
  losses: usize,
  lses: usize,
  rows: usize,
  cols: usize,
  state: usize,
  maxima: usize,
  e: usize,
): void {
  const bytes = cols << 2;
  let row: usize = 0;
  if (base && cols > 0 && cols <= NARROW) {
    // biome-ignore format: in the groups of the contract
    row = generalOfNarrow(x, base, baseStep, labels, spikes, scales, zLoss, grad, losses, lses, rows, cols, state, e);
    x += row * bytes;
    base += row * baseStep;
  }
  for (; row < rows; row++, x += bytes, base += baseStep) {
    const to = grad ? grad + row * bytes : 0;
    const label = labels ? load<i32>(labels + (row << 2)) : 0;
    const counts = label >= 0;
    // The largest element is found before the gradient may replace the row.
    const most = lses && cols ? largest(x, cols) : 0;
    const spike = counts && labels ? load<f64>(spikes + (row << 3)) : 0;
    const at: usize = label > 0 ? (<usize>label) << 2 : 0;
    const xLabel: f32 = labels && cols ? load<f32>(x + at) : 0;
    begin(state);
    if (base) accumulateDense(state, maxima, x, base, to ? to : e, to !== 0, cols);
    else if (to) accumulate(state, maxima, x, to, cols, true);
    else accumulateSums(state, x, e, cols);
    finish(state);
    const lse = lses || zLoss !== 0 ? logSumExpOf(state, most) : 0;
    if (lses) store<f64>(lses + (row << 3), lse);
    store<f64>(losses + (row << 3), counts ? generalLoss(state, xLabel, spike, zLoss, lse) : 0);
    if (!to) continue;
    if (!counts) {
      memory.fill(to, 0, bytes);
      continue;
    }
    const factor = load<f64>(scales + (row << 3));
    const m = load<f32>(maxima + (at / (BLOCK << 2)) * 4);
    const aimed = labels !== 0 && aimsAtLabel(spike, base, zLoss);
    const value = aimed
      ? labelGradient(state, xLabel, load<f32>(to + at), m, base ? load<f32>(base + at) : 0, spike, zLoss, lse)
      : 0;
    generalApply(state, maxima, base, to, cols, spike, zLoss, lse, factor);
    if (aimed) store<f32>(to + at, <f32>(0 + value * factor));
  }
}

/**
 * A finished row's log-sum-exp. most: the row's largest element, or NaN if it has one (argmax.ts). A caller that only wants a
 * loss may give 0 instead: then a row with an infinite log-sum-exp comes out as NaN.
 */
export function logSumExpOf(state: usize, most: f32): f64 {
  if (rowEmpty(state)) return -Infinity;
  return most === Infinity || most === -Infinity || isNaN(most) ? <f64>most : <f64>rowMax(state) + rowLog(state);
}

/** A finished row's loss. */
export function generalLoss(state: usize, xLabel: f32, spike: f64, zLoss: f64, lse: f64): f64 {
  const log = rowLog(state);
  // A NaN row's log is NaN, and no weight of 0 hides it.
  const dense = rowEmpty(state) ? 0 : rowGap(state) + log * rowMass(state);
  return lossOfParts(dense, <f64>rowMax(state) - <f64>xLabel, log, spike, zLoss, lse);
}

/** The loss; dense: the base's part of it, gap: max − x_y, log: log Σ exp(x − max). */
export function lossOfParts(dense: f64, gap: f64, log: f64, spike: f64, zLoss: f64, lse: f64): f64 {
  const atLabel = spike === 0 ? 0 : spike * (gap + log);
  return dense + atLabel + (zLoss === 0 ? 0 : zLoss * lse * lse);
}

/** The slope of the z-loss λL² in L, 2λL: in the gradient it adds to Σ t. */
export function zLossSlope(zLoss: f64, lse: f64): f64 {
  return zLoss === 0 ? 0 : 2 * zLoss * lse;
}

/**
 * The gradient at the label, before scaling: p_y·(Σ base + 2λL) − base_y − spike·Σ_{j≠y} p_j. Who scales it adds 0: a zero is
 * +0 at a label, whatever the sign of its factor.
 */
export function labelGradient(
  state: usize,
  xLabel: f32,
  stored: f32,
  max: f32,
  base: f32,
  spike: f64,
  zLoss: f64,
  lse: f64,
): f64 {
  const p = <f64>stored * blockFactor(state, max);
  return gradientOfParts(
    p,
    rowMass(state) + zLossSlope(zLoss, lse),
    base,
    spike * othersThan(state, xLabel, stored, max),
  );
}

/** p·mass − base − others */
export function gradientOfParts(p: f64, mass: f64, base: f32, others: f64): f64 {
  return p * mass - <f64>base - others;
}

/**
 * Whether the gradient at the label differs from the formula for other columns. With a spike of 0 its value doesn't; but where
 * labels are all there is (no base, no z-loss) the label's zero must have the sign that softmaxCrossEntropy gives it.
 */
export function aimsAtLabel(spike: f64, base: usize, zLoss: f64): bool {
  return spike !== 0 || (base === 0 && zLoss === 0);
}

/** The gradient of n columns from their stored exponentials, as if no label were among them. */
export function generalApply(
  state: usize,
  maxima: usize,
  base: usize,
  grad: usize,
  n: usize,
  spike: f64,
  zLoss: f64,
  lse: f64,
  factor: f64,
): void {
  const mass = rowMass(state) + spike + zLossSlope(zLoss, lse);
  if (base) denseApply(state, maxima, base, grad, n, mass, factor);
  else softmaxApply(state, maxima, grad, n, mass * factor);
}

/** As `accumulate`, with the targets' sums. Exponentials are kept at `out`, or those of each block go over the last one's. */
export function accumulateDense(
  state: usize,
  maxima: usize,
  x: usize,
  t: usize,
  out: usize,
  keep: bool,
  n: usize,
): void {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const count = min(n - i, BLOCK);
    const to = keep ? out + (i << 2) : out;
    const m = max(x + (i << 2), count);
    store<f32>(maxima + (i / BLOCK) * 4, m);
    const sums = nextTargets(state);
    sumTargets(x + (i << 2), t + (i << 2), count, m === -Infinity ? 0 : m, sums);
    pushSplit(state, m, x + (i << 2), to, count, load<f64>(sums), load<f64>(sums, 8));
  }
}

/**
 * Σ t·(max − x) and Σ t to `sums`, in float64, where no difference overflows; terms with t = 0 left out (x may be
 * −Infinity there).
 */
function sumTargets(x: usize, t: usize, n: usize, max: f32, sums: usize): void {
  const m = f64x2.splat(<f64>max);
  const zero = f32x4.splat(0);
  let gapLow = f64x2.splat(0);
  let gapHigh = gapLow;
  let massLow = gapLow;
  let massHigh = gapLow;
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, t += 16) {
    const low = loadPair(t);
    const high = loadPair(t + 8);
    gapLow = f64x2.add(gapLow, gapOf(loadPair(x), low, m));
    gapHigh = f64x2.add(gapHigh, gapOf(loadPair(x + 8), high, m));
    massLow = f64x2.add(massLow, low);
    massHigh = f64x2.add(massHigh, high);
  }
  const rest = n & 3;
  if (rest) {
    const logit = loadLanes(x, rest, zero);
    const target = loadLanes(t, rest, zero);
    const low = f64x2.promote_low_f32x4(target);
    const high = f64x2.promote_low_f32x4(upper(target));
    gapLow = f64x2.add(gapLow, gapOf(f64x2.promote_low_f32x4(logit), low, m));
    gapHigh = f64x2.add(gapHigh, gapOf(f64x2.promote_low_f32x4(upper(logit)), high, m));
    massLow = f64x2.add(massLow, low);
    massHigh = f64x2.add(massHigh, high);
  }
  store<f64>(sums, total(gapLow, gapHigh));
  store<f64>(sums, total(massLow, massHigh), 8);
}

/** t·(max − x) of two lanes in float64; 0 where t is 0, though x be infinite. */
export function gapOf(x: v128, t: v128, max: v128): v128 {
  return v128.and(f64x2.mul(t, f64x2.sub(max, x)), f64x2.ne(t, f64x2.splat(0)));
}

/** grad ← e·(mass·factor/Σ e) − t·factor in float64: the two may cancel, so only their difference is rounded. */
function denseApply(state: usize, maxima: usize, t: usize, grad: usize, n: usize, mass: f64, factor: f64): void {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const m = load<f32>(maxima + (i / BLOCK) * 4);
    const to = grad + (i << 2);
    subtract(to, t + (i << 2), to, min(n - i, BLOCK), blockFactor(state, m) * (mass * factor), factor);
  }
}
