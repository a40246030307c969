import { expect, it } from "vitest";
import { nllLoss, softmaxCrossEntropy } from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { distributions, normal } from "../support/samples.js";
import { expectSameBits, expectWithin, list, type Values } from "../support/ulp.js";
import { expectRight, type Options, run } from "./support/operation.js";
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

  it.each([
    ["NaN", [Number.NaN, 0]],
    ["+Infinity", [Infinity, 0]],
    ["nothing but −Infinity", [-Infinity, -Infinity]],
  ])("of classes that leave nothing to average make the gradient 0, also to a row of %s", (_, row) => {
    const { k } = backend;
    const options = { shape: [2, 2], classWeights: [0, 1], grad: true } as const;
    const batch = Float32Array.of(...row, 1, 2);
    const labels = [0, 0];
    for (const [what, { loss, grad }] of Object.entries({
      softmaxCrossEntropy: k.softmaxCrossEntropy(batch, labels, options),
      nllLoss: k.nllLoss(batch, labels, options),
      "softmaxCrossEntropy of the reference": softmaxCrossEntropy(batch, labels, options),
      "nllLoss of the reference": nllLoss(batch, labels, options),
    })) {
      expect(loss, what).toBeNaN();
      expectSameBits(Array.from(grad, Math.abs), [0, 0, 0, 0], what);
    }
    const { grad } = k.linearSoftmaxCrossEntropy(batch, Float32Array.of(1, 2, 3, 4), labels, options);
    expectSameBits(grad.features, new Float32Array(4), "features");
    expectSameBits(grad.bias, new Float32Array(2), "bias");
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

  it("of 0 silence an infinite loss; a NaN only those of samples, which leave the position out", () => {
    const { k } = backend;
    const infinite = Float32Array.of(1, -Infinity, 2);
    const invalid = Float32Array.of(1, Number.NaN, 2);
    const sum = { reduction: "sum", grad: true } as const;
    for (const weights of [{ classWeights: [1, 0, 1] }, { sampleWeights: [0] }]) {
      for (const more of [{}, { logSumExp: true }, { correct: true }, { temperature: 2 }, { zLoss: 0 }]) {
        const silenced = k.softmaxCrossEntropy(infinite, [1], { ...sum, ...weights, ...more });
        expect(Math.abs(silenced.loss)).toBe(0);
        expectSameBits(silenced.grad.map(Math.abs), [0, 0, 0], "gradient");
        const { loss } = k.softmaxCrossEntropy(invalid, [1], { ...sum, ...weights, ...more });
        expect(Math.abs(loss)).toBe("classWeights" in weights ? Number.NaN : 0);
      }
      expect(Math.abs(k.nllLoss(infinite, [1], { ...sum, ...weights }).loss)).toBe(0);
      const { loss } = k.nllLoss(invalid, [1], { ...sum, ...weights });
      expect(Math.abs(loss)).toBe("classWeights" in weights ? Number.NaN : 0);
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

/** What padding may hold, three numbers that are repeated. */
const PADDING = [
  ["NaN", [Number.NaN, 1, 2]],
  ["+Infinity", [Infinity, 1, 2]],
  ["nothing but −Infinity", [-Infinity, -Infinity, -Infinity]],
] as const;

describeEachBackend("a sample weight of 0", (backend) => {
  const lengths = [3, 70, 2100, 70_000].filter((length) => backend.affords(3 * length));
  const settings: Options[] = [
    {},
    { correct: true, logSumExp: true },
    { zLoss: 0.1, softcap: 5, temperature: 2 },
    { labelSmoothing: 0.1 },
  ];

  /** Three positions of which the second is padding; then classes along the first axis. */
  function batchOf(length: number, padding: readonly number[], axis: number) {
    const rows = normal(3 * length, 5);
    for (let c = 0; c < length; c++) rows[length + c] = padding[c % 3];
    const x = axis === 1 ? rows : rows.map((_, i) => rows[(i % 3) * length + Math.floor(i / 3)]);
    return { x, shape: axis === 1 ? [3, length] : [length, 3] };
  }

  it.each(PADDING)("leaves the position out as an ignored label does, whatever stands there: %s", (_, padding) => {
    for (const length of lengths) {
      for (const axis of [1, 0]) {
        const { x, shape } = batchOf(length, padding, axis);
        for (const more of settings) {
          for (const reduction of ["mean", "sum", "none"] as const) {
            const options = { ...more, shape, axis, reduction, grad: true, sampleWeights: [1, 0, 1] } as const;
            const out = backend.k.softmaxCrossEntropy(x, [0, 1, 2], options) as Options;
            const ignored = backend.k.softmaxCrossEntropy(x, [0, -100, 2], options) as Options;
            const what = `${reduction}, ${length} along ${axis}, ${Object.keys(more)}`;
            for (const name of Object.keys(ignored)) expectSameBits(out[name] as Values, ignored[name] as Values, what);
            expect(Array.from(out.grad as Float32Array).every(Number.isFinite), what).toBe(true);
            if (length < 100) expectCloseTo(softmaxCrossEntropy(x, [0, 1, 2], options).loss, out.loss, what);
          }
        }
        const options = { shape, axis, grad: true, sampleWeights: [1, 0, 1] } as const;
        const nll = backend.k.nllLoss(x, [0, 1, 2], options);
        const ignored = backend.k.nllLoss(x, [0, -100, 2], options);
        for (const name of ["loss", "grad"] as const) expectSameBits(nll[name], ignored[name], `nllLoss, ${name}`);
        if (length < 100) expectCloseTo(nllLoss(x, [0, 1, 2], options).loss, nll.loss, "nllLoss");
      }
    }
  });

  it("are nothing to correct, which counts every label that isn't ignored", () => {
    for (const length of [3, 300, backend.affords(70_000) ? 70_000 : 3000]) {
      const x = Float32Array.from({ length: 4 * length }, (_, i) => (i % length === 1 ? 5 : 0));
      const options = { shape: [4, length], sampleWeights: [0, 1, 0, 0], correct: true } as const;
      const labels = [1, 1, 2, -100];
      for (const more of [{}, { grad: true }, { temperature: 2, grad: true }, { labelSmoothing: 0.1, grad: true }]) {
        expect(backend.k.softmaxCrossEntropy(x, labels, { ...options, ...more }).correct).toBe(2);
      }
      expect(softmaxCrossEntropy(x, labels, options).correct).toBe(2);
      const weights = Float32Array.from({ length }, (_, i) => (i === 1 ? 5 : 0));
      const layer = { ...options, shape: [4, 1], grad: true } as const;
      expect(backend.k.linearSoftmaxCrossEntropy(Float32Array.of(1, 1, 1, 1), weights, labels, layer).correct).toBe(2);
    }
  });

  it.each(PADDING)("leaves a position of dense targets out: %s", (_, padding) => {
    for (const length of lengths) {
      for (const axis of [1, 0]) {
        const { x, shape } = batchOf(length, padding, axis);
        const plain = batchOf(length, [0, 0, 0], axis).x;
        const targets = batchOf(length, [0, 0, 0], axis).x.map((value) => Math.abs(value) / length);
        for (const { correct, ...more } of settings) {
          for (const reduction of ["mean", "sum", "none"] as const) {
            const options = { ...more, shape, axis, reduction, grad: true, sampleWeights: [1, 0, 1] } as const;
            const out = backend.k.softmaxCrossEntropy(x, targets, options);
            const expected = backend.k.softmaxCrossEntropy(plain, targets, options);
            const what = `${reduction}, ${length} along ${axis}, ${Object.keys(more)}`;
            expectSameBits(out.loss, expected.loss, what);
            expectSameBits(out.grad, expected.grad, what);
            if (length < 100) expectCloseTo(softmaxCrossEntropy(x, targets, options).loss, out.loss, what);
          }
        }
      }
    }
  });

  it("leaves a position of a linear layer out, whose features are NaN", () => {
    const features = Float32Array.of(1, 2, Number.NaN, Number.NaN, 3, 4);
    const weights = normal(10, 3);
    const targets = Float32Array.from({ length: 15 }, (_, i) => i / 15);
    for (const y of [Int32Array.of(0, 1, 2), targets]) {
      const options = { shape: [3, 2], sampleWeights: [1, 0, 1], grad: { features: true } } as const;
      const { loss, grad } = backend.k.linearSoftmaxCrossEntropy(features, weights, y, options);
      const zeros = features.map((value) => (Number.isNaN(value) ? 0 : value));
      const expected = backend.k.linearSoftmaxCrossEntropy(zeros, weights, y, options);
      expectSameBits(loss, expected.loss, "loss");
      expectSameBits(grad.features, expected.grad.features, "gradient");
      expect(loss).not.toBeNaN();
    }
  });

  it("leaves a position of a shard out", () => {
    const { x, shape } = batchOf(4, [Number.NaN, 1, 2], 1);
    const state = backend.k.logSumExpState(3).add({ data: x, shape });
    const options = { shape, state, start: 0, grad: true, reduction: "sum", sampleWeights: [1, 0, 1] } as const;
    const { loss, grad } = backend.k.softmaxCrossEntropy(x, [0, 1, 2], options);
    const ignored = backend.k.softmaxCrossEntropy(x, [0, -100, 2], options);
    expectSameBits(loss, ignored.loss, "loss");
    expectSameBits(grad, ignored.grad, "gradient");
    expect(loss).not.toBeNaN();
  });
});

/** What the reference gives, roughly. */
function expectCloseTo(expected: unknown, got: unknown, what: string): void {
  const wanted = list(expected as Values);
  for (const [i, value] of Array.from(list(got as Values)).entries()) expect(value, what).toBeCloseTo(wanted[i], 3);
}
