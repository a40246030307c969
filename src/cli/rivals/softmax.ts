// Softmax, log-softmax and log-sum-exp in three passes a row, and the two backward operations in two.

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

/** max + log Σ exp(x − max) */
export function logSumExp({ x, values, rows, columns }: Rows): number {
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    const end = start + columns;
    const max = rowMax(x, start, end);
    let sum = 0;
    for (let i = start; i < end; i++) sum += Math.exp(x[i] - max);
    values[row] = max + Math.log(sum);
  }
  return 0;
}

/** x·(y − Σ y·x), x the probabilities and y the gradient to them */
export function softmaxBackward({ x, y, output, rows, columns }: Rows): number {
  for (let start = 0, end = columns; start < rows * columns; start = end, end += columns) {
    let dot = 0;
    for (let i = start; i < end; i++) dot += x[i] * y[i];
    for (let i = start; i < end; i++) output[i] = x[i] * (y[i] - dot);
  }
  return 0;
}

/** y − exp(x)·Σ y, x the log-probabilities and y the gradient to them */
export function logSoftmaxBackward({ x, y, output, rows, columns }: Rows): number {
  for (let start = 0, end = columns; start < rows * columns; start = end, end += columns) {
    let sum = 0;
    for (let i = start; i < end; i++) sum += y[i];
    for (let i = start; i < end; i++) output[i] = y[i] - Math.exp(x[i]) * sum;
  }
  return 0;
}
