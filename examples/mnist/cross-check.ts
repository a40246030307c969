// Every value the kernels give for the test digits against the float64 reference; then the same calls once more through
// `checked`, which compares them bit for bit with the js backend, too.
//
// The bound is 4 units in the last place (float32) of the true value. A difference of terms, such as σ(z) − t, is judged
// in units of the sum of their magnitudes.

import type { Xentropy } from "xentropy";
import { CrossCheckError, checked } from "xentropy/check";
import * as reference from "xentropy/reference";
import { CLASSES } from "./digits.js";
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
}

export interface CrossCheck {
  readonly checks: readonly Check[];
  /** What `checked` said against a value, if anything. */
  readonly objection: string | undefined;
}

/** Runs every operation that was used, on the logits it was used for, and compares what comes out. */
export function crossCheck(k: Xentropy, { softmaxLogits, sigmoidLogits, labels }: Checked): CrossCheck {
  const run = (kernels: Xentropy) => [
    ...crossCheckSoftmax(kernels, softmaxLogits, labels),
    ...crossCheckSigmoid(kernels, sigmoidLogits, labels),
  ];
  const checks = run(k);
  try {
    run(checked(k));
    return { checks, objection: undefined };
  } catch (error) {
    if (error instanceof CrossCheckError) return { checks, objection: error.message };
    throw error;
  }
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
