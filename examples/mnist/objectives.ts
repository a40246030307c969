// The losses that a linear classifier of digits is trained with here. Each call makes the logits, the loss, and the
// gradients of weights and bias.
//
// - Softmax: one distribution over ten classes. Loss −log p_y, gradient p − onehot(y).
// - One against all: ten independent yes-or-no questions. Loss of ten sigmoids, gradient σ(z) − onehot(y).
// - Logistic regression: one such question.

import type { Xentropy } from "xentropy";
import { CLASSES, PIXELS } from "./digits.js";
import type { Linear } from "./linear.js";

export interface Objective {
  readonly name: string;
  /** Logits of an image. */
  readonly outputs: number;
  /** Step size of the first epoch. */
  readonly rate: number;
  /** The mean loss of some images, with its gradients written into the layer's. */
  readonly loss: (layer: Linear, images: Float32Array, labels: Int32Array) => number;
}

export function softmaxObjective(k: Xentropy): Objective {
  return {
    name: "linearSoftmaxCrossEntropy",
    outputs: CLASSES,
    rate: 1,
    loss: ({ weights, bias, grad }, images, labels) =>
      k.linearSoftmaxCrossEntropy(images, weights, labels, { shape: [labels.length, PIXELS], bias, grad }).loss,
  };
}

export function sigmoidObjective(k: Xentropy): Objective {
  return {
    name: "linearSigmoidCrossEntropy, ten classes",
    outputs: CLASSES,
    // The mean is over ten questions a digit, so its gradient is ten times smaller.
    rate: 10,
    loss: ({ weights, bias, grad }, images, labels) =>
      k.linearSigmoidCrossEntropy(images, weights, oneHot(labels), { shape: [labels.length, PIXELS], bias, grad }).loss,
  };
}

export function logisticObjective(k: Xentropy): Objective {
  return {
    name: "linearSigmoidCrossEntropy, one class",
    outputs: 1,
    rate: 1,
    loss: ({ weights, bias, grad }, images, labels) => {
      const targets = Float32Array.from(labels);
      return k.linearSigmoidCrossEntropy(images, weights, targets, { shape: [labels.length, PIXELS], bias, grad }).loss;
    },
  };
}

/** 1 at each row's label, 0 elsewhere. */
export function oneHot(labels: Int32Array): Float32Array {
  const targets = new Float32Array(labels.length * CLASSES);
  for (let row = 0; row < labels.length; row++) targets[row * CLASSES + labels[row]] = 1;
  return targets;
}
