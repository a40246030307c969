import type { Memory } from "./memory.js";

/** topK: assembly/top-k.ts has the contract and the method. Floats are compared as they are, not by an integer key. */
export function topK(
  memory: Memory,
  x: number,
  values: number,
  indices: number,
  rows: number,
  cols: number,
  k: number,
): void {
  const { f32, i32 } = memory;
  if (k === 0) return;
  for (let row = 0; row < rows; row++) {
    topKRow(f32, i32, (x >>> 2) + row * cols, (values >>> 2) + row * k, (indices >>> 2) + row * k, cols, k);
  }
}

/** x, values and indices are indices into the views. */
function topKRow(
  f32: Float32Array,
  i32: Int32Array,
  x: number,
  values: number,
  indices: number,
  cols: number,
  k: number,
): void {
  for (let i = 0; i < k; i++) {
    f32[values + i] = f32[x + i];
    i32[indices + i] = i;
  }
  for (let i = k >> 1; i > 0; i--) sink(f32, i32, values, indices, i - 1, k);
  // An equal element further back is no better, so only a larger one replaces the root.
  let worst = f32[values];
  for (let i = k; i < cols; i++) {
    const v = f32[x + i];
    if (below(worst, v)) {
      f32[values] = v;
      i32[indices] = i;
      sink(f32, i32, values, indices, 0, k);
      worst = f32[values];
    }
  }
  for (let n = k - 1; n > 0; n--) {
    swap(f32, i32, values, indices, 0, n);
    sink(f32, i32, values, indices, 0, n);
  }
}

/** Whether a comes below b in the order of the floats, the zeros equal, NaN on top. */
function below(a: number, b: number): boolean {
  return a < b || (Number.isNaN(b) && !Number.isNaN(a));
}

/** Whether element i comes behind element j. */
function behind(f32: Float32Array, i32: Int32Array, values: number, indices: number, i: number, j: number): boolean {
  const a = f32[values + i];
  const b = f32[values + j];
  return below(a, b) || (!below(b, a) && i32[indices + i] > i32[indices + j]);
}

/** Lets element i of a heap of n sink below every child that comes behind it. */
function sink(f32: Float32Array, i32: Int32Array, values: number, indices: number, i: number, n: number): void {
  for (;;) {
    let child = 2 * i + 1;
    if (child >= n) return;
    if (child + 1 < n && behind(f32, i32, values, indices, child + 1, child)) child++;
    if (!behind(f32, i32, values, indices, child, i)) return;
    swap(f32, i32, values, indices, i, child);
    i = child;
  }
}

function swap(f32: Float32Array, i32: Int32Array, values: number, indices: number, i: number, j: number): void {
  const v = f32[values + i];
  const at = i32[indices + i];
  f32[values + i] = f32[values + j];
  i32[indices + i] = i32[indices + j];
  f32[values + j] = v;
  i32[indices + j] = at;
}
