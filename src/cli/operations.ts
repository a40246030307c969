// What `xentropy bench` and the page measure, one row an operation: how a user calls the kernels, and the rival in plain
// JavaScript.

import type { Xentropy } from "../index.js";
import { normal, uniform } from "./random.js";
import { softmaxCrossEntropy } from "./rivals/cross-entropy.js";
import type { Rows, RowsRival } from "./rivals/rows.js";
import { sigmoid, sigmoidCrossEntropy } from "./rivals/sigmoid.js";
import { logSoftmax, softmax } from "./rivals/softmax.js";

/** One batch: x the logits, y targets in [0, 1], and the output for the result or the gradient. */
export interface Batch extends Rows {
  readonly shape: readonly [rows: number, columns: number];
}

export interface Operation {
  readonly name: string;
  readonly title: string;
  /** Fills the output; returns the mean loss, or 0 where there is none. */
  readonly kernels: (k: Xentropy, batch: Batch) => number;
  readonly javascript: (batch: Batch) => number;
}

/** The mean of a rival's losses over so many rows or elements, with the mean's gradient. */
function mean(rival: RowsRival, batch: Batch, count: number): number {
  return rival(batch, 1 / count) / count;
}

export const OPERATIONS: readonly Operation[] = [
  {
    name: "softmax",
    title: "softmax",
    kernels(k, { shape, x, output }) {
      k.softmax(x, { shape, out: output });
      return 0;
    },
    javascript: softmax,
  },
  {
    name: "logSoftmax",
    title: "logSoftmax",
    kernels(k, { shape, x, output }) {
      k.logSoftmax(x, { shape, out: output });
      return 0;
    },
    javascript: logSoftmax,
  },
  {
    name: "softmaxCrossEntropy",
    title: "softmaxCrossEntropy, loss and gradient",
    kernels: (k, { shape, x, labels, output }) => k.softmaxCrossEntropy(x, labels, { shape, grad: output }).loss,
    javascript: (batch) => mean(softmaxCrossEntropy, batch, batch.rows),
  },
  {
    name: "sigmoid",
    title: "sigmoid",
    kernels(k, { x, output }) {
      k.sigmoid(x, { out: output });
      return 0;
    },
    javascript: sigmoid,
  },
  {
    name: "sigmoidCrossEntropy",
    title: "sigmoidCrossEntropy, loss and gradient",
    kernels: (k, { x, y, output }) => k.sigmoidCrossEntropy(x, y, { grad: output }).loss,
    javascript: (batch) => mean(sigmoidCrossEntropy, batch, batch.x.length),
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
export function batchOf(shape: readonly [rows: number, columns: number]): Batch {
  const [rows, columns] = shape;
  const random = uniform(rows * 65537 + columns);
  const next = normal(random);
  return {
    shape,
    rows,
    columns,
    x: Float32Array.from({ length: rows * columns }, () => 3 * next()),
    labels: Int32Array.from({ length: rows }, () => Math.floor(random() * columns)),
    y: Float32Array.from({ length: rows * columns }, random),
    output: new Float32Array(rows * columns),
  };
}

/** Throws an Error unless kernels and JavaScript give the same numbers within what float32 resolves. */
export function requireAgreement(k: Xentropy, operation: Operation, batch: Batch): void {
  const loss = operation.kernels(k, batch);
  const output = batch.output.slice();
  const expected = operation.javascript(batch);
  // Rounding is in proportion to what a result is the difference of: a logit, or a share of the mean.
  const near = (a: number, b: number, term: number) => Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(b), term);
  const terms = operation.name === "logSoftmax" ? batch.x : undefined;
  const same = output.every((value, i) => near(value, batch.output[i], Math.abs(terms?.[i] ?? 1 / output.length)));
  if (!same || !near(loss, expected, 0)) {
    throw new Error(`The kernels disagree with JavaScript on ${operation.name} ${batch.shape.join("x")}.`);
  }
}
