import type { Memory } from "./memory.js";

/**
 * out[j][i] = x[i][j]: assembly/transpose.ts has the contract. Words are moved, not floats, so that a NaN keeps its
 * bits. Four rows at a time: what is written lies together then, and a line of out is used more than once.
 */
export function transpose(
  memory: Memory,
  x: number,
  from: number,
  out: number,
  to: number,
  rows: number,
  cols: number,
): void {
  const { i32 } = memory;
  const source = x >>> 2;
  const target = out >>> 2;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    let p = source + i * from;
    let q = target + i;
    for (let j = 0; j < cols; j++, p++, q += to) {
      i32[q] = i32[p];
      i32[q + 1] = i32[p + from];
      i32[q + 2] = i32[p + 2 * from];
      i32[q + 3] = i32[p + 3 * from];
    }
  }
  for (; i < rows; i++) {
    for (let j = 0; j < cols; j++) i32[target + j * to + i] = i32[source + i * from + j];
  }
}
