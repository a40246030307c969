import { expect, it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { linearProblem } from "./support/linear.js";
import { expectSameBits } from "./support/ulp.js";

/** More classes than logits are kept of for 64 positions: the gradient of the weights is lent some of them. */
const CLASSES = 37_000;

/** What adding to zeros leaves: no −0. */
function addedToZeros(values: Float32Array): Float32Array {
  return values.map((value) => value + 0);
}

describeEachBackend("gradients of a linear layer whose logits are lent", (backend) => {
  // Rows are lent four at a time, as many as there are features; of several groups the first one's.
  it.each([
    [3, 5],
    [10, 5],
    [9, 9],
    [516, 4],
  ])("have the bits of those that nothing is lent to: %i positions, %i features", (n, depth) => {
    if (n > 100 && !backend.affords(n * CLASSES)) return;
    const { k } = backend;
    const { features, weights, bias, labels, shape } = linearProblem(n, depth, CLASSES);
    const options = { shape, bias };
    const { loss, grad } = k.linearSoftmaxCrossEntropy(features, weights, labels, { ...options, grad: true });
    const without = k.linearSoftmaxCrossEntropy(features, weights, labels, { ...options, grad: { features: true } });
    expect(without.loss).toBe(loss);
    expectSameBits(grad.features, without.grad.features, "features");
    // Nor is anything lent to gradients that are added to.
    const added = {
      features: new Float32Array(n * depth),
      weights: new Float32Array(CLASSES * depth),
      bias: new Float32Array(CLASSES),
    };
    k.linearSoftmaxCrossEntropy(features, weights, labels, { ...options, grad: added, accumulate: true });
    for (const name of ["features", "weights", "bias"] as const) {
      expectSameBits(addedToZeros(grad[name]), addedToZeros(added[name]), `${name}, added to zeros`);
    }
  });

  it("have them with a target of each class too", () => {
    const { features, weights, bias, targets, shape } = linearProblem(10, 5, CLASSES);
    const options = { shape, bias };
    const { loss, grad } = backend.k.linearSoftmaxCrossEntropy(features, weights, targets, { ...options, grad: true });
    const without = { ...options, grad: { features: true } } as const;
    const expected = backend.k.linearSoftmaxCrossEntropy(features, weights, targets, without);
    expect(loss).toBe(expected.loss);
    expectSameBits(grad.features, expected.grad.features, "features");
  });
});
