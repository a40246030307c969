// The rivals on a class axis that isn't the last, for the operations where turning strips into rows would cost more than the
// work: a strip of neighbouring positions is walked class by class, with a maximum and a sum for each position.

import type { Rows } from "./rows.js";

/** Positions of a strip: its maxima and sums stay in the first cache, and so do its columns of 64 classes. */
const WIDTH = 32;

const max = new Float64Array(WIDTH);
const sum = new Float64Array(WIDTH);

/** A batch [outer, classes, inner]: the strip that starts at element `at`, with `width` positions from `position` on. */
type Strip = (rows: Rows, at: number, width: number, position: number, classes: number, inner: number) => number;

function walk(strip: Strip) {
  return (rows: Rows, [outer, classes, inner]: readonly number[]): number => {
    let loss = 0;
    for (let slab = 0; slab < outer; slab++) {
      for (let from = 0; from < inner; from += WIDTH) {
        const at = slab * classes * inner + from;
        loss += strip(rows, at, Math.min(WIDTH, inner - from), slab * inner + from, classes, inner);
      }
    }
    return loss;
  };
}

function findMax(x: Float32Array, at: number, width: number, classes: number, inner: number): void {
  max.fill(-Infinity);
  for (let c = 0; c < classes; c++, at += inner) {
    for (let j = 0; j < width; j++) if (x[at + j] > max[j]) max[j] = x[at + j];
  }
}

/** Σ exp(x − max), and the exponentials to `out` where there is one. */
function findSum(
  x: Float32Array,
  at: number,
  width: number,
  classes: number,
  inner: number,
  out: Float32Array | undefined,
): void {
  findMax(x, at, width, classes, inner);
  sum.fill(0);
  for (let c = 0; c < classes; c++, at += inner) {
    for (let j = 0; j < width; j++) {
      const e = Math.exp(x[at + j] - max[j]);
      if (out) out[at + j] = e;
      sum[j] += e;
    }
  }
}

export const softmax = walk(({ x, output }, at, width, _, classes, inner) => {
  findSum(x, at, width, classes, inner, output);
  for (let j = 0; j < width; j++) sum[j] = 1 / sum[j];
  for (let c = 0; c < classes; c++, at += inner) for (let j = 0; j < width; j++) output[at + j] *= sum[j];
  return 0;
});

export const logSoftmax = walk(({ x, output }, at, width, _, classes, inner) => {
  findSum(x, at, width, classes, inner, undefined);
  for (let j = 0; j < width; j++) sum[j] = max[j] + Math.log(sum[j]);
  for (let c = 0; c < classes; c++, at += inner) {
    for (let j = 0; j < width; j++) output[at + j] = x[at + j] - sum[j];
  }
  return 0;
});

export const logSumExp = walk(({ x, values }, at, width, position, classes, inner) => {
  findSum(x, at, width, classes, inner, undefined);
  for (let j = 0; j < width; j++) values[position + j] = max[j] + Math.log(sum[j]);
  return 0;
});

/** Gradients are those of the mean over `labels.length` positions; the sum of losses is returned. */
export const softmaxCrossEntropy = walk(({ x, labels, output }, at, width, position, classes, inner) => {
  const share = 1 / labels.length;
  findSum(x, at, width, classes, inner, output);
  let loss = 0;
  for (let c = 0, i = at; c < classes; c++, i += inner) {
    for (let j = 0; j < width; j++) output[i + j] *= share / sum[j];
  }
  for (let j = 0; j < width; j++) {
    const i = at + labels[position + j] * inner + j;
    const logit = x[i] - max[j];
    output[i] = (Math.exp(logit) / sum[j] - 1) * share;
    loss += Math.log(sum[j]) - logit;
  }
  return loss;
});

export const nllLoss = walk(({ x, labels, output }, at, width, position, classes, inner) => {
  const share = 1 / labels.length;
  for (let c = 0, i = at; c < classes; c++, i += inner) output.fill(0, i, i + width);
  let loss = 0;
  for (let j = 0; j < width; j++) {
    const i = at + labels[position + j] * inner + j;
    loss -= x[i];
    output[i] = -share;
  }
  return loss;
});

export const softmaxBackward = walk(({ x, y, output }, at, width, _, classes, inner) => {
  sum.fill(0);
  for (let c = 0, i = at; c < classes; c++, i += inner) {
    for (let j = 0; j < width; j++) sum[j] += x[i + j] * y[i + j];
  }
  for (let c = 0; c < classes; c++, at += inner) {
    for (let j = 0; j < width; j++) output[at + j] = x[at + j] * (y[at + j] - sum[j]);
  }
  return 0;
});

export const logSoftmaxBackward = walk(({ x, y, output }, at, width, _, classes, inner) => {
  sum.fill(0);
  for (let c = 0, i = at; c < classes; c++, i += inner) for (let j = 0; j < width; j++) sum[j] += y[i + j];
  for (let c = 0; c < classes; c++, at += inner) {
    for (let j = 0; j < width; j++) output[at + j] = y[at + j] - Math.exp(x[at + j]) * sum[j];
  }
  return 0;
});

export const argmax = walk(({ x, indices }, at, width, position, classes, inner) => {
  max.fill(-Infinity);
  for (let c = 0; c < classes; c++, at += inner) {
    for (let j = 0; j < width; j++) {
      if (x[at + j] > max[j]) {
        max[j] = x[at + j];
        indices[position + j] = c;
      }
    }
  }
  return 0;
});
