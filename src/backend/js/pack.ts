import type { Memory } from "./memory.js";
import { transpose } from "./transpose.js";

/** Panels for the matrix product: assembly/pack.ts says what they are. */

export function packRows(
  memory: Memory,
  x: number,
  stride: number,
  out: number,
  rows: number,
  depth: number,
  width: number,
): void {
  const { i32 } = memory;
  for (let row = 0; row < rows; row += width) {
    const count = Math.min(rows - row, width);
    const length = depth * width;
    if (count < width) i32.fill(0, out >>> 2, (out >>> 2) + length);
    transpose(memory, x + row * stride, stride >> 2, out, width, count, depth);
    out += length * 4;
  }
}

export function packColumns(
  memory: Memory,
  x: number,
  stride: number,
  out: number,
  depth: number,
  cols: number,
  width: number,
): void {
  const { i32 } = memory;
  const step = stride >> 2;
  let to = out >>> 2;
  for (let col = 0; col < cols; col += width) {
    const count = Math.min(cols - col, width);
    let from = (x >>> 2) + col;
    for (let k = 0; k < depth; k++, from += step, to += width) {
      for (let i = 0; i < width; i++) i32[to + i] = i < count ? i32[from + i] : 0;
    }
  }
}

export function packGradient(
  memory: Memory,
  x: number,
  stride: number,
  byRows: number,
  step: number,
  byColumns: number,
  sums: number,
  rows: number,
  cols: number,
): void {
  if (byRows) {
    for (let row = 0; row < rows; row += 4) {
      packRows(memory, x + row * stride, stride, byRows + (row >> 2) * step, Math.min(rows - row, 4), cols, 4);
    }
  }
  if (byColumns) packColumns(memory, x, stride, byColumns, rows, cols, 4);
  if (sums) addColumns(memory, x, stride, sums, rows, cols);
}

function addColumns({ f32, f64 }: Memory, x: number, stride: number, sums: number, rows: number, cols: number): void {
  const step = stride >> 2;
  const to = sums >>> 3;
  for (let row = 0, from = x >>> 2; row < rows; row++, from += step) {
    for (let col = 0; col < cols; col++) f64[to + col] += f32[from + col];
  }
}
