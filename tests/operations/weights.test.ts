import { expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { distributions, normal } from "../support/samples.js";
import { expectSameBits, expectWithin, type Values } from "../support/ulp.js";
import { expectRight, run } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const ROW_LOSSES = ["softmaxCrossEntropy with labels", "softmaxCrossEntropy with dense targets", "nllLoss"].map(
  (name) => [name, operationOf(name)] as const,
);

/** The ways in which the same weights may be given. */
const GIVEN = [
  ["a Float32Array", (w: number[]) => Float32Array.from(w)],
  ["an array", (w: number[]) => w],
  ["an object with data and shape", (w: number[]) => ({ data: Float32Array.from(w), shape: [w.length] })],
  ["an object with data and dims", (w: number[]) => ({ data: Float32Array.from(w), dims: [w.length] })],
] as const;

describeEachBackend("weights", (backend) => {
  const lp = [-2.4076059644443806, -1.4076059644443804, -0.4076059644443804];
  const x = Float32Array.of(1, 2, 3, 1, 2, 3);
  const shape = [2, 3];

  it("of classes weigh each loss by its label's, and the mean divides by their sum", () => {
    const classWeights = [2, 7, 0.5];
    const of = (reduction: "none" | "sum" | "mean") =>
      backend.k.softmaxCrossEntropy(x, [0, 2], { shape, classWeights, reduction }).loss as unknown as Values;
    expectWithin(5, of("none"), [-2 * lp[0], -0.5 * lp[2]], "none");
    expectWithin(5, of("sum"), -2 * lp[0] - 0.5 * lp[2], "sum");
    expectWithin(5, of("mean"), (-2 * lp[0] - 0.5 * lp[2]) / 2.5, "mean");
  });

  it("of classes weigh the terms of dense targets, and the mean does not divide by them", () => {
    const t = Float32Array.of(0.5, 0.25, 0.25, 0, 1, 0);
    const classWeights = [2, 8, 4];
    const losses = [-(1 * lp[0] + 2 * lp[1] + 1 * lp[2]), -8 * lp[1]];
    const { loss } = backend.k.softmaxCrossEntropy(x, t, { shape, classWeights, reduction: "none" });
    expectWithin(5, loss, losses, "none");
    const mean = backend.k.softmaxCrossEntropy(x, t, { shape, classWeights }).loss;
    expectWithin(5, mean, (losses[0] + losses[1]) / 2, "mean");
  });

  it("of samples weigh each position's loss, and the mean divides by their sum, for dense targets too", () => {
    const sampleWeights = [3, 0.25];
    const t = Float32Array.of(1, 0, 0, 0, 0, 1);
    for (const targets of [[0, 2], t]) {
      const { loss } = backend.k.softmaxCrossEntropy(x, targets, { shape, sampleWeights });
      expectWithin(5, loss, (-3 * lp[0] - 0.25 * lp[2]) / 3.25, "mean");
    }
  });

  it("of classes and samples multiply, in the divisor as well", () => {
    const options = { shape, classWeights: [2, 1, 0.5], sampleWeights: [3, 4] };
    const { loss } = backend.k.softmaxCrossEntropy(x, [0, 2], options);
    expectWithin(6, loss, (-6 * lp[0] - 2 * lp[2]) / 8, "mean");
    const { loss: nll } = backend.k.nllLoss(Float32Array.from([...lp, ...lp]), [0, 2], options);
    expectWithin(6, nll, (-6 * lp[0] - 2 * lp[2]) / 8, "nllLoss");
  });

  it("of a class that no label has, or of an ignored position, change nothing", () => {
    const some = { shape: [2, 3], classWeights: [2, 1, 3], sampleWeights: [1, 5] };
    const other = { shape: [2, 3], classWeights: [2, 9, 9], sampleWeights: [1, 77] };
    const labels = [0, -100];
    const a = backend.k.softmaxCrossEntropy(x, labels, { ...some, grad: true });
    const b = backend.k.softmaxCrossEntropy(x, labels, { ...other, grad: true });
    expectSameBits(b.loss, a.loss, "loss");
    expectSameBits(b.grad, a.grad, "gradient");
  });

  it.each(ROW_LOSSES)("of 1 give the loss without weights: %s", (_, operation) => {
    const layout = { shape: [6, 5], axis: -1 };
    const operands = operation.operands(layout, 3);
    const options = { ...layout, grad: true, reduction: "none" };
    const plain = run(backend.k, operation, operands, options);
    const ones = { classWeights: new Float32Array(5).fill(1), sampleWeights: new Float32Array(6).fill(1) };
    for (const weights of [{ classWeights: ones.classWeights }, { sampleWeights: ones.sampleWeights }, ones]) {
      const got = run(backend.k, operation, operands, { ...options, ...weights });
      expectWithin(2, got.loss, plain.loss, "loss");
      expectSameBits(got.grad, plain.grad, "gradient");
    }
  });

  it.each(ROW_LOSSES)("may be given in any of their forms: %s", (_, operation) => {
    const layout = { shape: [6, 5], axis: -1 };
    const operands = operation.operands(layout, 4);
    const classWeights = [1, 0.5, 2, 0, 0.75];
    const sampleWeights = [0, 1, 2, 0.125, 5, 3];
    const options = { ...layout, grad: true, reduction: "none" };
    const expected = run(backend.k, operation, operands, {
      ...options,
      classWeights: Float32Array.from(classWeights),
      sampleWeights: Float32Array.from(sampleWeights),
    });
    for (const [form, give] of GIVEN) {
      const weights = { classWeights: give(classWeights), sampleWeights: give(sampleWeights) };
      const got = run(backend.k, operation, operands, { ...options, ...weights });
      for (const [name, values] of Object.entries(expected)) expectSameBits(got[name], values, `${name}, ${form}`);
    }
    const { k } = backend;
    const byClass = k.alloc([5]).set(classWeights);
    const bySample = k.alloc([6]).set(sampleWeights);
    for (const weights of [
      { classWeights: byClass, sampleWeights: bySample },
      { classWeights: byClass.data, sampleWeights: bySample.data },
    ]) {
      const got = run(k, operation, operands, { ...options, ...weights });
      for (const [name, values] of Object.entries(expected)) expectSameBits(got[name], values, `${name}, resident`);
    }
    byClass.free();
    bySample.free();
  });

  it("of 0 silence an infinite loss, but no NaN", () => {
    const { k } = backend;
    const infinite = Float32Array.of(1, -Infinity, 2);
    const invalid = Float32Array.of(1, Number.NaN, 2);
    const sum = { reduction: "sum", grad: true } as const;
    for (const weights of [{ classWeights: [1, 0, 1] }, { sampleWeights: [0] }]) {
      for (const more of [{}, { logSumExp: true }, { correct: true }, { temperature: 2 }, { zLoss: 0 }]) {
        const silenced = k.softmaxCrossEntropy(infinite, [1], { ...sum, ...weights, ...more });
        expect(Math.abs(silenced.loss)).toBe(0);
        expectSameBits(silenced.grad.map(Math.abs), [0, 0, 0], "gradient");
        expect(k.softmaxCrossEntropy(invalid, [1], { ...sum, ...weights, ...more }).loss).toBeNaN();
      }
      expect(Math.abs(k.nllLoss(infinite, [1], { ...sum, ...weights }).loss)).toBe(0);
      expect(k.nllLoss(invalid, [1], { ...sum, ...weights }).loss).toBeNaN();
    }
    const t = Float32Array.of(0.5, 0.5, 0);
    const dense = k.softmaxCrossEntropy(infinite, t, { ...sum, classWeights: [1, 0, 1] });
    expectWithin(5, dense.loss, 0.5 * Math.log1p(Math.E), "dense targets");
    expect(k.softmaxCrossEntropy(infinite, t, { ...sum, sampleWeights: [0] }).loss + 0).toBe(0);
    expect(k.softmaxCrossEntropy(infinite, t, sum).loss).toBe(Infinity);
    expect(k.softmaxCrossEntropy(invalid, new Float32Array(3), sum).loss, "targets of 0").toBeNaN();
  });

  it.each([1e-37, 1e-30, 100, 1e30, 3e38])("of %d keep the bound", (weight) => {
    const layout = { shape: [6, 5], axis: -1 };
    const logits = normal(30, 9, 0, 3);
    const labels = Int32Array.of(0, 1, 2, 3, 4, 0);
    for (const weights of [
      { classWeights: new Float32Array(5).fill(weight) },
      { sampleWeights: new Float32Array(6).fill(weight) },
    ]) {
      for (const reduction of ["mean", "sum", "none"]) {
        const options = { ...layout, ...weights, reduction, grad: true };
        expectRight(backend.k, operationOf("softmaxCrossEntropy with labels"), [logits, labels], options);
        const dense = operationOf("softmaxCrossEntropy with dense targets");
        expectRight(backend.k, dense, [logits, distributions(6, 5, 2)], options);
      }
    }
  });
});
