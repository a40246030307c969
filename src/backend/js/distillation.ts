import { subtract } from "./cross-entropy-general.js";
import { BLOCK, expBlock } from "./math/exp-block.js";
import { max } from "./math/max.js";
import type { Memory } from "./memory.js";
import { begin, blockFactor, finish, pushSplit, rowLog, rowMax } from "./row.js";

/** KL divergence of two softmaxes from their logits: assembly/distillation.ts has the formulas and the contract. */

export function softmaxKlDivergence(
  memory: Memory,
  x: number,
  y: number,
  grad: number,
  scales: number,
  losses: number,
  rows: number,
  cols: number,
  stateX: number,
  stateY: number,
  e: number,
): void {
  const { f64 } = memory;
  const bytes = cols * 4;
  for (let row = 0; row < rows; row++, x += bytes, y += bytes) {
    begin(memory, stateX);
    begin(memory, stateY);
    klAccumulate(memory, stateX, stateY, x, y, e, cols);
    finish(memory, stateX);
    finish(memory, stateY);
    const factor = f64[(scales >>> 3) + row];
    const sum = klApply(memory, stateX, stateY, x, y, grad ? grad + row * bytes : 0, e, cols, factor, 0);
    f64[(losses >>> 3) + row] = cols ? klLoss(memory, stateX, stateY, sum) : 0;
  }
}

/** Takes n columns of both rows into their states. */
export function klAccumulate(
  memory: Memory,
  stateX: number,
  stateY: number,
  x: number,
  y: number,
  e: number,
  n: number,
): void {
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    pushSplit(memory, stateX, max(memory, x + at, count), x + at, e, count, 0, 0);
    pushSplit(memory, stateY, max(memory, y + at, count), y + at, e + BLOCK * 4, count, 0, 0);
  }
}

/** start + Σ p_j·((y_j − max_y) − (x_j − max_x)) over n columns, and their gradient. */
export function klApply(
  memory: Memory,
  stateX: number,
  stateY: number,
  x: number,
  y: number,
  grad: number,
  e: number,
  n: number,
  scale: number,
  start: number,
): number {
  const other = e + BLOCK * 4;
  const mx = rowMax(memory, stateX);
  const my = rowMax(memory, stateY);
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    const maxX = max(memory, x + at, count);
    const maxY = max(memory, y + at, count);
    expBlock(memory, y + at, other, count, maxY);
    const factorY = blockFactor(memory, stateY, maxY);
    start += gap(memory, x + at, y + at, other, count, mx, my) * factorY;
    if (grad) {
      expBlock(memory, x + at, grad + at, count, maxX);
      subtract(memory, grad + at, other, count, blockFactor(memory, stateX, maxX) * scale, factorY * scale);
    }
  }
  return start;
}

/** The loss, given the sum over all columns. */
export function klLoss(memory: Memory, stateX: number, stateY: number, sum: number): number {
  return sum + (rowLog(memory, stateX) - rowLog(memory, stateY));
}

/** Σ e_j·((y_j − maxY) − (x_j − maxX)), terms with e = 0 left out. The lanes turn: math/sum.ts. */
function gap(memory: Memory, x: number, y: number, e: number, n: number, maxX: number, maxY: number): number {
  const { f32 } = memory;
  const xs = x >>> 2;
  const ys = y >>> 2;
  const es = e >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const weight = f32[es + i];
    const difference = f32[ys + i] - maxY - (f32[xs + i] - maxX);
    const sum = a + (weight === 0 ? 0 : weight * difference);
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}
