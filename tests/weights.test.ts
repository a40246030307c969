import { describe, expect, it } from "vitest";
import { sigmoidCrossEntropy, softmaxCrossEntropy } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { classes, distributions, normal, spread } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

const SHAPE = [6, 5];
const X = normal(30, 1, 0, 2);
const LABELS = Int32Array.of(3, 0, -100, 4, 4, 1);
const DENSE = distributions(6, 5, 2);
const CLASS_WEIGHTS = Float32Array.of(0.5, 2, 3, 0, 1.25);
const SAMPLE_WEIGHTS = Float32Array.of(1, 0.25, 7, 2, 0, 3);

describeEachBackend("weights of softmaxCrossEntropy", (backend) => {
  const none = { shape: SHAPE, reduction: "none" } as const;

  it("multiply the loss and gradient of their class and position", () => {
    const { k } = backend;
    const plain = k.softmaxCrossEntropy(X, LABELS, { ...none, grad: true });
    const weighted = k.softmaxCrossEntropy(X, LABELS, {
      ...none,
      classWeights: CLASS_WEIGHTS,
      sampleWeights: SAMPLE_WEIGHTS,
      grad: true,
    });
    for (let r = 0; r < 6; r++) {
      const w = LABELS[r] < 0 ? 0 : CLASS_WEIGHTS[LABELS[r]] * SAMPLE_WEIGHTS[r];
      expectWithin(2, weighted.loss[r], plain.loss[r] * w, `loss ${r}`);
      for (let i = r * 5; i < r * 5 + 5; i++) expectWithin(2, weighted.grad[i], plain.grad[i] * w, `gradient ${i}`);
    }
  });

  it("divide the mean: Σ v·w_y over labels that count, Σ v for dense targets whatever the classes weigh", () => {
    const { k } = backend;
    const weights = { shape: SHAPE, classWeights: CLASS_WEIGHTS, sampleWeights: SAMPLE_WEIGHTS };
    for (const [targets, divisor] of [
      [LABELS, 1 * 0 + 0.25 * 0.5 + 2 * 1.25 + 0 + 3 * 2],
      [DENSE, 13.25],
    ] as const) {
      const sum = k.softmaxCrossEntropy(X, targets, { ...weights, reduction: "sum" }).loss;
      expectWithin(1, k.softmaxCrossEntropy(X, targets, weights).loss, sum / divisor, "mean");
    }
  });

  it("that are all 0 leave nothing to average: mean NaN, sum 0, gradients 0, whatever is added to the loss", () => {
    const { k } = backend;
    const zeros = [{ classWeights: new Float32Array(5) }, { sampleWeights: new Float32Array(6) }];
    for (const weights of zeros) {
      for (const added of [{}, { labelSmoothing: 0.1 }, { zLoss: 0.1 }]) {
        const { loss, grad } = k.softmaxCrossEntropy(X, LABELS, { ...weights, ...added, shape: SHAPE, grad: true });
        const what = Object.keys({ ...weights, ...added }).join();
        expect(loss, what).toBeNaN();
        expect(
          grad.every((g) => g === 0),
          what,
        ).toBe(true);
      }
      const sum = k.softmaxCrossEntropy(X, LABELS, { ...weights, shape: SHAPE, reduction: "sum" }).loss;
      expect(sum + 0).toBe(0);
    }
  });

  it("of 0 silence an infinite loss, and no NaN", () => {
    const x = Float32Array.of(-Infinity, 0, 1);
    const bad = Float32Array.of(0, Number.NaN, 1);
    const { k } = backend;
    for (const options of [{ classWeights: [0, 1, 1] }, { sampleWeights: [0] }]) {
      for (const extra of [{}, { logSumExp: true }, { correct: true }, { zLoss: 0 }]) {
        const all = { ...options, ...extra, reduction: "sum" } as const;
        expect(k.softmaxCrossEntropy(x, [0], all).loss + 0, JSON.stringify(all)).toBe(0);
        expect(k.softmaxCrossEntropy(bad, [0], all).loss, JSON.stringify(all)).toBeNaN();
      }
    }
    expect(k.softmaxCrossEntropy(bad, new Float32Array(3), { reduction: "sum" }).loss).toBeNaN();
  });

  it("may be typed or plain arrays, tensors or resident batches", () => {
    const { k } = backend;
    const expected = k.softmaxCrossEntropy(X, LABELS, { ...none, classWeights: CLASS_WEIGHTS });
    const there = k.alloc([5]).set(CLASS_WEIGHTS);
    for (const classWeights of [[...CLASS_WEIGHTS], { data: CLASS_WEIGHTS, shape: [5] }, there, there.data]) {
      expectSameBits(k.softmaxCrossEntropy(X, LABELS, { ...none, classWeights }).loss, expected.loss, "loss");
    }
    there.free();
  });

  it("of positions lie as the positions do, whichever axis the classes are on", () => {
    const x = normal(2 * 5 * 3, 4);
    const labels = classes(6, 5, 5);
    const options = {
      shape: [2, 5, 3],
      axis: 1,
      sampleWeights: SAMPLE_WEIGHTS,
      reduction: "none",
      grad: true,
    } as const;
    const got = backend.k.softmaxCrossEntropy(x, labels, options);
    const truth = softmaxCrossEntropy(x, labels, {
      ...options,
      sampleWeights: { data: SAMPLE_WEIGHTS, shape: [2, 3] },
    });
    expectWithin(5, got.loss, truth.loss, "loss");
    expectWithin(5, got.grad, truth.grad, "gradient");
  });
});

