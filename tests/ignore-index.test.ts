import { expect, it } from "vitest";
import { softmaxCrossEntropy } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { classes, normal } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

describeEachBackend("a label that is ignored", (backend) => {
  it("costs 0, has gradient exactly +0 and no part in the mean", () => {
    for (const [rows, length] of [
      [6, 5],
      [5000, 3],
      [4, 70_000],
    ]) {
      const shape = [rows, length];
      const x = normal(rows * length, length, 0, 3);
      const labels = classes(rows, length, rows);
      for (let r = 1; r < rows; r += 3) labels[r] = -100;
      const { loss, grad } = backend.k.softmaxCrossEntropy(x, labels, { shape, reduction: "none", grad: true });
      for (let r = 1; r < rows; r += 3) {
        expectSameBits(loss[r], 0, `loss ${r}`);
        expect(grad.subarray(r * length, (r + 1) * length).every((g) => Object.is(g, 0))).toBe(true);
      }
      const mean = backend.k.softmaxCrossEntropy(x, labels, { shape, grad: true });
      const truth = softmaxCrossEntropy(x, labels, { shape, grad: true });
      expectWithin(4, mean.loss, truth.loss, `mean, shape [${shape}]`);
      expectWithin(4, mean.grad, truth.grad, `gradient of the mean, shape [${shape}]`);
    }
  });

  it("is −100 unless another is given", () => {
    const x = normal(6, 1);
    const { k } = backend;
    const alone = k.softmaxCrossEntropy(x.subarray(0, 3), [2]).loss;
    expect(k.softmaxCrossEntropy(x, [2, -100], { shape: [2, 3] }).loss).toBe(alone);
    for (const ignoreIndex of [-1, 7, 3, 2147483647, -2147483648]) {
      expect(k.softmaxCrossEntropy(x, [2, ignoreIndex], { shape: [2, 3], ignoreIndex }).loss).toBe(alone);
    }
  });

  it("may be a class, which then costs nothing", () => {
    const x = normal(6, 1);
    const { loss } = backend.k.softmaxCrossEntropy(x, [0, 2], { shape: [2, 3], ignoreIndex: 0, reduction: "none" });
    expect(loss[0]).toBe(0);
    expect(loss[1]).toBeGreaterThan(0);
  });

  it("is ignored in a BigInt64Array and in a resident batch too", () => {
    const { k } = backend;
    const x = normal(6, 1);
    const alone = k.softmaxCrossEntropy(x.subarray(0, 3), [2]).loss;
    expect(k.softmaxCrossEntropy(x, BigInt64Array.of(2n, -100n), { shape: [2, 3] }).loss).toBe(alone);
    const labels = k.alloc([2], { dtype: "int32" }).set([2, -100]);
    expect(k.softmaxCrossEntropy(x, labels, { shape: [2, 3] }).loss).toBe(alone);
    expect(labels.toArray()).toEqual(Int32Array.of(2, -100));
    labels.free();
  });

  it("keeps NaN and infinite logits out of loss and gradient", () => {
    const x = Float32Array.of(1, 2, 3, Number.NaN, Infinity, 0);
    const { loss, grad } = backend.k.softmaxCrossEntropy(x, [1, -100], { shape: [2, 3], grad: true });
    expect(loss).toBe(backend.k.softmaxCrossEntropy(x.subarray(0, 3), [1]).loss);
    expectSameBits(grad.subarray(3), [0, 0, 0], "gradient");
  });

  it("leaves nothing to average where all are: mean NaN, sum 0, none zeros, gradients 0", () => {
    for (const [rows, length] of [
      [3, 4],
      [5000, 2],
      [2, 70_000],
      [0, 3],
    ]) {
      const shape = [rows, length];
      const x = normal(rows * length, 3);
      const labels = new Int32Array(rows).fill(-100);
      for (const reduction of ["mean", "sum", "none"] as const) {
        const { loss, grad } = backend.k.softmaxCrossEntropy(x, labels, { shape, reduction, grad: true });
        const expected = { mean: Number.NaN, sum: 0, none: new Float32Array(rows) }[reduction];
        expectSameBits(loss, expected, `${reduction}, shape [${shape}]`);
        expectSameBits(grad, new Float32Array(rows * length), `gradient of ${reduction}, shape [${shape}]`);
      }
    }
  });

  it("overwrites a gradient that was given with zeros", () => {
    const grad = new Float32Array(6).fill(7);
    backend.k.softmaxCrossEntropy(normal(6, 1), [-100, 1], { shape: [2, 3], grad });
    expectSameBits(grad.subarray(0, 3), [0, 0, 0], "gradient");
  });
});
