import { PANEL } from "../backend.js";
import type { Memory } from "./memory.js";

/** Matrix products of packed panels: assembly/product.ts has the contract and the order of additions. */
const { fround } = Math;

/** Products that are summed in float32. */
const DOT = 64;

/** Float64 sums of a tile: 4 rows of 8. */
const TILE = 32;

export function product(
  memory: Memory,
  a: number,
  b: number,
  step: number,
  out: number,
  stride: number,
  m: number,
  n: number,
  depth: number,
  start: number,
  add: boolean,
  sums: number,
): void {
  for (let j = 0; j < n; j += 8, b += step === PANEL ? depth * PANEL : 32) {
    const cols = Math.min(n - j, 8);
    for (let i = 0; i < m; i += 4) {
      begin(memory, sums, start ? start + j * 4 : 0, cols);
      accumulate(memory, a + i * depth * 4, b, step, depth, sums);
      storeTile(memory, sums, out + i * stride + j * 4, stride, Math.min(m - i, 4), cols, add);
    }
  }
}

export function productSums(
  memory: Memory,
  a: number,
  b: number,
  sums: number,
  m: number,
  n: number,
  depth: number,
): void {
  for (let j = 0; j < n; j += 8, b += depth * PANEL) {
    for (let i = 0; i < m; i += 4, sums += TILE * 8) accumulate(memory, a + i * depth * 4, b, PANEL, depth, sums);
  }
}

export function storeSums(
  memory: Memory,
  sums: number,
  out: number,
  stride: number,
  m: number,
  n: number,
  add: boolean,
): void {
  for (let j = 0; j < n; j += 8) {
    for (let i = 0; i < m; i += 4, sums += TILE * 8) {
      storeTile(memory, sums, out + i * stride + j * 4, stride, Math.min(m - i, 4), Math.min(n - j, 8), add);
    }
  }
}

function begin({ f32, f64 }: Memory, sums: number, start: number, cols: number): void {
  const to = sums >>> 3;
  const from = start >>> 2;
  for (let i = 0; i < TILE; i++) f64[to + i] = start && (i & 7) < cols ? f32[from + (i & 7)] : 0;
}

function accumulate(memory: Memory, a: number, b: number, step: number, depth: number, sums: number): void {
  for (let k = 0; k < depth; k += DOT) {
    const count = Math.min(depth - k, DOT);
    for (let row = 0; row < 4; row++)
      addRow(memory, (a >>> 2) + k * 4 + row, (b + k * step) >>> 2, step >>> 2, count, sums + row * 64);
  }
}

/** One row of a tile; a and b are indices of floats, `step` of them between two rows of B. */
function addRow({ f32, f64 }: Memory, a: number, b: number, step: number, depth: number, sums: number): void {
  let c0 = 0;
  let c1 = 0;
  let c2 = 0;
  let c3 = 0;
  let c4 = 0;
  let c5 = 0;
  let c6 = 0;
  let c7 = 0;
  for (const end = a + depth * 4; a < end; a += 4, b += step) {
    const x = f32[a];
    c0 = fround(c0 + fround(x * f32[b]));
    c1 = fround(c1 + fround(x * f32[b + 1]));
    c2 = fround(c2 + fround(x * f32[b + 2]));
    c3 = fround(c3 + fround(x * f32[b + 3]));
    c4 = fround(c4 + fround(x * f32[b + 4]));
    c5 = fround(c5 + fround(x * f32[b + 5]));
    c6 = fround(c6 + fround(x * f32[b + 6]));
    c7 = fround(c7 + fround(x * f32[b + 7]));
  }
  const to = sums >>> 3;
  f64[to] += c0;
  f64[to + 1] += c1;
  f64[to + 2] += c2;
  f64[to + 3] += c3;
  f64[to + 4] += c4;
  f64[to + 5] += c5;
  f64[to + 6] += c6;
  f64[to + 7] += c7;
}

function storeTile(
  { f32, f64 }: Memory,
  sums: number,
  out: number,
  stride: number,
  rows: number,
  cols: number,
  add: boolean,
): void {
  for (let row = 0; row < rows; row++) {
    const from = (sums >>> 3) + row * 8;
    const to = (out + row * stride) >>> 2;
    for (let col = 0; col < cols; col++) f32[to + col] = add ? f64[from + col] + f32[to + col] : f64[from + col];
  }
}
