import { largest } from "./argmax.js";
import { logSumExpOf } from "./cross-entropy-general.js";
import type { Memory } from "./memory.js";
import { accumulateSums, begin, finish, rowMax } from "./row.js";

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

/** A finished row's log-sum-exp in float64. The row is looked at again only where its maximum is infinite. */
function rowLogSumExp(memory: Memory, state: number, x: number, n: number): number {
  const m = rowMax(memory, state);
  return logSumExpOf(memory, state, Number.isFinite(m) ? m : largest(memory, x, n));
}
