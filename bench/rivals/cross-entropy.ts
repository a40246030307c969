// Losses of a row against dense targets, a label of log-probabilities or a teacher, each with its gradient.

import { type Rows, rowMax } from "./rows.js";

export { softmaxCrossEntropy } from "../../src/cli/rivals/cross-entropy.js";

/** Loss −Σ t·logSoftmax(x), gradient softmax(x)·Σt − t. */
export function softmaxCrossEntropyDense({ x, y: targets, output, rows, columns }: Rows, share: number): number {
  let loss = 0;
  for (let start = 0, end = columns; start < rows * columns; start = end, end += columns) {
    const max = rowMax(x, start, end);
    let sum = 0;
    let mass = 0;
    let dot = 0;
    for (let i = start; i < end; i++) {
      const shifted = x[i] - max;
      const t = targets[i];
      const e = Math.exp(shifted);
      output[i] = e;
      sum += e;
      mass += t;
      dot += t * shifted;
    }
    const scale = (mass * share) / sum;
    for (let i = start; i < end; i++) output[i] = output[i] * scale - targets[i] * share;
    loss += mass * Math.log(sum) - dot;
  }
  return loss;
}

/** Loss −x_label, gradient −1 at the label. */
export function nllLoss({ x, labels, output, rows, columns }: Rows, share: number): number {
  output.fill(0, 0, rows * columns);
  let loss = 0;
  for (let row = 0, start = 0; row < rows; row++, start += columns) {
    const at = start + labels[row];
    loss -= x[at];
    output[at] = -share;
  }
  return loss;
}

/** KL(softmax(teacher) ‖ softmax(student)), gradient softmax(student) − softmax(teacher); x the student, y the teacher. */
export function softmaxKlDivergence({ x, y, output, rows, columns }: Rows, share: number): number {
  let loss = 0;
  for (let start = 0, end = columns; start < rows * columns; start = end, end += columns) {
    const maxX = rowMax(x, start, end);
    const maxY = rowMax(y, start, end);
    let sumX = 0;
    let sumY = 0;
    let gap = 0;
    for (let i = start; i < end; i++) {
      const student = x[i] - maxX;
      const teacher = y[i] - maxY;
      const e = Math.exp(teacher);
      sumX += Math.exp(student);
      sumY += e;
      gap += e * (teacher - student);
    }
    // A second exponential costs less than a pass through memory for both rows.
    const scaleX = share / sumX;
    const scaleY = share / sumY;
    for (let i = start; i < end; i++) output[i] = Math.exp(x[i] - maxX) * scaleX - Math.exp(y[i] - maxY) * scaleY;
    loss += gap / sumY + Math.log(sumX) - Math.log(sumY);
  }
  return loss;
}
