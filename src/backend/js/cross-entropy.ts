import { BLOCK } from "../backend.js";
import type { Memory } from "./memory.js";
import { accumulate, accumulateSums, begin, blockFactor, finish, rowLog, rowMax, rowPeak, rowRest } from "./row.js";
import { softmaxApply } from "./softmax.js";

/** Softmax cross-entropy from logits: assembly/cross-entropy.ts has the formulas and the contracts. */
const { fround } = Math;

export function softmaxCrossEntropy(
  memory: Memory,
  x: number,
  grad: number,
  labels: number,
  scales: number,
  scale: number,
  losses: number,
  rows: number,
  cols: number,
  state: number,
  maxima: number,
  e: number,
): void {
  const { f32, f64, i32 } = memory;
  const bytes = cols * 4;
  for (let row = 0; row < rows; row++, x += bytes) {
    const to = grad ? grad + row * bytes : 0;
    const label = i32[(labels >>> 2) + row];
    if (label < 0) {
      f64[(losses >>> 3) + row] = 0;
      if (to) f32.fill(0, to >>> 2, (to >>> 2) + cols);
      continue;
    }
    const xLabel = f32[(x >>> 2) + label];
    begin(memory, state);
    if (to) accumulate(memory, state, maxima, x, to, cols, true);
    else accumulateSums(memory, state, x, e, cols);
    finish(memory, state);
    f64[(losses >>> 3) + row] = labelLoss(memory, state, xLabel);
    if (to) {
      const factor = scales ? f64[(scales >>> 3) + row] : scale;
      const at = (to >>> 2) + label;
      const m = f32[(maxima >>> 2) + Math.floor(label / BLOCK)];
      const others = othersThan(memory, state, xLabel, f32[at], m);
      softmaxApply(memory, state, maxima, to, cols, factor);
      f32[at] = 0 - others * factor; // +0 where the others have nothing
    }
  }
}

/** log Σ exp(x_j) − x_y, a sum of two terms that are not negative. */
export function labelLoss(memory: Memory, state: number, xLabel: number): number {
  return rowMax(memory, state) - fround(xLabel) + rowLog(memory, state);
}

/** Σ_{j≠y} p_j, with y's logit, its stored exponential and the maximum of the block that it stands in. */
export function othersThan(memory: Memory, state: number, xLabel: number, stored: number, max: number): number {
  const rest = rowRest(memory, state);
  if (fround(xLabel) === rowMax(memory, state)) return rest / (rowPeak(memory, state) + rest);
  return 1 - fround(stored) * blockFactor(memory, state, fround(max));
}
