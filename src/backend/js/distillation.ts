import { BLOCK } from "../backend.js";
import { expBlock } from "./math/exp-block.js";
import { max } from "./math/max.js";
import { subtract } from "./math/subtract.js";
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
  room: number,
): void {
  const { f64 } = memory;
  const bytes = cols * 4;
  const kept = cols <= room;
  const other = e + (kept ? room : BLOCK) * 4;
  for (let row = 0; row < rows; row++, x += bytes, y += bytes) {
    begin(memory, stateX);
    begin(memory, stateY);
    accumulate(memory, stateX, stateY, x, y, e, other, cols, kept);
    finish(memory, stateX);
    finish(memory, stateY);
    const factor = f64[(scales >>> 3) + row];
    const to = grad ? grad + row * bytes : 0;
    const sum = apply(memory, stateX, stateY, x, y, to, e, other, cols, factor, 0, kept);
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
  accumulate(memory, stateX, stateY, x, y, e, e + BLOCK * 4, n, false);
}

/** The student's exponentials to e, the teacher's to `other`; with `kept` each block's to a place of its own there. */
function accumulate(
  memory: Memory,
  stateX: number,
  stateY: number,
  x: number,
  y: number,
  e: number,
  other: number,
  n: number,
  kept: boolean,
): void {
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    const place = kept ? at : 0;
    pushSplit(memory, stateX, max(memory, x + at, count), x + at, e + place, count, 0, 0);
    pushSplit(memory, stateY, max(memory, y + at, count), y + at, other + place, count, 0, 0);
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
  return apply(memory, stateX, stateY, x, y, grad, e, e + BLOCK * 4, n, scale, start, false);
}

function apply(
  memory: Memory,
  stateX: number,
  stateY: number,
  x: number,
  y: number,
  grad: number,
  e: number,
  other: number,
  n: number,
  scale: number,
  start: number,
  kept: boolean,
): number {
  const mx = rowMax(memory, stateX);
  const my = rowMax(memory, stateY);
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    const maxX = max(memory, x + at, count);
    const maxY = max(memory, y + at, count);
    const place = kept ? at : 0;
    if (!kept) expBlock(memory, y + at, other, count, maxY);
    const factorY = blockFactor(memory, stateY, maxY);
    const sum = gap(memory, x + at, y + at, other + place, count, mx, my);
    start += sum === Infinity ? sum : sum * factorY;
    if (grad) {
      if (!kept) expBlock(memory, x + at, e, count, maxX);
      const factorX = blockFactor(memory, stateX, maxX);
      subtract(memory, e + place, other + place, grad + at, count, factorX * scale, factorY * scale);
    }
  }
  return start;
}

/** The loss, given the sum over all columns: 0 where rounding left it below. */
export function klLoss(memory: Memory, stateX: number, stateY: number, sum: number): number {
  return Math.max(sum + (rowLog(memory, stateX) - rowLog(memory, stateY)), 0);
}

/**
 * Σ e_j·((y_j − maxY) − (x_j − maxX)), terms with e = 0 left out but for infinite ones. Four lanes in turn: see math/sum.ts.
 */
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
    const term = difference === Infinity ? difference : weight * difference;
    const sum = a + (weight === 0 && difference !== Infinity ? 0 : term);
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}
