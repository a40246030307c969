import { expect, it } from "vitest";
import { logSumExp } from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { normal } from "../support/samples.js";
import { expectSameBits, expectWithin } from "../support/ulp.js";
import { expectRight } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const LABELS = operationOf("softmaxCrossEntropy with labels");

describeEachBackend("zLoss", (backend) => {
  const x = Float32Array.of(1, 2, 3, -1, 0, 5);
  const shape = [2, 3];
  const lse = logSumExp(x, { shape });
  const nll = Array.from(lse, (value, r) => value - x[3 * r + 1]);

  it("adds λ·logSumExp² to each position: [1, 2, 3], label 1, λ = 0.01 costs 1.5237", () => {
    const { loss } = backend.k.softmaxCrossEntropy(x, [1, 1], { shape, zLoss: 0.01, reduction: "none" });
    expectWithin(
      5,
      loss,
      nll.map((value, r) => value + 0.01 * lse[r] ** 2),
      "loss",
    );
    expect(loss[0]).toBeCloseTo(1.5237, 4);
  });

  it("is weighed by sample weights and not by class weights, nor divided by them but through the mean", () => {
    const weights = { classWeights: [1, 4, 1], sampleWeights: [2, 0.5] };
    const options = { shape, zLoss: 0.1, ...weights } as const;
    const losses = nll.map((value, r) => weights.sampleWeights[r] * (4 * value + 0.1 * lse[r] ** 2));
    expectWithin(7, backend.k.softmaxCrossEntropy(x, [1, 1], { ...options, reduction: "none" }).loss, losses, "none");
    const mean = (losses[0] + losses[1]) / (2 * 4 + 0.5 * 4);
    expectWithin(7, backend.k.softmaxCrossEntropy(x, [1, 1], options).loss, mean, "mean");
  });

  it("is not added for ignored positions", () => {
    const options = { shape, zLoss: 10, reduction: "none", grad: true } as const;
    const { loss, grad } = backend.k.softmaxCrossEntropy(x, [-100, 1], options);
    expect(loss[0]).toBe(0);
    expectSameBits(grad.subarray(0, 3), [0, 0, 0], "gradient");
  });

  it("has the log-sum-exp of the logits after softcap and temperature", () => {
    const settings = { softcap: 4, temperature: 0.5, shape, reduction: "none", logSumExp: true } as const;
    const { loss, logSumExp: lse } = backend.k.softmaxCrossEntropy(x, [1, 1], { ...settings, zLoss: 1 });
    const plain = backend.k.softmaxCrossEntropy(x, [1, 1], settings).loss;
    expectWithin(
      6,
      loss,
      plain.map((value, r) => value + lse[r] ** 2),
      "loss",
    );
  });

  it("is within the bound where the log-sum-exp is near 0, of either sign, or large", () => {
    for (const shift of [0, -Math.log(5), -3, 30, -1e4, 3e15]) {
      const logits = normal(30, 7, shift);
      for (const zLoss of [1e-8, 1e-4, 1, 100]) {
        const options = { shape: [6, 5], axis: -1, zLoss, reduction: "none", grad: true };
        expectRight(backend.k, LABELS, [logits, Int32Array.of(0, 1, 2, 3, 4, 0)], options);
      }
    }
  });

  it("0 changes no bit", () => {
    const options = { shape, reduction: "none", grad: true } as const;
    const plain = backend.k.softmaxCrossEntropy(x, [1, 1], options);
    const zero = backend.k.softmaxCrossEntropy(x, [1, 1], { ...options, zLoss: 0 });
    expectSameBits(zero.loss, plain.loss, "loss");
    expectSameBits(zero.grad, plain.grad, "gradient");
  });
});
