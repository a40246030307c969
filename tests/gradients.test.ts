import { expect, it } from "vitest";
import { gradientCheck, sigmoidCrossEntropy, softmaxCrossEntropy } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { classes, distributions, normal, spread } from "./support/samples.js";

const REDUCTIONS = ["mean", "sum"] as const;

/** A float32 gradient is off by a few 2^-24 of its terms, which here are at most 4. */
const BOUND = 1e-6;

describeEachBackend("a gradient agrees with central differences of the reference's loss to 1e-6", (backend) => {
  it.each(REDUCTIONS)("softmaxCrossEntropy with labels, %s", (reduction) => {
    for (const shape of [
      [1, 1],
      [3, 5],
      [2, 3, 7],
      [4, 33],
    ]) {
      const length = shape.at(-1) as number;
      const rows = shape.slice(0, -1).reduce((a, b) => a * b);
      const x = normal(rows * length, length, 0, 2);
      const labels = classes(rows, length, length);
      if (rows > 1) labels[rows >> 1] = -100;
      const { grad } = backend.k.softmaxCrossEntropy(x, labels, { shape, reduction, grad: true });
      const loss = (z: Float64Array) => softmaxCrossEntropy(z, labels, { shape, reduction }).loss;
      expect(gradientCheck((z) => ({ loss: loss(z), grad }), x).maxError, `shape [${shape}]`).toBeLessThan(BOUND);
    }
  });

  it.each(REDUCTIONS)("softmaxCrossEntropy with dense targets, %s", (reduction) => {
    for (const shape of [
      [1, 1],
      [3, 5],
      [4, 33],
    ]) {
      const [rows, length] = shape;
      const x = normal(rows * length, length, 0, 2);
      for (const t of [distributions(rows, length, 7), spread(rows * length, 8, 0, 0.5)]) {
        const { grad } = backend.k.softmaxCrossEntropy(x, t, { shape, reduction, grad: true });
        const loss = (z: Float64Array) => softmaxCrossEntropy(z, t, { shape, reduction }).loss;
        expect(gradientCheck((z) => ({ loss: loss(z), grad }), x).maxError, `shape [${shape}]`).toBeLessThan(BOUND);
      }
    }
  });

  it.each(REDUCTIONS)("sigmoidCrossEntropy, %s", (reduction) => {
    for (const length of [1, 5, 33]) {
      const x = normal(length, length, 0, 3);
      const t = spread(length, length + 1, 0, 1);
      const { grad } = backend.k.sigmoidCrossEntropy(x, t, { reduction, grad: true });
      const loss = (z: Float64Array) => sigmoidCrossEntropy(z, t, { reduction }).loss;
      expect(gradientCheck((z) => ({ loss: loss(z), grad }), x).maxError, `length ${length}`).toBeLessThan(BOUND);
    }
  });
});
