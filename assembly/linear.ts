import { indexOf, largest } from "./argmax";
import {
  accumulateDense,
  aimsAtLabel,
  generalApply,
  generalLoss,
  labelGradient,
  logSumExpOf,
} from "./cross-entropy-general";
import { expBlock } from "./math/exp-block";
import { max } from "./math/max";
import { begin, finish, pushSplit, STATE_BYTES } from "./row";
import { sigmoidCrossEntropy } from "./sigmoid-cross-entropy";
import { sigmoidCrossEntropyGeneral } from "./sigmoid-cross-entropy-general";

/**
 * Softmax cross-entropy of logits that are never all in memory: the rows' sums grow as blocks of columns come by, and when
 * the blocks come by a second time each gets its gradient. cross-entropy-general.ts has the formulas, row.ts the sums;
 * so loss and gradient have the bits that softmaxCrossEntropy gives for the same logits.
 *
 * A row has a state of STATE_BYTES in `states`, and this record in `records`, which lasts from the first call to the last.
 * `count` is the number of rows.
 */
@unmanaged
class Row {
  /** What the label adds to the target. */
  spike: f64;
  /** What the gradient is multiplied by. */
  factor: f64;
  /** Unscaled. */
  loss: f64;
  logSumExp: f64;
  /** Negative to leave the row out. */
  label: i32;
  labelLogit: f32;
  /** The largest logit, NaN if one is NaN. */
  largest: f32;
  largestColumn: i32;
}

const RECORD_BYTES = offsetof<Row>();

/** Before the first block. */
export function linearBegin(records: usize, states: usize, count: usize): void {
  for (let i: usize = 0; i < count; i++, records += RECORD_BYTES, states += STATE_BYTES) {
    const row = changetype<Row>(records);
    begin(states);
    row.labelLogit = 0;
    row.largest = -Infinity;
    row.largestColumn = 0;
  }
}

/**
 * Takes the block that begins at `column`, a multiple of 2048, into the sums.
 *
 * z: count × cols floats, cols ≤ 2048, rows side by side. base, baseStep: as in softmaxCrossEntropyGeneral, both 0 for
 * none. findLargest: whether the largest logit is wanted. maxima: where the first row's maximum of this block goes; the others'
 * lie `step` bytes apart. e: where the stored exponentials go, 2048 floats; or z, and they replace the logits.
 */
export function linearForward(
  z: usize,
  base: usize,
  baseStep: usize,
  records: usize,
  states: usize,
  maxima: usize,
  step: usize,
  count: usize,
  cols: usize,
  column: usize,
  findLargest: bool,
  e: usize,
): void {
  const replace = e === z;
  for (let i: usize = 0; i < count; i++) {
    const row = changetype<Row>(records);
    const to = replace ? z : e;
    const at = <usize>row.label - column;
    if (at < cols) row.labelLogit = load<f32>(z + (at << 2));
    if (findLargest) noteLargest(row, z, cols, column);
    if (base) {
      accumulateDense(states, maxima, z, base, to, false, cols);
    } else {
      const m = max(z, cols);
      store<f32>(maxima, m);
      pushSplit(states, m, z, to, cols, 0, 0);
    }
    z += cols << 2;
    base += baseStep;
    records += RECORD_BYTES;
    states += STATE_BYTES;
    maxima += step;
  }
}

function noteLargest(row: Row, z: usize, cols: usize, column: usize): void {
  const known = row.largest;
  const here = largest(z, cols);
  // The first NaN stays, and of equal numbers the first; a first block of −Infinity has its column 0.
  if (isNaN(known) || !(here > known || isNaN(here))) return;
  row.largest = here;
  row.largestColumn = <i32>(column + indexOf(z, cols, here));
}

