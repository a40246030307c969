import { expect, it } from "vitest";
import { gradientCheck, sigmoid, sigmoidCrossEntropy, sigmoidFocalLoss } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { normal, SHORT_LENGTHS, spread, sprinkled } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

const GAMMAS = [0, 1, 2] as const;

/** γ·m^(γ−1)·|1 − 2t|·σ(x)·σ(−x)·CE + m^(γ+1), m = (1 − t)·σ(x) + t·σ(−x): the gradient's terms. */
function terms(x: Float32Array, t: Float32Array, gamma: number): Float64Array {
  const up = sigmoid(x);
  const down = sigmoid(x.map((value) => -value));
  const ce = sigmoidCrossEntropy(x, t, { reduction: "none" }).loss;
  return up.map((_, i) => {
    const m = (1 - t[i]) * up[i] + t[i] * down[i];
    const bend = gamma === 0 ? 0 : gamma * m ** (gamma - 1) * Math.abs(1 - 2 * t[i]) * up[i] * down[i] * ce[i];
    return bend + m ** (gamma + 1);
  });
}

describeEachBackend("sigmoidFocalLoss", (backend) => {
  it.each(GAMMAS)("and its gradient are within 8 ULP for γ = %i at every length, targets 0 and 1", (gamma) => {
    for (const length of [...SHORT_LENGTHS, 2049, 16_000]) {
      const x = spread(length, length, -30, 30);
      const t = sprinkled(new Float32Array(length), length, [1], 2);
      const { loss, grad } = backend.k.sigmoidFocalLoss(x, t, { gamma, reduction: "none", grad: true });
      const truth = sigmoidFocalLoss(x, t, { gamma, reduction: "none", grad: true });
      expectWithin(8, loss, truth.loss, `loss, length ${length}`);
      expectWithin(8, grad, truth.grad, `gradient, length ${length}`);
      expectSameBits(backend.k.sigmoidFocalLoss(x, t, { gamma, reduction: "none" }).loss, loss, "loss alone");
    }
  });

  it.each(GAMMAS)("and its gradient are within 8 ULP of their terms for γ = %i, targets between 0 and 1", (gamma) => {
    const x = spread(16_000, 1, -30, 30);
    const t = spread(16_000, 2, 0, 1);
    const { loss, grad } = backend.k.sigmoidFocalLoss(x, t, { gamma, reduction: "none", grad: true });
    const truth = sigmoidFocalLoss(x, t, { gamma, reduction: "none", grad: true });
    expectWithin(8, loss, truth.loss, "loss");
    expectWithin(8, grad, truth.grad, "gradient", terms(x, t, gamma));
  });

  it("has γ = 2 by default and no α", () => {
    const x = normal(10, 1);
    const t = sprinkled(new Float32Array(10), 2, [1], 2);
    const { k } = backend;
    expect(k.sigmoidFocalLoss(x, t, { grad: true })).toEqual(k.sigmoidFocalLoss(x, t, { gamma: 2, grad: true }));
  });

  it("with γ = 0 is sigmoid cross-entropy, and α weighs the classes", () => {
    const x = normal(10, 1);
    const t = sprinkled(new Float32Array(10), 2, [1], 2);
    const plain = sigmoidCrossEntropy(x, t, { reduction: "none" }).loss;
    const { loss } = backend.k.sigmoidFocalLoss(x, t, { gamma: 0, reduction: "none" });
    expectWithin(8, loss, plain, "γ = 0");
    const weighted = backend.k.sigmoidFocalLoss(x, t, { gamma: 0, alpha: 0.25, reduction: "none" }).loss;
    expectWithin(
      9,
      weighted,
      plain.map((l, i) => l * (t[i] ? 0.25 : 0.75)),
      "α = 0.25",
    );
  });

  it.each([0.5, 1.5, 3])("has a gradient that agrees with central differences to 1e-6 for γ = %f", (gamma) => {
    const x = normal(12, 3, 0, 2);
    const t = sprinkled(spread(12, 4, 0, 1), 5, [0, 1], 2);
    const { grad } = backend.k.sigmoidFocalLoss(x, t, { gamma, alpha: 0.3, reduction: "sum", grad: true });
    const loss = (z: Float64Array) => sigmoidFocalLoss(z, t, { gamma, alpha: 0.3, reduction: "sum" }).loss;
    expect(gradientCheck((z) => ({ loss: loss(z), grad }), x).maxError).toBeLessThan(1e-6);
  });

  it("has its limits at infinite logits", () => {
    const x = Float32Array.of(Infinity, -Infinity, Infinity, -Infinity);
    const t = Float32Array.of(1, 0, 0, 1);
    for (const gamma of [0, 0.5, 1, 2]) {
      const { loss, grad } = backend.k.sigmoidFocalLoss(x, t, { gamma, reduction: "none", grad: true });
      expectWithin(0, loss, [0, 0, Infinity, Infinity], `γ = ${gamma}`);
      const truth = sigmoidFocalLoss(x, t, { gamma, reduction: "none", grad: true });
      expectWithin(0, grad, truth.grad, `gradient, γ = ${gamma}`);
    }
  });
});
