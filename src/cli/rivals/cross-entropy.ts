// The loss of a row against a label, with its gradient.

import { type Rows, rowMax } from "./rows.js";

/** Loss −logSoftmax(x)_label, gradient softmax(x) − onehot(label). */
export function softmaxCrossEntropy({ x, labels, output, rows, columns }: Rows, share: number): number {
  let loss = 0;
  for (let row = 0, start = 0, end = columns; row < rows; row++, start = end, end += columns) {
    const max = rowMax(x, start, end);
    let sum = 0;
    for (let i = start; i < end; i++) {
      const e = Math.exp(x[i] - max);
      output[i] = e;
      sum += e;
    }
    const scale = share / sum;
    for (let i = start; i < end; i++) output[i] *= scale;
    // The label's own gradient in float64: from the rounded exponential p − 1 would lose its digits.
    const at = start + labels[row];
    const logit = x[at] - max;
    output[at] = (Math.exp(logit) / sum - 1) * share;
    loss += Math.log(sum) - logit;
  }
  return loss;
}
