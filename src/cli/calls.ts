// How `xentropy check` calls each operation, by the method's name: plainly, and with the options that make another path.

import type { LogSumExpState, Xentropy } from "../index.js";
import type { Batch } from "./batches.js";

/** `k`: checked kernels. */
export type Calls = (k: Xentropy, batch: Batch) => void;

/** Columns of a part of a state: whole blocks of its sum, and others. */
const PART_WIDTHS = [2048, 700] as const;

export const CALLS: Readonly<Record<string, Calls>> = {
  softmax(k, { x, shape }) {
    k.softmax(x, { shape });
    k.softmax(x, { shape, axis: 0 });
    k.softmax(x, { shape, temperature: 0.7 });
  },
  logSoftmax(k, { x, shape }) {
    k.logSoftmax(x, { shape });
    k.logSoftmax(x, { shape, axis: 0 });
  },
  logSumExp(k, { x, shape }) {
    k.logSumExp(x, { shape });
    k.logSumExp(x, { shape, axis: [0, 1] });
  },
  logSumExpState(k, batch) {
    const { x, labels, shape } = batch;
    const logits = Float32Array.from(labels, (label, row) => x[row * shape[1] + label]);
    for (const width of PART_WIDTHS) {
      const state = merged(k, batch, width);
      state.value();
      state.loss(logits);
    }
  },
  softmaxBackward: (k, { p, y, shape }) => k.softmaxBackward(p, y, { shape }),
  logSoftmaxBackward: (k, { logP, y, shape }) => k.logSoftmaxBackward(logP, y, { shape }),
  argmax: (k, { x, shape }) => k.argmax(x, { shape }),
  topK: (k, { x, shape }) => k.topK(x, Math.min(5, shape[1]), { shape }),
  sigmoid: (k, { x, shape }) => k.sigmoid(x, { shape }),
  logSigmoid: (k, { x, shape }) => k.logSigmoid(x, { shape }),
  softplus: (k, { x, shape }) => k.softplus(x, { shape }),
  logit: (k, { p, shape }) => k.logit(p, { shape }),
  softmaxCrossEntropy(k, { x, labels, p, classWeights, shape }) {
    const grad = true;
    k.softmaxCrossEntropy(x, labels, { shape, grad });
    k.softmaxCrossEntropy(x, labels, { shape, grad, reduction: "none", correct: true, logSumExp: true });
    k.softmaxCrossEntropy(x, p, { shape, grad });
    k.softmaxCrossEntropy(x, labels, { shape, grad, labelSmoothing: 0.1, classWeights });
  },
  nllLoss: (k, { logP, labels, shape }) => k.nllLoss(logP, labels, { shape, grad: true }),
  softmaxKlDivergence: (k, { x, y, shape }) => k.softmaxKlDivergence(x, y, { shape, grad: true }),
  sigmoidCrossEntropy(k, { x, hard, shape }) {
    k.sigmoidCrossEntropy(x, hard, { shape, grad: true });
    k.sigmoidCrossEntropy(x, hard, { shape, grad: true, reduction: "none", posWeight: 0.5 });
  },
  sigmoidFocalLoss: (k, { x, hard, shape }) => k.sigmoidFocalLoss(x, hard, { shape, grad: true }),
  linearSoftmaxCrossEntropy: (k, { x, layer, shape }) =>
    k.linearSoftmaxCrossEntropy(x, layer.weights, layer.labels, { shape, bias: layer.bias, grad: true }),
  linearSigmoidCrossEntropy: (k, { x, layer, shape }) =>
    k.linearSigmoidCrossEntropy(x, layer.weights, layer.hard, { shape, bias: layer.bias, grad: true }),
  entropy: (k, { p, shape }) => k.entropy(p, { shape }),
  crossEntropy: (k, { p, q, shape }) => k.crossEntropy(p, q, { shape, grad: true }),
  klDivergence: (k, { p, q, shape }) => k.klDivergence(p, q, { shape, grad: true }),
  jensenShannon: (k, { p, q, shape }) => k.jensenShannon(p, q, { shape, grad: true }),
  binaryCrossEntropy: (k, { q, hard, shape }) => k.binaryCrossEntropy(q, hard, { shape, grad: true }),
};

/** The state of all columns, from parts of so many, which come in two chunks each. */
function merged(k: Xentropy, { x, shape }: Batch, width: number): LogSumExpState {
  const [rows, columns] = shape;
  const whole = k.logSumExpState(rows);
  for (let start = 0; start < columns; start += width) {
    const end = Math.min(columns, start + width);
    const middle = Math.ceil((start + end) / 2);
    const part = k.logSumExpState(rows, { start });
    part.add(columnsOf(x, columns, start, middle)).add(columnsOf(x, columns, middle, end));
    whole.merge(part);
  }
  return whole;
}

function columnsOf(x: Float32Array, columns: number, from: number, to: number): Float32Array {
  return x.filter((_, i) => i % columns >= from && i % columns < to);
}
