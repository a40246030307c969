import { expect, it } from "vitest";
import { nllLoss } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { classes, normal } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

describeEachBackend("nllLoss", (backend) => {
  it("is −logProbs_y, with gradient −1 at the label and 0 elsewhere", () => {
    const lp = Float32Array.of(-1, -2, -0.5, -4, -0.25, -8);
    const { loss, grad } = backend.k.nllLoss(lp, [2, 0], { shape: [2, 3], reduction: "none", grad: true });
    expect([...loss]).toEqual([0.5, 4]);
    expect(Array.from(grad, (g) => g + 0)).toEqual([0, 0, -1, -1, 0, 0]);
    expect(backend.k.nllLoss(lp, [2, 0], { shape: [2, 3] }).loss).toBe(2.25);
  });

  it("agrees with softmaxCrossEntropy of the logits", () => {
    const x = normal(40 * 9, 1, 0, 3);
    const labels = classes(40, 9, 2);
    labels[7] = -100;
    const shape = [40, 9];
    for (const reduction of ["mean", "sum", "none"] as const) {
      const { loss } = backend.k.nllLoss(backend.k.logSoftmax(x, { shape }), labels, { shape, reduction });
      expectWithin(4, loss, backend.k.softmaxCrossEntropy(x, labels, { shape, reduction }).loss, reduction);
    }
  });

  it("weighs classes and samples, leaves ignored positions out, and is within 4 ULP of its terms", () => {
    for (const [rows, length] of [
      [1, 1],
      [7, 5],
      [5000, 3],
      [3, 70_000],
    ]) {
      const shape = [rows, length];
      const lp = normal(rows * length, rows, -3);
      const labels = classes(rows, length, 3);
      if (rows > 1) labels[rows >> 1] = -100;
      const classWeights = normal(length, 4).map(Math.abs);
      const sampleWeights = normal(rows, 5).map(Math.abs);
      for (const reduction of ["mean", "sum", "none"] as const) {
        const options = { shape, reduction, classWeights, sampleWeights, grad: true } as const;
        const got = backend.k.nllLoss(lp, labels, options);
        const truth = nllLoss(lp, labels, options);
        const terms = nllLoss(
          lp.map((v) => -Math.abs(v)),
          labels,
          options,
        );
        expectWithin(6, got.loss, truth.loss, `loss, ${reduction}, shape [${shape}]`, terms.loss);
        expectWithin(6, got.grad, truth.grad, `gradient, ${reduction}, shape [${shape}]`);
      }
    }
  });

  it("lets a weight of 0 silence an infinite loss", () => {
    const lp = Float32Array.of(-Infinity, 0);
    const { k } = backend;
    expect(k.nllLoss(lp, [0], { classWeights: [0, 1], reduction: "sum" }).loss).toBe(0);
    expect(k.nllLoss(lp, [0], { sampleWeights: [0], reduction: "sum" }).loss).toBe(0);
    expect(k.nllLoss(lp, [0], { reduction: "sum" }).loss).toBe(Infinity);
    expect(k.nllLoss(Float32Array.of(Number.NaN), [0], { classWeights: [0], reduction: "sum" }).loss).toBeNaN();
  });

  it("with nothing to average is NaN, 0 and zeros", () => {
    const lp = Float32Array.of(-1, -2);
    for (const options of [{ ignoreIndex: 1 }, { classWeights: [1, 0] }, { sampleWeights: [0] }]) {
      const { loss, grad } = backend.k.nllLoss(lp, [1], { ...options, grad: true });
      expect(loss).toBeNaN();
      expectWithin(0, grad, [0, 0], "gradient");
      expect(backend.k.nllLoss(lp, [1], { ...options, reduction: "sum" }).loss + 0).toBe(0);
    }
  });

  it("takes no more than a row's labels: one element a row is read, whatever the others are", () => {
    const lp = new Float32Array(3 * 1000).fill(Number.NaN);
    for (const [r, label] of [5, 999, 0].entries()) lp[r * 1000 + label] = -r;
    const { loss } = backend.k.nllLoss(lp, [5, 999, 0], { shape: [3, 1000], reduction: "none" });
    expectSameBits(
      loss.map((l) => l + 0),
      [0, 1, 2],
      "losses",
    );
  });
});
