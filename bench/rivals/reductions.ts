// A row to its largest elements, or to one number.

import type { Rows } from "./rows.js";

export function argmax({ x, indices, rows, columns }: Rows): number {
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    let best = start;
    let max = x[start];
    for (let i = start + 1; i < start + columns; i++) {
      if (x[i] > max) {
        max = x[i];
        best = i;
      }
    }
    indices[row] = best - start;
  }
  return 0;
}

/** Places in a row's list of largest elements. */
export const K = 5;

const values = new Float64Array(K + 1);
const places = new Int32Array(K + 1);

/** By insertion into a short sorted list: nearly every element fails the first comparison. */
export function topK({ x, values: out, indices, rows, columns }: Rows): number {
  const k = Math.min(K, columns);
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    values.fill(-Infinity);
    for (let i = 0; i < columns; i++) {
      const v = x[start + i];
      if (v <= values[k - 1]) continue;
      let at = k - 1;
      for (; at > 0 && values[at - 1] < v; at--) {
        values[at] = values[at - 1];
        places[at] = places[at - 1];
      }
      values[at] = v;
      places[at] = i;
    }
    for (let i = 0; i < k; i++) {
      out[row * k + i] = values[i];
      indices[row * k + i] = places[i];
    }
  }
  return 0;
}

/** −Σ p·log p */
export function entropy({ x, values, rows, columns }: Rows): number {
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    let sum = 0;
    for (let i = start; i < start + columns; i++) if (x[i] > 0) sum -= x[i] * Math.log(x[i]);
    values[row] = sum;
  }
  return 0;
}

/** −Σ p·log q */
export function crossEntropy({ x, y, values, rows, columns }: Rows): number {
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    let sum = 0;
    for (let i = start; i < start + columns; i++) if (x[i] > 0) sum -= x[i] * Math.log(y[i]);
    values[row] = sum;
  }
  return 0;
}

/** Σ p·log(p/q) */
export function klDivergence({ x, y, values, rows, columns }: Rows): number {
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    let sum = 0;
    for (let i = start; i < start + columns; i++) if (x[i] > 0) sum += x[i] * Math.log(x[i] / y[i]);
    values[row] = sum;
  }
  return 0;
}

/** ½·Σ p·log(p/m) + ½·Σ q·log(q/m), m = (p + q)/2 */
export function jensenShannon({ x, y, values, rows, columns }: Rows): number {
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    let sum = 0;
    for (let i = start; i < start + columns; i++) {
      const p = x[i];
      const q = y[i];
      const m = 2 / (p + q);
      if (p > 0) sum += p * Math.log(p * m);
      if (q > 0) sum += q * Math.log(q * m);
    }
    values[row] = sum / 2;
  }
  return 0;
}
