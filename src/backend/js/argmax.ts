import type { Memory } from "./memory.js";

/** argmax: assembly/argmax.ts has the contract. */
export function argmax(memory: Memory, x: number, out: number, rows: number, cols: number): void {
  const { i32 } = memory;
  const to = out >>> 2;
  for (let row = 0; row < rows; row++, x += cols * 4) {
    i32[to + row] = indexOf(memory, x, cols, largest(memory, x, cols));
  }
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
