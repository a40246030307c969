// What `xentropy bench` and the page measure, one row an operation: how a user calls the kernels, and the rival in plain
// JavaScript.

import type { Xentropy } from "../index.js";
import * as javascript from "./javascript.js";
import { normal, uniform } from "./random.js";

/** One batch. */
export interface Arrays {
  readonly shape: readonly [rows: number, columns: number];
  readonly logits: Float32Array;
  /** One class a row. */
  readonly labels: Int32Array;
  /** Targets of the shape of the logits, in [0, 1]. */
  readonly targets: Float32Array;
  /** Where the result or the gradient goes. */
  readonly output: Float32Array;
}

export interface Operation {
  readonly name: string;
  readonly title: string;
  /** Fills the output; returns the mean loss, or 0 where there is none. */
  readonly kernels: (k: Xentropy, arrays: Arrays) => number;
  readonly javascript: (arrays: Arrays) => number;
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: "softmax",
    title: "softmax",
    kernels(k, { shape, logits, output }) {
      k.softmax(logits, { shape, out: output });
      return 0;
    },
    javascript({ shape: [, columns], logits, output }) {
      javascript.softmax(logits, columns, output);
      return 0;
    },
  },
  {
    name: "logSoftmax",
    title: "logSoftmax",
    kernels(k, { shape, logits, output }) {
      k.logSoftmax(logits, { shape, out: output });
      return 0;
    },
    javascript({ shape: [, columns], logits, output }) {
      javascript.logSoftmax(logits, columns, output);
      return 0;
    },
  },
  {
    name: "softmaxCrossEntropy",
    title: "softmaxCrossEntropy, loss and gradient",
    kernels: (k, { shape, logits, labels, output }) =>
      k.softmaxCrossEntropy(logits, labels, { shape, grad: output }).loss,
    javascript: ({ shape: [, columns], logits, labels, output }) =>
      javascript.softmaxCrossEntropy(logits, labels, columns, output),
  },
  {
    name: "sigmoid",
    title: "sigmoid",
    kernels(k, { logits, output }) {
      k.sigmoid(logits, { out: output });
      return 0;
    },
    javascript({ logits, output }) {
      javascript.sigmoid(logits, output);
      return 0;
    },
  },
  {
    name: "sigmoidCrossEntropy",
    title: "sigmoidCrossEntropy, loss and gradient",
    kernels: (k, { logits, targets, output }) => k.sigmoidCrossEntropy(logits, targets, { grad: output }).loss,
    javascript: ({ logits, targets, output }) => javascript.sigmoidCrossEntropy(logits, targets, output),
  },
];

/** From a single digit to a language model's vocabulary. */
export const SHAPES: readonly (readonly [rows: number, columns: number])[] = [
  [1, 10],
  [32, 10],
  [32, 1000],
  [128, 1000],
  [16, 50257],
];

/** A seeded batch: normal logits with deviation 3. */
export function batchOf(shape: readonly [rows: number, columns: number]): Arrays {
  const [rows, columns] = shape;
  const random = uniform(rows * 65537 + columns);
  const next = normal(random);
  return {
    shape,
    logits: Float32Array.from({ length: rows * columns }, () => 3 * next()),
    labels: Int32Array.from({ length: rows }, () => Math.floor(random() * columns)),
    targets: Float32Array.from({ length: rows * columns }, random),
    output: new Float32Array(rows * columns),
  };
}

/** Throws an Error unless kernels and JavaScript give the same numbers within what float32 resolves. */
export function requireAgreement(k: Xentropy, operation: Operation, arrays: Arrays): void {
  const loss = operation.kernels(k, arrays);
  const output = arrays.output.slice();
  const expected = operation.javascript(arrays);
  // Rounding is in proportion to what a result is the difference of: a logit, or a share of the mean.
  const near = (a: number, b: number, term: number) => Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(b), term);
  const terms = operation.name === "logSoftmax" ? arrays.logits : undefined;
  const same = output.every((value, i) => near(value, arrays.output[i], Math.abs(terms?.[i] ?? 1 / output.length)));
  if (!same || !near(loss, expected, 0)) {
    throw new Error(`The kernels disagree with JavaScript on ${operation.name} ${arrays.shape.join("x")}.`);
  }
}
