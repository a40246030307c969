import { crossEntropyOfNarrow } from "./cross-entropy-narrow";
import { expBlock } from "./math/exp-block";
import { max } from "./math/max";
import { log1p } from "./math/scalar";
import { scale as multiply } from "./math/scale";
import { BLOCK } from "./math/sum";
import { NARROW } from "./narrow";
import {
  accumulate,
  accumulateSums,
  begin,
  blockFactor,
  blockPeak,
  finish,
  restOf,
  rowLog,
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
  let row: usize = 0;
  if (cols <= NARROW) row = crossEntropyOfNarrow(x, grad, labels, scales, scale, losses, rows, cols, state);
  if (row === rows) return;
  const by = scales ? scales + (row << 3) : 0;
  const at = row * (cols << 2);
  const to = grad ? grad + at : 0;
  const y = labels + (row << 2);
  softmaxCrossEntropyOfRows(x + at, to, y, by, scale, losses + (row << 3), rows - row, cols, state, maxima, e);
}

/** softmaxCrossEntropy without quads: rows of any length, one by one. */
export function softmaxCrossEntropyOfRows(
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
    if (cols <= BLOCK) {
      const factor = scales ? load<f64>(scales + (row << 3)) : scale;
      store<f64>(losses + (row << 3), crossEntropyOfBlock(x, to, e, cols, xLabel, (<usize>label) << 2, factor));
      continue;
    }
    begin(state);
    if (to) accumulate(state, maxima, x, to, cols, true);
    else accumulateSums(state, x, e, cols);
    finish(state);
    store<f64>(losses + (row << 3), labelLoss(state, xLabel));
    if (to) {
      const factor = scales ? load<f64>(scales + (row << 3)) : scale;
      const at = to + ((<usize>label) << 2);
      const m = load<f32>(maxima + (<usize>label / BLOCK) * 4);
      const others = othersThan(state, xLabel, load<f32>(at), m);
      softmaxApply(state, maxima, to, cols, factor);
      store<f32>(at, <f32>(0 - others * factor));
    }
  }
}

/**
 * The loss of a row that is one block, and to `grad`, if any, its gradient; without, exponentials to `e`. at: bytes before the
 * label's column.
 */
function crossEntropyOfBlock(x: usize, grad: usize, e: usize, n: usize, xLabel: f32, at: usize, factor: f64): f64 {
  const m = max(x, n);
  const to = grad ? grad : e;
  const sum = expBlock(x, to, n, m);
  const peak = blockPeak(m);
  const rest = restOf(to, n, sum, peak);
  if (grad) {
    const share = 1 / (<f64>peak + rest);
    const others = xLabel === m ? rest / (<f64>peak + rest) : 1 - <f64>load<f32>(to + at) * share;
    multiply(to, n, share * factor);
    store<f32>(to + at, <f32>(0 - others * factor)); // +0 where the others have nothing
  }
  return <f64>m - <f64>xLabel + log1p(rest / <f64>peak);
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
