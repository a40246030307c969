// The two losses a linear classifier of digits can be trained with.
//
// - Softmax: one distribution over ten classes. Loss −log p_y, gradient p − onehot(y).
// - One against all: ten independent yes-or-no questions. Loss of ten sigmoids, gradient σ(z) − onehot(y).

import type { Xentropy } from "xentropy";
import { CLASSES } from "./digits.js";

export interface Objective {
  readonly name: string;
  /** Step size of the first epoch. */
  readonly rate: number;
  /** The mean loss of a batch, and its gradient written into `grad`. */
  readonly loss: (logits: Float32Array, labels: Int32Array, grad: Float32Array) => number;
}

export function softmaxObjective(k: Xentropy): Objective {
  return {
    name: "softmaxCrossEntropy",
    rate: 1,
    loss: (logits, labels, grad) =>
      k.softmaxCrossEntropy(logits, labels, { shape: [labels.length, CLASSES], grad }).loss,
  };
}

export function sigmoidObjective(k: Xentropy): Objective {
  return {
    name: "sigmoidCrossEntropy",
    // The mean is over ten questions a digit, so its gradient is ten times smaller.
    rate: 10,
    loss: (logits, labels, grad) =>
      k.sigmoidCrossEntropy(logits, oneHot(labels), { shape: [labels.length, CLASSES], grad }).loss,
  };
}

/** 1 at each row's label, 0 elsewhere. */
export function oneHot(labels: Int32Array): Float32Array {
  const targets = new Float32Array(labels.length * CLASSES);
  for (let row = 0; row < labels.length; row++) targets[row * CLASSES + labels[row]] = 1;
  return targets;
}
