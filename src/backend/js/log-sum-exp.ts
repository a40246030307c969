import type { Memory } from "./memory.js";
import { accumulateSums, begin, finish, rowLog, rowMax, rowPeak, rowRest } from "./row.js";

/** logSumExp, row by row: assembly/log-sum-exp.ts has the formula and the contract. */
export function logSumExp(
  memory: Memory,
  x: number,
  out: number,
  rows: number,
  cols: number,
  state: number,
  e: number,
): void {
  const { f32 } = memory;
  const to = out >>> 2;
  for (let row = 0; row < rows; row++, x += cols * 4) {
    begin(memory, state);
    accumulateSums(memory, state, x, e, cols);
    finish(memory, state);
    f32[to + row] = rowLogSumExp(memory, state, x, cols);
  }
}

/** A finished row's log-sum-exp in float64. The row is looked at again only where its maximum is +Infinity. */
function rowLogSumExp(memory: Memory, state: number, x: number, n: number): number {
  const m = rowMax(memory, state);
  if (m === -Infinity && rowRest(memory, state) === 0 && rowPeak(memory, state) === 0) return m;
  if (m === Infinity) return hasNaN(memory, x, n) ? Number.NaN : m;
  return m + rowLog(memory, state);
}

function hasNaN(memory: Memory, x: number, n: number): boolean {
  const { f32 } = memory;
  for (let i = x >>> 2, end = i + n; i < end; i++) if (Number.isNaN(f32[i])) return true;
  return false;
}
