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

/** The index of the largest of some numbers, `stride` floats apart. */
function bestOf(f32: Float32Array, at: number, classes: number, stride: number): number {
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
export function largest(memory: Memory, x: number, n: number): number {
  const { f32 } = memory;
  let m = -Infinity;
  for (let i = x >>> 2, end = i + n; i < end; i++) {
    const v = f32[i];
    if (!(v <= m)) {
      if (Number.isNaN(v)) return v;
      m = v;
    }
  }
  return m;
}

/** The first index of a value that is there, NaN included. */
export function indexOf(memory: Memory, x: number, n: number, value: number): number {
  const { f32 } = memory;
  const from = x >>> 2;
  const any = Number.isNaN(value);
  for (let i = 0; i < n; i++) {
    const v = f32[from + i];
    if (any ? Number.isNaN(v) : v === value) return i;
  }
  return 0;
}
