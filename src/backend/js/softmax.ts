import { BLOCK } from "../backend.js";
import { scale } from "./math/scale.js";
import type { Memory } from "./memory.js";
import { accumulate, accumulateSums, begin, blockFactor, finish, rowLog, rowMax } from "./row.js";

/** softmax and logSoftmax, row by row: assembly/softmax.ts has the formulas and the contract. */
const { fround } = Math;

export function softmax(
  memory: Memory,
  x: number,
  out: number,
  rows: number,
  cols: number,
  state: number,
  maxima: number,
): void {
  const bytes = cols * 4;
  for (const end = x + rows * bytes; x < end; x += bytes, out += bytes) {
    begin(memory, state);
    accumulate(memory, state, maxima, x, out, cols, false);
    finish(memory, state);
    softmaxApply(memory, state, maxima, out, cols, 1);
  }
}

/** Turns stored exponentials into probabilities times `factor`. */
export function softmaxApply(
  memory: Memory,
  state: number,
  maxima: number,
  out: number,
  n: number,
  factor: number,
): void {
  for (let i = 0; i < n; i += BLOCK) {
    const m = memory.f32[(maxima >>> 2) + i / BLOCK];
    scale(memory, out + i * 4, Math.min(n - i, BLOCK), blockFactor(memory, state, m) * factor);
  }
}

export function logSoftmax(
  memory: Memory,
  x: number,
  out: number,
  rows: number,
  cols: number,
  state: number,
  e: number,
): void {
  const bytes = cols * 4;
  for (const end = x + rows * bytes; x < end; x += bytes, out += bytes) {
    begin(memory, state);
    accumulateSums(memory, state, x, e, cols);
    finish(memory, state);
    logSoftmaxApply(memory, state, x, out, cols);
  }
}

/** Writes (x − max) − log Σ for n columns. */
export function logSoftmaxApply(memory: Memory, state: number, x: number, out: number, n: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  const m = rowMax(memory, state);
  const log = fround(rowLog(memory, state));
  for (let i = 0; i < n; i++) f32[to + i] = fround(f32[from + i] - m) - log;
}
