import { expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { distributions, normal, spread } from "../support/samples.js";
import { expectSameBits, expectWithin } from "../support/ulp.js";
import { expectRight } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const LABELS = operationOf("softmaxCrossEntropy with labels");
const DENSE = operationOf("softmaxCrossEntropy with dense targets");
const SIGMOID = operationOf("sigmoidCrossEntropy");
const FACTORS = [0, 1e-8, 0.1, 0.5, 0.9, 0.9999999, 1];

describeEachBackend("label smoothing", (backend) => {
  const shape = [4, 6];
  const x = normal(24, 1, 0, 4);
  const labels = Int32Array.of(0, 5, -100, 2);
  const t = distributions(4, 6, 2);
  const many = [spread(4000, 5, -30, 30), spread(4000, 6, 0, 1).map((p, i) => (i % 2 ? Math.round(p) : p))];

  it("of labels is (1 − ε)·(−lp_y) + (ε/C)·Σ_c (−lp_c): [1, 2, 3], label 0, ε = 0.1 costs 2.3076", () => {
    // −lp = 2.407606, 1.407606, 0.407606
    const { loss } = backend.k.softmaxCrossEntropy(Float32Array.of(1, 2, 3), [0], { labelSmoothing: 0.1 });
    expectWithin(5, loss, 0.9 * 2.4076059644443806 + (0.1 / 3) * 4.222817893333141, "loss");
  });

  it("of dense targets makes them t·(1 − ε) + ε/C", () => {
    const options = { shape, labelSmoothing: 0.2, grad: true, reduction: "none" } as const;
    const smoothed = t.map((value) => value * 0.8 + 0.2 / 6);
    const got = backend.k.softmaxCrossEntropy(x, t, options);
    const plain = backend.k.softmaxCrossEntropy(x, smoothed, { ...options, labelSmoothing: 0 });
    expectWithin(10, got.loss, plain.loss, "loss");
  });

  it.each(FACTORS)("is within 5 ULP of its formula: ε = %d", (labelSmoothing) => {
    for (const reduction of ["mean", "sum", "none"] as const) {
      const options = { shape, axis: -1, labelSmoothing, grad: true, reduction };
      expectRight(backend.k, LABELS, [x, labels], options);
      expectRight(backend.k, DENSE, [x, t], options);
      expectRight(backend.k, SIGMOID, many, { shape: [4000], labelSmoothing, grad: true, reduction });
    }
  });

  it("0 changes no bit of the gradient and loss", () => {
    const options = { shape, grad: true, reduction: "none" } as const;
    for (const targets of [labels, t]) {
      const plain = backend.k.softmaxCrossEntropy(x, targets, options);
      const smoothed = backend.k.softmaxCrossEntropy(x, targets, { ...options, labelSmoothing: 0 });
      expectSameBits(smoothed.loss, plain.loss, "loss");
      expectSameBits(smoothed.grad, plain.grad, "gradient");
    }
  });

  it("1 leaves nothing of the label: every label costs the same", () => {
    const row = x.subarray(0, 6);
    const losses = [0, 1, 2, 3, 4, 5].map((y) => backend.k.softmaxCrossEntropy(row, [y], { labelSmoothing: 1 }).loss);
    for (const loss of losses) expectWithin(5, loss, losses[0], "loss");
  });

  it("of one class costs nothing, whatever ε", () => {
    for (const labelSmoothing of FACTORS) {
      const { loss, grad } = backend.k.softmaxCrossEntropy(Float32Array.of(7), [0], { labelSmoothing, grad: true });
      expect(loss + 0).toBe(0);
      expectWithin(5, grad, [0], "gradient", [2]);
    }
  });

  it("weighs each class by its class weight, and the mean by those of the labels", () => {
    const row = Float32Array.of(1, 2, 3, 1, 2, 3);
    const classWeights = Float32Array.of(2, 0.5, 0);
    const lp = [-2.4076059644443806, -1.4076059644443804, -0.4076059644443804];
    const smooth = (0.3 / 3) * -(2 * lp[0] + 0.5 * lp[1]);
    const sum = 0.7 * -(2 * lp[0] + 0.5 * lp[1]) + 2 * smooth;
    const options = { shape: [2, 3], labelSmoothing: 0.3, classWeights } as const;
    expectWithin(6, backend.k.softmaxCrossEntropy(row, [0, 1], { ...options, reduction: "sum" }).loss, sum, "sum");
    expectWithin(6, backend.k.softmaxCrossEntropy(row, [0, 1], options).loss, sum / 2.5, "mean");
  });

  it("costs +Infinity where a class that it gives a share has no probability, unless its weight is 0", () => {
    const row = Float32Array.of(1, -Infinity, 2);
    expect(backend.k.softmaxCrossEntropy(row, [0], { labelSmoothing: 0.1 }).loss).toBe(Infinity);
    expect(backend.k.softmaxCrossEntropy(row, [0], { labelSmoothing: 0 }).loss).toBeLessThan(2);
    const options = { labelSmoothing: 0.1, classWeights: [1, 0, 1] } as const;
    expect(backend.k.softmaxCrossEntropy(row, [0], options).loss).toBeLessThan(2);
  });

  it("of sigmoid targets is t·(1 − ε) + ε/2: x = 0 costs ln 2 whatever ε, x = 3, t = 1, ε = 0.2 costs 0.3486", () => {
    for (const labelSmoothing of FACTORS) {
      const { loss } = backend.k.sigmoidCrossEntropy(new Float32Array(3), Float32Array.of(0, 0.3, 1), {
        labelSmoothing,
      });
      expectWithin(5, loss, Math.LN2, `ε = ${labelSmoothing}`);
    }
    const { loss } = backend.k.sigmoidCrossEntropy(Float32Array.of(3), Float32Array.of(1), { labelSmoothing: 0.2 });
    expectWithin(5, loss, 0.9 * 0.04858735157374196 + 0.1 * 3.048587351573742, "loss");
  });
});
