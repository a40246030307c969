import { expect, it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { linearProblem } from "./support/linear.js";

const { NaN: none } = Number;

/** Logits of one position: features of 0, so that the bias is what they are. */
const ROWS = [
  [1, 2, 3, 9],
  [-Infinity, -Infinity, -Infinity, -Infinity],
  [1, Infinity, 2, 3],
  [Infinity, Infinity, -Infinity, 0],
  [1, none, 2, Infinity],
  [1, 2, 3, none],
  [-Infinity, 1, 2, 3],
];

/** With each of them rows are summed block by block. */
const OPTIONS = [{ labelSmoothing: 0.1 }, { zLoss: 0.1 }, { temperature: 2 }, { softcap: 5, labelSmoothing: 0.1 }];

describeEachBackend("the extra outputs of a linear layer's loss", (backend) => {
  it.each(OPTIONS)(
    "are those of softmaxCrossEntropy where logits are infinite, with loss and gradient: %o",
    (given) => {
      const { k } = backend;
      for (const extra of [{}, { logSumExp: true }, { correct: true }]) {
        const options = { ...given, ...extra, grad: true } as const;
        for (const row of ROWS) {
          for (const label of [0, 3]) {
            const bias = Float32Array.from(row);
            const { grad: expectedGrad, ...expected } = k.softmaxCrossEntropy(bias, [label], {
              ...options,
              shape: [1, 4],
            });
            const of = { ...options, shape: [1, 1], bias };
            const { grad, ...rest } = k.linearSoftmaxCrossEntropy(
              new Float32Array(1),
              new Float32Array(4),
              [label],
              of,
            );
            expect(rest, `label ${label} of ${row}`).toEqual(expected);
            // A sum of gradients has no −0.
            expect(grad.bias, `label ${label} of ${row}`).toEqual(expectedGrad.map((value) => value + 0));
          }
        }
      }
    },
  );

  it.each(OPTIONS)("count hits where the sample weight is 0: %o", (given) => {
    const { features, weights, labels, shape } = linearProblem(40, 3, 4);
    const call = (more: object) =>
      backend.k.linearSoftmaxCrossEntropy(features, weights, labels, { ...given, ...more, shape, correct: true });
    const { correct } = call({});
    expect(correct).toBeGreaterThan(0);
    expect(call({ sampleWeights: new Float32Array(40) }).correct).toBe(correct);
  });
});
