// How `xentropy check` calls each operation, by the method's name: plainly, and with the options that make another path.

import type { Measurement } from "../check.js";
import type { Xentropy } from "../index.js";
import type { Batch } from "./batches.js";
import { checkState } from "./state.js";

/** What isn't an operation's call that `checked` could judge judges itself, with these. */
export interface Judge {
  /** The kernels by themselves, and those of the `js` backend. */
  readonly plain: Xentropy;
  readonly js: Xentropy;
  onMeasure(found: Measurement): void;
}

/** `k`: checked kernels. */
export type Calls = (k: Xentropy, batch: Batch, judge: Judge) => void;

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
  logSumExpState: (_, batch, { plain, js, onMeasure }) => checkState(plain, js, batch, onMeasure),
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
