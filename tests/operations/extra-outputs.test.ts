import { expect, it } from "vitest";
import { argmax, logSumExp } from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { classes, normal, sprinkled } from "../support/samples.js";
import { expectSameBits, expectWithin } from "../support/ulp.js";
import { sizeOf } from "./support/rows.js";
import { logSumExpUnits } from "./support/units.js";

const SHAPES = [
  { shape: [7, 1], axis: 1 },
  { shape: [7, 5], axis: 1 },
  { shape: [7, 5, 3], axis: 1 },
  { shape: [5, 2049], axis: 1 },
  { shape: [2, 66_000], axis: 1 },
  { shape: [5000, 3], axis: 1 },
  { shape: [65_537, 2], axis: 0 },
] as const;

/** −0 as 0. */
const unsigned = (value: number) => value + 0;

describeEachBackend("the extra outputs of softmaxCrossEntropy", (backend) => {
  const shapes = SHAPES.filter(({ shape }) => backend.affords(sizeOf(shape)));

  it.each(shapes)("correct counts the labels that are hit and not ignored: $shape, axis $axis", (layout) => {
    const { shape, axis } = layout;
    const x = normal(sizeOf(shape), 1).map(Math.round);
    const best = argmax(x, layout);
    const labels = best.map((label, r) => (r % 3 === 0 ? -100 : r % 3 === 1 ? label : (label + 1) % shape[axis]));
    const hits = labels.filter((label, r) => label === best[r]).length;
    expect(backend.k.softmaxCrossEntropy(x, labels, { ...layout, correct: true }).correct).toBe(hits);
  });

  it("correct takes the first of ties, and a NaN for the largest", () => {
    const x = Float32Array.of(2, 5, 5, -0, 0, -1, 1, Number.NaN, 9);
    const correct = (labels: number[]) =>
      backend.k.softmaxCrossEntropy(x, labels, { shape: [3, 3], correct: true }).correct;
    expect(correct([1, 0, 1])).toBe(3);
    expect(correct([2, 1, 2])).toBe(0);
  });

  it("correct is judged by the logits after softcap and temperature: what they make equal is a tie", () => {
    const x = Float32Array.of(200, 300, 100);
    expect(backend.k.softmaxCrossEntropy(x, [1], { correct: true }).correct).toBe(1);
    expect(backend.k.softmaxCrossEntropy(x, [0], { correct: true, softcap: 1 }).correct).toBe(1);
    expect(backend.k.softmaxCrossEntropy(x, [1], { correct: true, softcap: 1 }).correct).toBe(0);
  });

  it.each(shapes)("logSumExp is within 4 ULP for every position, ignored ones too: $shape, axis $axis", (layout) => {
    const { shape, axis } = layout;
    const x = sprinkled(normal(sizeOf(shape), 2), 3, [-Infinity, 40], 30);
    const count = sizeOf(shape) / shape[axis];
    const labels = classes(count, shape[axis], 4).map((label, r) => (r % 2 ? label : -100));
    const got = backend.k.softmaxCrossEntropy(x, labels, { ...layout, logSumExp: true }).logSumExp;
    expect(got).toBeInstanceOf(Float32Array);
    expectWithin(4, got, logSumExp(x, layout), "logSumExp", logSumExpUnits(x, shape, axis));
    expectSameBits(got, backend.k.logSumExp(x, layout), "the operation of that name");
    const sampleWeights = Float32Array.from(labels, (_, r) => r % 3);
    for (const zLoss of [0, 0.1]) {
      const weighed = backend.k.softmaxCrossEntropy(x, labels, { ...layout, logSumExp: true, sampleWeights, zLoss });
      expectSameBits(weighed.logSumExp, got, `with weights of 0 among others, zLoss ${zLoss}`);
    }
  });

  it("logSumExp is ±Infinity or NaN where that of the row is", () => {
    const x = Float32Array.of(-Infinity, -Infinity, 1, Infinity, Infinity, Number.NaN);
    const { logSumExp } = backend.k.softmaxCrossEntropy(x, [0, 0, 0], { shape: [3, 2], logSumExp: true });
    expectSameBits(logSumExp, [-Infinity, Infinity, Number.NaN], "logSumExp");
  });

  it.each([3000, 70_000, 270_000])("logSumExp is that of rows of %i columns too", (cols) => {
    if (!backend.affords(4 * cols)) return;
    const x = normal(4 * cols, cols);
    x.fill(-Infinity, 0, cols);
    for (const row of [1, 2]) x[row * cols + cols - 9] = Infinity;
    x[2 * cols + 5] = Number.NaN;
    const shape = [4, cols];
    const labels = [1, 2, 3, 4];
    for (const options of [{}, { zLoss: 0.1 }, { labelSmoothing: 0.1 }]) {
      const got = backend.k.softmaxCrossEntropy(x, labels, { ...options, shape, logSumExp: true, reduction: "none" });
      const finite = backend.k.logSumExp(x, { shape })[3];
      expectSameBits(got.logSumExp, [-Infinity, Infinity, Number.NaN, finite], "logSumExp");
      expect([...got.loss].map(Number.isFinite)).toEqual([false, false, false, true]);
    }
  });

  it.each(shapes)("leave loss and gradient the same, but for the sign of a zero: $shape, axis $axis", (layout) => {
    const { shape, axis } = layout;
    const x = normal(sizeOf(shape), 5, 0, 5);
    const labels = classes(sizeOf(shape) / shape[axis], shape[axis], 6);
    for (const reduction of ["mean", "sum", "none"] as const) {
      const options = { ...layout, reduction, grad: true } as const;
      const plain = backend.k.softmaxCrossEntropy(x, labels, options);
      const more = backend.k.softmaxCrossEntropy(x, labels, { ...options, correct: true, logSumExp: true });
      expectSameBits(more.loss, plain.loss, "loss");
      expectSameBits(more.grad.map(unsigned), plain.grad.map(unsigned), "gradient");
    }
  });

  it("are there where they were asked for, and nowhere else", () => {
    const x = Float32Array.of(1, 2);
    const keys = (options: object) => Object.keys(backend.k.softmaxCrossEntropy(x, [0], options)).sort();
    expect(keys({})).toEqual(["loss"]);
    expect(keys({ correct: false, logSumExp: false, grad: false })).toEqual(["loss"]);
    expect(keys({ correct: true, logSumExp: true, grad: true })).toEqual(["correct", "grad", "logSumExp", "loss"]);
  });
});
