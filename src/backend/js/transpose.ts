import type { Memory } from "./memory.js";

/**
 * out[j][i] = x[i][j]: assembly/transpose.ts has the contract. Words are moved, not floats, so that a NaN keeps its
 * bits. Four rows at a time: what is written lies together then, and a line of out is used more than once.
 */
export function transpose(
  memory: Memory,
  x: number,
  xStride: number,
  out: number,
  outStride: number,
  rows: number,
  cols: number,
): void {
  const { i32 } = memory;
  const source = x >>> 2;
  const target = out >>> 2;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    let p = source + i * xStride;
    let q = target + i;
    for (let j = 0; j < cols; j++, p++, q += outStride) {
      i32[q] = i32[p];
      i32[q + 1] = i32[p + xStride];
      i32[q + 2] = i32[p + 2 * xStride];
      i32[q + 3] = i32[p + 3 * xStride];
    }
  }
  for (; i < rows; i++) {
    for (let j = 0; j < cols; j++) i32[target + j * outStride + i] = i32[source + i * xStride + j];
  }
}