describeEachBackend("gradOutput", (backend) => {
  it("multiplies the gradient, and leaves the loss alone: a number for mean and sum, one a position for none", () => {
    const { k } = backend;
    const upstream = Float32Array.of(2, -1, 5, 0, 0.5, 1);
    for (const targets of [LABELS, DENSE]) {
      const none = { shape: SHAPE, reduction: "none", grad: true } as const;
      const plain = k.softmaxCrossEntropy(X, targets, none);
      const scaled = k.softmaxCrossEntropy(X, targets, { ...none, gradOutput: upstream });
      expectSameBits(scaled.loss, plain.loss, "loss");
      plain.grad.forEach((g, i) => {
        expectWithin(2, scaled.grad[i], g * upstream[Math.floor(i / 5)], `gradient ${i}`);
      });
      for (const reduction of ["mean", "sum", "none"] as const) {
        const options = { shape: SHAPE, reduction, grad: true } as const;
        const one = k.softmaxCrossEntropy(X, targets, options).grad;
        const three = k.softmaxCrossEntropy(X, targets, { ...options, gradOutput: -3 }).grad;
        expectWithin(
          2,
          three,
          one.map((g) => g * -3),
          reduction,
        );
      }
    }
  });

  it("of elementwise losses is one an element", () => {
    const { k } = backend;
    const t = spread(30, 3, 0, 1);
    const upstream = normal(30, 4);
    const plain = k.sigmoidCrossEntropy(X, t, { reduction: "none", grad: true }).grad;
    const { grad } = k.sigmoidCrossEntropy(X, t, { reduction: "none", grad: true, gradOutput: upstream });
    expectWithin(
      2,
      grad,
      plain.map((g, i) => g * upstream[i]),
      "gradient",
    );
  });
});

describeEachBackend("label smoothing", (backend) => {
  it.each([0, 0.1, 0.5, 0.999, 1])("ε = %f gives (1 − ε)·w_y·(−lp_y) + (ε/C)·Σ w_c·(−lp_c)", (labelSmoothing) => {
    const { k } = backend;
    for (const classWeights of [undefined, CLASS_WEIGHTS]) {
      for (const targets of [LABELS, DENSE]) {
        const options = { shape: SHAPE, labelSmoothing, reduction: "none", grad: true } as const;
        const got = k.softmaxCrossEntropy(X, targets, { ...options, classWeights });
        const truth = softmaxCrossEntropy(X, targets, { ...options, ...(classWeights && { classWeights }) });
        expectWithin(6, got.loss, truth.loss, "loss");
        expectWithin(
          6,
          got.grad,
          truth.grad,
          "gradient",
          truth.grad.map(() => 1),
        );
      }
    }
  });

  it("makes targets t of sigmoidCrossEntropy t(1 − ε) + ε/2, and loss and gradient stay within 5 ULP", () => {
    const x = spread(4000, 5, -30, 30);
    const t = spread(4000, 6, 0, 1).map((value, i) => (i % 2 ? Math.round(value) : value));
    for (const labelSmoothing of [0.1, 0.5, 1]) {
      const options = { labelSmoothing, reduction: "none", grad: true } as const;
      const got = backend.k.sigmoidCrossEntropy(x, t, options);
      const truth = sigmoidCrossEntropy(x, t, options);
      expectWithin(5, got.loss, truth.loss, `loss, ε = ${labelSmoothing}`);
      expectWithin(
        5,
        got.grad,
        truth.grad,
        `gradient, ε = ${labelSmoothing}`,
        truth.grad.map((g) => Math.abs(g) + 1),
      );
    }
  });
});

describeEachBackend("zLoss", (backend) => {
  it("adds λ·logSumExp² to each position, weighted by sample and not by class, and not where ignored", () => {
    const { k } = backend;
    const none = { shape: SHAPE, reduction: "none" } as const;
    const weights = { classWeights: CLASS_WEIGHTS, sampleWeights: SAMPLE_WEIGHTS };
    const plain = k.softmaxCrossEntropy(X, LABELS, { ...none, ...weights, logSumExp: true });
    const { loss } = k.softmaxCrossEntropy(X, LABELS, { ...none, ...weights, zLoss: 0.5 });
    for (let r = 0; r < 6; r++) {
      const added = LABELS[r] < 0 ? 0 : SAMPLE_WEIGHTS[r] * 0.5 * plain.logSumExp[r] ** 2;
      expect(loss[r]).toBeCloseTo(plain.loss[r] + added, 4);
    }
  });
});