/** After the last block: losses and log-sum-exps. findLargest: as in linearForward. */
export function linearFinish(records: usize, states: usize, zLoss: f64, findLargest: bool, count: usize): void {
  for (let i: usize = 0; i < count; i++, records += RECORD_BYTES, states += STATE_BYTES) {
    const row = changetype<Row>(records);
    finish(states);
    const lse = logSumExpOf(states, findLargest ? row.largest : 0);
    row.logSumExp = lse;
    row.loss = row.label >= 0 ? generalLoss(states, row.labelLogit, row.spike, zLoss, lse) : 0;
  }
}

/** The maxima of a block, `step` bytes apart: what linearForward leaves, for logits whose sums are known already. */
export function linearMaxima(z: usize, maxima: usize, step: usize, count: usize, cols: usize): void {
  for (let i: usize = 0; i < count; i++, z += cols << 2, maxima += step) store<f32>(maxima, max(z, cols));
}

/**
 * Replaces logits by their gradient: count × cols of them from `column` on, within one block, rows `stride` bytes apart.
 * maxima, step: the block's, as linearForward left them. stored: how many rows, the first ones, have not logits but what
 * linearForward replaced them by.
 */
export function linearBackward(
  z: usize,
  stride: usize,
  base: usize,
  baseStep: usize,
  records: usize,
  states: usize,
  maxima: usize,
  step: usize,
  zLoss: f64,
  count: usize,
  cols: usize,
  column: usize,
  stored: usize,
): void {
  for (let i: usize = 0; i < count; i++) {
    const row = changetype<Row>(records);
    if (row.label < 0) {
      memory.fill(z, 0, cols << 2);
    } else {
      const m = load<f32>(maxima);
      const spike = row.spike;
      const factor = row.factor;
      const lse = row.logSumExp;
      const at = <usize>row.label - column;
      const here = at < cols && aimsAtLabel(spike, base, zLoss);
      if (i >= stored) expBlock(z, z, cols, m);
      const share: f32 = here && base ? load<f32>(base + (at << 2)) : 0;
      const e: f32 = here ? load<f32>(z + (at << 2)) : 0;
      const value = here ? labelGradient(states, row.labelLogit, e, m, share, spike, zLoss, lse) : 0;
      generalApply(states, maxima, base, z, cols, spike, zLoss, lse, factor);
      if (here) store<f32>(z + (at << 2), <f32>(0 + value * factor));
    }
    z += stride;
    base += baseStep;
    records += RECORD_BYTES;
    states += STATE_BYTES;
    maxima += step;
  }
}

/**
 * Sigmoid cross-entropy of a block of columns: z, t: count × cols floats, cols ≤ 2048, rows side by side; z is replaced
 * by the gradient if `grad`. u, pw, losses: as many floats, 0 for none. sums: a float64 a row, to which its losses are
 * added. e: scratch, as for sigmoidCrossEntropyGeneral. Without weights and smoothing it is sigmoidCrossEntropy that gives
 * sums and gradients, with or without losses of their own.
 */
export function linearSigmoid(
  z: usize,
  t: usize,
  u: usize,
  pw: usize,
  grad: bool,
  losses: usize,
  sums: usize,
  e: usize,
  count: usize,
  cols: usize,
  smoothing: f64,
  scale: f64,
): void {
  const plain = !u && !pw && smoothing === 0;
  for (let row: usize = 0; row < count; row++, sums += 8) {
    const at = row * (cols << 2);
    const x = z + at;
    const g = grad ? x : 0;
    const l = losses ? losses + at : 0;
    const by = u ? u + at : 0;
    const positive = pw ? pw + at : 0;
    let sum = load<f64>(sums);
    if (!plain) {
      sum = sigmoidCrossEntropyGeneral(x, t + at, by, positive, g, l, e, cols, smoothing, scale, sum);
    } else {
      if (losses) sigmoidCrossEntropyGeneral(x, t + at, 0, 0, 0, l, e, cols, 0, 1, 0);
      if (grad || !losses) sum = sigmoidCrossEntropy(x, t + at, g, e, cols, scale, sum);
    }
    store<f64>(sums, sum);
  }
}
