// Every value the kernels give for the test digits against the float64 reference; then the same calls once more through
// `checked`, which compares them bit for bit with the js backend, too.
//
// The bound is 4 units in the last place (float32) of the true value. A difference of terms, such as σ(z) − t, is judged
// in units of the sum of their magnitudes.

import type { Xentropy } from "xentropy";
import { CrossCheckError, checked } from "xentropy/check";
import * as reference from "xentropy/reference";
import { CLASSES, PIXELS } from "./digits.js";
import type { Linear } from "./linear.js";
import { oneHot } from "./objectives.js";
import { ulpOf } from "./ulp.js";

/** ULP from the true value. */
export const BOUND = 4;

export interface Check {
  readonly operation: string;
  readonly result: string;
  /** How many values were compared. */
  readonly values: number;
  /** Largest differences: in units in the last place, and as they are. */
  readonly ulp: number;
  readonly absolute: number;
  readonly passed: boolean;
}

/** The logits of the two classifiers for the same digits, and what the digits show. */
export interface Checked {
  readonly softmaxLogits: Float32Array;
  readonly sigmoidLogits: Float32Array;
  readonly labels: Int32Array;
  /** The digits, and the layers that gave the logits. */
  readonly images: Float32Array;
  readonly softmax: Linear;
  readonly sigmoids: Linear;
}

export interface CrossCheck {
  readonly checks: readonly Check[];
  /** What `checked` said against a value, if anything. */
  readonly objection: string | undefined;
}

/** Runs every operation that was used, on the logits it was used for, and compares what comes out. */
export function crossCheck(k: Xentropy, given: Checked): CrossCheck {
  const { softmaxLogits, sigmoidLogits, labels } = given;
  const run = (kernels: Xentropy) => [
    ...crossCheckSoftmax(kernels, softmaxLogits, labels),
    ...crossCheckSigmoid(kernels, sigmoidLogits, labels),
  ];
  const checks = run(k);
  try {
    run(checked(k));
    checkLayers(checked(k), given);
    return { checks, objection: undefined };
  } catch (error) {
    if (error instanceof CrossCheckError) return { checks, objection: error.message };
    throw error;
  }
}

/** How many digits the losses that make their own logits are checked with: their gradients need all of these at once. */
const SOME = 200;

/** The calls that trained the layers, by `checked` alone: their bounds are in units of sums of products. */
function checkLayers(k: Xentropy, { images, labels, softmax, sigmoids }: Checked): void {
  const [some, theirs] = [images.subarray(0, SOME * PIXELS), labels.subarray(0, SOME)];
  const shape = [SOME, PIXELS];
  k.linearSoftmaxCrossEntropy(some, softmax.weights, theirs, { shape, bias: softmax.bias, grad: true });
  k.linearSigmoidCrossEntropy(some, sigmoids.weights, oneHot(theirs), { shape, bias: sigmoids.bias, grad: true });
}

function crossCheckSoftmax(k: Xentropy, logits: Float32Array, labels: Int32Array): Check[] {
  const shape = [labels.length, CLASSES];
  const each = k.softmaxCrossEntropy(logits, labels, { shape, reduction: "none", grad: true });
  const mean = k.softmaxCrossEntropy(logits, labels, { shape, grad: true });
  const trueEach = reference.softmaxCrossEntropy(logits, labels, { shape, reduction: "none", grad: true });
  const trueMean = reference.softmaxCrossEntropy(logits, labels, { shape, grad: true });
  const operation = "softmaxCrossEntropy";
  const p = k.softmax(logits, { shape });
  const logP = k.logSoftmax(logits, { shape });
  return [
    judge("softmax", "probabilities", p, reference.softmax(logits, { shape })),
    judge("logSoftmax", "log-probabilities", logP, reference.logSoftmax(logits, { shape })),
    judge(operation, "loss of each digit", each.loss, trueEach.loss),
    judge(operation, "gradient of their sum", each.grad, trueEach.grad),
    judge(operation, "mean loss", [mean.loss], [trueMean.loss]),
    judge(operation, "gradient of the mean", mean.grad, trueMean.grad),
  ];
}

function crossCheckSigmoid(k: Xentropy, logits: Float32Array, labels: Int32Array): Check[] {
  const shape = [labels.length, CLASSES];
  const targets = oneHot(labels);
  const each = k.sigmoidCrossEntropy(logits, targets, { shape, reduction: "none", grad: true });
  const mean = k.sigmoidCrossEntropy(logits, targets, { shape, grad: true });
  const trueEach = reference.sigmoidCrossEntropy(logits, targets, { shape, reduction: "none", grad: true });
  const trueMean = reference.sigmoidCrossEntropy(logits, targets, { shape, grad: true });
  const terms = reference.sigmoid(logits).map((p, i) => p + targets[i]);
  const meanTerms = terms.map((term) => term / terms.length);
  const operation = "sigmoidCrossEntropy";
  return [
    judge(operation, "loss of each question", each.loss, trueEach.loss),
    judge(operation, "gradient of their sum", each.grad, trueEach.grad, terms),
    judge(operation, "mean loss", [mean.loss], [trueMean.loss]),
    judge(operation, "gradient of the mean", mean.grad, trueMean.grad, meanTerms),
  ];
}

/** Compares two results value by value, in units of `terms`. */
function judge(
  operation: string,
  result: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  terms = expected,
): Check {
  let ulp = actual.length === expected.length ? 0 : Number.NaN;
  let absolute = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i] - expected[i]);
    absolute = Math.max(absolute, difference);
    // Math.max keeps a NaN, and with a NaN the check fails.
    ulp = Math.max(ulp, difference / ulpOf(terms[i]));
  }
  return { operation, result, values: expected.length, ulp, absolute, passed: ulp <= BOUND };
}
