import {
  aimsAtLabel,
  ROW_RECORD as RECORD,
  ROW_FACTOR,
  ROW_LABEL,
  ROW_LABEL_LOGIT,
  ROW_LARGEST,
  ROW_LARGEST_COLUMN,
  ROW_LOG_SUM_EXP,
  ROW_LOSS,
  ROW_SPIKE,
  STATE_BYTES,
} from "../backend.js";
import { bestOf } from "./argmax.js";
import { accumulateDense, generalApply, generalLoss, labelGradient, logSumExpOf } from "./cross-entropy-general.js";
import { expBlock } from "./math/exp-block.js";
import { max } from "./math/max.js";
import type { Memory } from "./memory.js";
import { begin, finish, pushSplit } from "./row.js";
import { sigmoidCrossEntropy } from "./sigmoid-cross-entropy.js";
import { sigmoidCrossEntropyGeneral } from "./sigmoid-cross-entropy-general.js";

/** Cross-entropies of logits that are never all there: assembly/linear.ts has the contract and a row's record. */

export function linearBegin(memory: Memory, records: number, states: number, count: number): void {
  for (let row = 0; row < count; row++, records += RECORD, states += STATE_BYTES) {
    begin(memory, states);
    memory.f32[(records + ROW_LABEL_LOGIT) >>> 2] = 0;
    memory.f32[(records + ROW_LARGEST) >>> 2] = Number.NEGATIVE_INFINITY;
    memory.i32[(records + ROW_LARGEST_COLUMN) >>> 2] = 0;
  }
}

export function linearForward(
  memory: Memory,
  z: number,
  base: number,
  baseStep: number,
  records: number,
  states: number,
  maxima: number,
  step: number,
  count: number,
  cols: number,
  column: number,
  findLargest: boolean,
  e: number,
): void {
  const { f32, i32 } = memory;
  const replace = e === z;
  for (let row = 0; row < count; row++) {
    const to = replace ? z : e;
    const at = i32[(records + ROW_LABEL) >>> 2] - column;
    if (at >= 0 && at < cols) f32[(records + ROW_LABEL_LOGIT) >>> 2] = f32[(z >>> 2) + at];
    if (findLargest) noteLargest(memory, records, z, cols, column);
    if (base) {
      accumulateDense(memory, states, maxima, z, base, to, false, cols);
    } else {
      const m = max(memory, z, cols);
      f32[maxima >>> 2] = m;
      pushSplit(memory, states, m, z, to, cols, 0, 0);
    }
    z += cols * 4;
    base += baseStep;
    records += RECORD;
    states += STATE_BYTES;
    maxima += step;
  }
}

function noteLargest(memory: Memory, record: number, z: number, cols: number, column: number): void {
  const { f32, i32 } = memory;
  const known = f32[(record + ROW_LARGEST) >>> 2];
  const at = bestOf(f32, z >>> 2, cols, 1);
  const here = f32[(z >>> 2) + at];
  if (Number.isNaN(known) || !(here > known || Number.isNaN(here))) return;
  f32[(record + ROW_LARGEST) >>> 2] = here;
  i32[(record + ROW_LARGEST_COLUMN) >>> 2] = column + at;
}

export function linearFinish(
  memory: Memory,
  records: number,
  states: number,
  zLoss: number,
  findLargest: boolean,
  count: number,
): void {
  const { f32, f64, i32 } = memory;
  for (let row = 0; row < count; row++, records += RECORD, states += STATE_BYTES) {
    finish(memory, states);
    const lse = logSumExpOf(memory, states, findLargest ? f32[(records + ROW_LARGEST) >>> 2] : 0);
    f64[(records + ROW_LOG_SUM_EXP) >>> 3] = lse;
    const counts = i32[(records + ROW_LABEL) >>> 2] >= 0;
    const spike = f64[(records + ROW_SPIKE) >>> 3];
    const xLabel = f32[(records + ROW_LABEL_LOGIT) >>> 2];
    f64[(records + ROW_LOSS) >>> 3] = counts ? generalLoss(memory, states, xLabel, spike, zLoss, lse) : 0;
  }
}

export function linearMaxima(
  memory: Memory,
  z: number,
  maxima: number,
  step: number,
  count: number,
  cols: number,
): void {
  for (let row = 0; row < count; row++) memory.f32[(maxima + row * step) >>> 2] = max(memory, z + row * cols * 4, cols);
}

export function linearBackward(
  memory: Memory,
  z: number,
  stride: number,
  base: number,
  baseStep: number,
  records: number,
  states: number,
  maxima: number,
  step: number,
  zLoss: number,
  count: number,
  cols: number,
  column: number,
  stored: number,
): void {
  const { f32, f64, i32 } = memory;
  for (let row = 0; row < count; row++) {
    const label = i32[(records + ROW_LABEL) >>> 2];
    const zs = z >>> 2;
    if (label < 0) {
      f32.fill(0, zs, zs + cols);
    } else {
      const m = f32[maxima >>> 2];
      const spike = f64[(records + ROW_SPIKE) >>> 3];
      const factor = f64[(records + ROW_FACTOR) >>> 3];
      const lse = f64[(records + ROW_LOG_SUM_EXP) >>> 3];
      const at = label - column;
      const here = at >= 0 && at < cols && aimsAtLabel(spike, base, zLoss);
      if (row >= stored) expBlock(memory, z, z, cols, m);
      const xLabel = f32[(records + ROW_LABEL_LOGIT) >>> 2];
      const share = here && base ? f32[(base >>> 2) + at] : 0;
      const value = here ? labelGradient(memory, states, xLabel, f32[zs + at], m, share, spike, zLoss, lse) : 0;
      generalApply(memory, states, maxima, base, z, cols, spike, zLoss, lse, factor);
      if (here) f32[zs + at] = 0 + value * factor;
    }
    z += stride;
    base += baseStep;
    records += RECORD;
    states += STATE_BYTES;
    maxima += step;
  }
}

export function linearSigmoid(
  memory: Memory,
  z: number,
  t: number,
  u: number,
  pw: number,
  grad: boolean,
  losses: number,
  sums: number,
  e: number,
  count: number,
  cols: number,
  smoothing: number,
  scale: number,
): void {
  const { f64 } = memory;
  const plain = !u && !pw && smoothing === 0;
  for (let row = 0; row < count; row++) {
    const at = row * cols * 4;
    const x = z + at;
    const g = grad ? x : 0;
    const l = losses ? losses + at : 0;
    const by = u ? u + at : 0;
    const positive = pw ? pw + at : 0;
    let sum = f64[(sums >>> 3) + row];
    if (!plain) {
      sum = sigmoidCrossEntropyGeneral(memory, x, t + at, by, positive, g, l, e, cols, smoothing, scale, sum);
    } else {
      if (losses) sigmoidCrossEntropyGeneral(memory, x, t + at, 0, 0, 0, l, e, cols, 0, 1, 0);
      if (grad || !losses) sum = sigmoidCrossEntropy(memory, x, t + at, g, e, cols, scale, sum);
    }
    f64[(sums >>> 3) + row] = sum;
  }
}
