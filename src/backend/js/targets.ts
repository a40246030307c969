import type { Memory } from "./memory.js";

/** Targets with label smoothing and class weights: assembly/targets.ts has the formula and the contract. */
export function smoothTargets(
  memory: Memory,
  t: number,
  out: number,
  weights: number,
  rows: number,
  cols: number,
  keep: number,
  add: number,
): void {
  const { f32 } = memory;
  const ws = weights >>> 2;
  let from = t >>> 2;
  let to = out >>> 2;
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < cols; i++, from++, to++) {
      const weight = ws ? f32[ws + i] : 1;
      f32[to] = weight * (f32[from] * keep + add);
    }
  }
}
