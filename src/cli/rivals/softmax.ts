// Softmax and log-softmax in three passes a row.

import { type Rows, rowMax } from "./rows.js";

/** exp(x − max) / Σ exp(x − max) */
export function softmax({ x, output, rows, columns }: Rows): number {
  for (let start = 0, end = columns; start < rows * columns; start = end, end += columns) {
    const max = rowMax(x, start, end);
    let sum = 0;
    for (let i = start; i < end; i++) {
      const e = Math.exp(x[i] - max);
      output[i] = e;
      sum += e;
    }
    const scale = 1 / sum;
    for (let i = start; i < end; i++) output[i] *= scale;
  }
  return 0;
}

/** x − max − log Σ exp(x − max) */
export function logSoftmax({ x, output, rows, columns }: Rows): number {
  for (let start = 0, end = columns; start < rows * columns; start = end, end += columns) {
    const max = rowMax(x, start, end);
    let sum = 0;
    for (let i = start; i < end; i++) sum += Math.exp(x[i] - max);
    const logSumExp = max + Math.log(sum);
    for (let i = start; i < end; i++) output[i] = x[i] - logSumExp;
  }
  return 0;
}
