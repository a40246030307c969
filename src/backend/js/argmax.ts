import type { Memory } from "./memory.js";

/** argmax: assembly/argmax.ts has the contract. */
export function argmax({ f32, i32 }: Memory, x: number, out: number, rows: number, cols: number): void {
  for (let row = 0; row < rows; row++) i32[(out >>> 2) + row] = bestOf(f32, (x >>> 2) + row * cols, cols, 1);
}

export function argmaxAcross(
  { f32, i32 }: Memory,
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
): void {
  for (let i = 0; i < width; i++) i32[(out >>> 2) + i] = bestOf(f32, (x >>> 2) + i, classes, stride);
}

/** The first index of the largest of some numbers, `stride` floats apart; a NaN wins. */
export function bestOf(f32: Float32Array, at: number, classes: number, stride: number): number {
  let best = f32[at];
  let index = 0;
  for (let c = 1; c < classes && !Number.isNaN(best); c++) {
    at += stride;
    if (f32[at] <= best) continue;
    best = f32[at];
    index = c;
  }
  return index;
}

/** The largest of n ≥ 1 floats, or NaN if one is among them. Which of the two zeros it is depends on the backend. */
export function largest({ f32 }: Memory, x: number, n: number): number {
  return f32[(x >>> 2) + bestOf(f32, x >>> 2, n, 1)];
}
