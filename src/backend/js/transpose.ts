import { turn } from "../../turn.js";
import type { Memory } from "./memory.js";

/** out[j][i] = x[i][j]: assembly/transpose.ts has the contract. Words are moved, not floats, so that a NaN keeps its bits. */
export function transpose(
  { i32 }: Memory,
  x: number,
  xStride: number,
  out: number,
  outStride: number,
  rows: number,
  cols: number,
): void {
  turn(i32, x >>> 2, 1, xStride, i32, out >>> 2, outStride, 1, cols, rows);
}
