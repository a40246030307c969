// The operations that are measured, one row a table: how a user calls the kernels, the rival in plain JavaScript, and how
// large the terms are that a result is the difference of.

import type { FloatBatch, FloatOutput, Labels, Xentropy } from "xentropy";
import * as rivals from "./rivals.js";

/** What an operation is given: the same names whether the numbers lie in plain arrays or elsewhere. */
export interface Operands<Float extends FloatBatch & FloatOutput = FloatBatch & FloatOutput, Label = Labels> {
  readonly shape: readonly [rows: number, columns: number];
  readonly logits: Float;
  /** One class a row. */
  readonly labels: Label;
  /** Dense targets in [0, 1], of the shape of the logits. */
  readonly targets: Float;
  /** Where the result or the gradient goes. */
  readonly output: Float;
}

export type Arrays = Operands<Float32Array, Int32Array>;

export interface Operation {
  /** What --op calls it. */
  readonly name: string;
  readonly title: string;
  /** Fills the output; returns the mean loss, or 0 where there is none. */
  readonly kernels: (k: Xentropy, operands: Operands) => number;
  readonly javascript: (arrays: Arrays) => number;
  /**
   * Magnitude of what was subtracted to make element i of the output, beside the output itself. Rounding errors are in
   * proportion to that, so agreement is judged by it.
   */
  readonly subtracted: (arrays: Arrays, i: number) => number;
}

export const operations: readonly Operation[] = [
  {
    name: "softmax",
    title: "softmax",
    kernels: (k, { shape, logits, output }) => {
      k.softmax(logits, { shape, out: output });
      return 0;
    },
    javascript: ({ shape: [rows, columns], logits, output }) => {
      rivals.softmax(logits, rows, columns, output);
      return 0;
    },
    subtracted: () => 0,
  },
  {
    name: "logSoftmax",
    title: "logSoftmax",
    kernels: (k, { shape, logits, output }) => {
      k.logSoftmax(logits, { shape, out: output });
      return 0;
    },
    javascript: ({ shape: [rows, columns], logits, output }) => {
      rivals.logSoftmax(logits, rows, columns, output);
      return 0;
    },
    subtracted: ({ logits }, i) => Math.abs(logits[i]),
  },
  {
    name: "softmaxCrossEntropy",
    title: "softmaxCrossEntropy with gradient, integer labels",
    kernels: (k, { shape, logits, labels, output }) =>
      k.softmaxCrossEntropy(logits, labels, { shape, grad: output }).loss,
    javascript: ({ shape: [rows, columns], logits, labels, output }) =>
      rivals.softmaxCrossEntropy(logits, labels, rows, columns, output),
    subtracted: ({ shape: [rows, columns], labels }, i) =>
      labels[Math.floor(i / columns)] === i % columns ? 1 / rows : 0,
  },
  {
    name: "softmaxCrossEntropyDense",
    title: "softmaxCrossEntropy with gradient, dense targets",
    kernels: (k, { shape, logits, targets, output }) =>
      k.softmaxCrossEntropy(logits, targets, { shape, grad: output }).loss,
    javascript: ({ shape: [rows, columns], logits, targets, output }) =>
      rivals.softmaxCrossEntropyDense(logits, targets, rows, columns, output),
    subtracted: ({ shape: [rows], targets }, i) => targets[i] / rows,
  },
  {
    name: "sigmoidCrossEntropy",
    title: "sigmoidCrossEntropy with gradient",
    kernels: (k, { shape, logits, targets, output }) =>
      k.sigmoidCrossEntropy(logits, targets, { shape, grad: output }).loss,
    javascript: ({ logits, targets, output }) => rivals.sigmoidCrossEntropy(logits, targets, output),
    subtracted: ({ logits, targets }, i) => targets[i] / logits.length,
  },
];
