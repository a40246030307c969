// Log-sum-exp, and the two backward operations in two passes a row.

import { type Rows, rowMax } from "./rows.js";

export { logSoftmax, softmax } from "../../src/cli/rivals/softmax.js";

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
