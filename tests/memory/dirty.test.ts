import { expect, it } from "vitest";
import type { Xentropy } from "../../src/index.js";
import { type BackendRow, describeEachBackend } from "../support/backends.js";
import { NAMED_CALLS, operandsFor } from "../support/calls.js";
import { linearProblem } from "../support/linear.js";

/** Kernels whose free memory holds NaNs. */
function dirty(backend: BackendRow): Xentropy {
  const k = backend.open();
  const all = k.alloc([2 ** 18]);
  all.data.fill(Number.NaN);
  all.free();
  return k;
}

const { features, weights, bias, labels, targets, shape } = linearProblem(5, 3, 300);
const masked = bias.map(() => -Infinity);

const LARGER: Readonly<Record<string, (k: Xentropy) => unknown>> = {
  "linearSoftmaxCrossEntropy, all options": (k) =>
    k.linearSoftmaxCrossEntropy(features, weights, labels, {
      shape,
      bias,
      grad: true,
      labelSmoothing: 0.1,
      zLoss: 0.1,
      softcap: 5,
      correct: true,
      logSumExp: true,
    }),
  "linearSoftmaxCrossEntropy, logits of −Infinity": (k) =>
    k.linearSoftmaxCrossEntropy(features, weights, new Int32Array(5), { shape, bias: masked, zLoss: 1, correct: true }),
  "linearSoftmaxCrossEntropy, dense": (k) =>
    k.linearSoftmaxCrossEntropy(features, weights, targets, { shape, labelSmoothing: 0.1, grad: true }),
  linearSigmoidCrossEntropy: (k) =>
    k.linearSigmoidCrossEntropy(features, weights, targets, { shape, bias, grad: true, posWeight: 2 }),
  "softmaxCrossEntropy of a shard": (k) =>
    k.softmaxCrossEntropy(features, [0, 1, 2, 0, 1], {
      shape,
      state: k.logSumExpState(5).add(features),
      zLoss: 0.1,
      grad: true,
    }),
};

describeEachBackend("what memory held before makes no difference to", (backend) => {
  it.each(NAMED_CALLS)("%s", (_, call) => {
    for (const [rows, length] of [
      [7, 5],
      [3, 2100],
    ] as const) {
      const { x, beside, shape } = operandsFor(call, rows, length);
      expect(call.run(dirty(backend), x, beside, { shape })).toEqual(call.run(backend.k, x, beside, { shape }));
    }
  });

  it.each(Object.entries(LARGER))("%s", (_, call) => {
    expect(call(dirty(backend))).toEqual(call(backend.k));
  });
});