describeEachBackend("extra outputs", (backend) => {
  it("correct counts the positions that aren't ignored and whose argmax is the label; the first of ties", () => {
    const { k } = backend;
    const x = Float32Array.of(1, 3, 3, 5, 0, 0, 1, 2, 9, 0, 1, 0);
    for (const [labels, expected] of [
      [[1, 0, 2, 1], 4],
      [[2, 0, 2, 1], 3],
      [[1, -100, -100, 2], 1],
      [[0, 1, 0, 0], 0],
    ] as const) {
      expect(k.softmaxCrossEntropy(x, labels, { shape: [4, 3], correct: true }).correct).toBe(expected);
    }
  });

  it("logSumExp is that of each position, ignored ones too, from the same pass", () => {
    const { k } = backend;
    for (const targets of [LABELS, DENSE]) {
      const { logSumExp } = k.softmaxCrossEntropy(X, targets, { shape: SHAPE, logSumExp: true });
      expectWithin(4, logSumExp, k.logSumExp(X, { shape: SHAPE }), "logSumExp");
    }
  });

  it("change nothing in loss and gradient, and are there only if asked for", () => {
    const { k } = backend;
    for (const [rows, length] of [
      [6, 5],
      [3, 2500],
      [2, 66_000],
    ]) {
      if (!backend.affords(rows * length)) continue;
      const x = normal(rows * length, 8, 0, 3);
      const labels = classes(rows, length, 9);
      const plain = k.softmaxCrossEntropy(x, labels, { shape: [rows, length], reduction: "none", grad: true });
      const more = k.softmaxCrossEntropy(x, labels, {
        shape: [rows, length],
        reduction: "none",
        grad: true,
        correct: true,
        logSumExp: true,
      });
      expectSameBits(more.loss, plain.loss, `loss, shape [${rows}, ${length}]`);
      expectSameBits(more.grad, plain.grad, `gradient, shape [${rows}, ${length}]`);
      expect(Object.keys(plain).sort()).toEqual(["grad", "loss"]);
      expect(Object.keys(more).sort()).toEqual(["correct", "grad", "logSumExp", "loss"]);
    }
  });
});

describeEachBackend("weights of sigmoidCrossEntropy", (backend) => {
  const x = normal(24, 10, 0, 3);
  const t = spread(24, 11, 0, 1);
  const shape = [2, 3, 4];

  describe.each(["posWeight", "elementWeights"] as const)("%s", (option) => {
    const cases: readonly (readonly [string, unknown])[] = [
      ["a number", 2.5],
      ["one an element", spread(24, 12, 0, 3)],
      ["one for each index of the last axis", spread(4, 13, 0, 3)],
      ["a plain array", [0.5, 1, 1.5, 2]],
      ["a column", { data: spread(3, 14, 0, 3), shape: [3, 1] }],
      ["a slab", { data: spread(12, 15, 0, 3), shape: [3, 4] }],
      ["the outermost axis", { data: spread(2, 16, 0, 3), dims: [2, 1, 1] }],
      ["a single one", { data: Float32Array.of(3), shape: [] }],
    ];

    it.each(cases)("broadcasts as in NumPy: %s", (_, weights) => {
      for (const reduction of ["mean", "sum", "none"] as const) {
        const options = { shape, reduction, grad: true, [option]: weights } as const;
        const got = backend.k.sigmoidCrossEntropy(x, t, options);
        const truth = sigmoidCrossEntropy(x, t, options as never) as unknown as { loss: number; grad: Float64Array };
        expectWithin(5, got.loss, truth.loss, `loss, ${reduction}`);
        expectWithin(
          5,
          got.grad,
          truth.grad,
          `gradient, ${reduction}`,
          truth.grad.map((g) => Math.abs(g) + 0.1),
        );
      }
    });
  });

  it("of 0 silence an infinite loss", () => {
    const infinite = Float32Array.of(Infinity, -Infinity);
    const wrong = Float32Array.of(0, 1);
    const { k } = backend;
    expect(k.sigmoidCrossEntropy(infinite, wrong, { elementWeights: 0, reduction: "sum" }).loss + 0).toBe(0);
    expect(k.sigmoidCrossEntropy(infinite.slice(1), wrong.slice(1), { posWeight: 0, reduction: "sum" }).loss + 0).toBe(
      0,
    );
  });

  it("don't enter the mean, which divides by the number of elements", () => {
    const weights = { elementWeights: 3, shape };
    const sum = backend.k.sigmoidCrossEntropy(x, t, { ...weights, reduction: "sum" }).loss;
    expectWithin(1, backend.k.sigmoidCrossEntropy(x, t, weights).loss, sum / 24, "mean");
  });
});
