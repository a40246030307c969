import { describe, expect, it } from "vitest";
import * as reference from "../../src/reference/index.js";

const {
  argmax,
  binaryCrossEntropy,
  crossEntropy,
  entropy,
  jensenShannon,
  klDivergence,
  logSoftmax,
  logSumExp,
  nllLoss,
  sigmoidCrossEntropy,
  sigmoidFocalLoss,
  softmax,
  softmaxCrossEntropy,
  softmaxKlDivergence,
  topK,
} = reference;
const { NaN: nan } = Number;
const inf = Infinity;

describe("softmax family", () => {
  it.each([
    ["a NaN", [1, nan, 2], nan],
    ["a +Infinity", [1, inf, 2], inf],
    ["+Infinity and a NaN", [inf, nan, 2], nan],
    ["all −Infinity", [-inf, -inf, -inf], -inf],
  ])("a row with %s: NaN throughout", (_, row, lse) => {
    expect(Array.from(softmax(row))).toEqual([nan, nan, nan]);
    expect(Array.from(logSoftmax(row))).toEqual([nan, nan, nan]);
    expect(logSumExp(row)[0]).toBe(lse);
  });

  it("−Infinity beside finite values has probability exactly 0", () => {
    expect(Array.from(softmax([-inf, 3, -inf]))).toEqual([0, 1, 0]);
    expect(Array.from(logSoftmax([-inf, 3, -inf]))).toEqual([-inf, 0, -inf]);
    expect(logSumExp([-inf, 3, -inf])[0]).toBe(3);
  });

  it("a row of one class is certain", () => {
    expect(softmax([5])[0]).toBe(1);
    expect(logSoftmax([5])[0]).toBe(0);
    expect(softmaxCrossEntropy([5], [0]).loss).toBe(0);
  });

  it("never overflows", () => {
    const big = [3.4e38, -3.4e38];
    expect(Array.from(softmax(big))).toEqual([1, 0]);
    expect(logSumExp([1e308, 1e308])[0]).toBe(1e308);
  });

  it("emptyRow says what an all −Infinity row gives, and nothing else", () => {
    const rows = [-inf, -inf, 0, -inf, nan, 0];
    expect(Array.from(softmax(rows, { shape: [3, 2], emptyRow: "zero" }))).toEqual([0, 0, 1, 0, nan, nan]);
    expect(Array.from(softmax(rows, { shape: [3, 2] }))).toEqual([nan, nan, 1, 0, nan, nan]);
  });

  it("empty batches and zero-length axes", () => {
    expect(softmax([])).toHaveLength(0);
    expect(softmax([], { shape: [0, 5] })).toHaveLength(0);
    expect(Array.from(logSumExp([], { shape: [2, 0] }))).toEqual([-inf, -inf]);
    expect(logSumExp([], { shape: [0, 2] })).toHaveLength(0);
    expect(() => argmax([], { shape: [2, 0] })).toThrow(/zero-length/);
    expect(topK([], 0, { shape: [2, 0] }).values).toHaveLength(0);
  });
});

describe("argmax and topK", () => {
  it("argmax: the first of ties, the first NaN", () => {
    expect(Array.from(argmax([1, 3, 3, nan, 0, nan, -inf, -inf, -inf], { shape: [3, 3] }))).toEqual([1, 0, 0]);
    expect(argmax([0, -0])[0]).toBe(0);
  });

  it("topK: falling order, ties by index, NaN first", () => {
    const row = [1, nan, 3, -inf, 3, inf, -inf, nan];
    const { values, indices } = topK(row, 8);
    expect(Array.from(indices)).toEqual([1, 7, 5, 2, 4, 0, 3, 6]);
    expect(Array.from(values)).toEqual([nan, nan, inf, 3, 3, 1, -inf, -inf]);
    expect(Array.from(topK([0, -0, 0], 2).indices)).toEqual([0, 1]);
  });
});

describe("softmaxCrossEntropy", () => {
  it("a label on a −Infinity logit costs +Infinity, with the gradient p − 1 = −1", () => {
    const { loss, grad } = softmaxCrossEntropy([-inf, 0, 0], [0], { grad: true });
    expect(loss).toBe(inf);
    expect(Array.from(grad)).toEqual([-1, 0.5, 0.5]);
  });

  it("target 0 on a −Infinity logit costs nothing; weight 0 neither", () => {
    const { loss, grad } = softmaxCrossEntropy([-inf, 0], Float32Array.of(0, 1), { grad: true });
    expect(loss).toBe(0);
    expect(grad.every((g) => g === 0)).toBe(true);
    expect(softmaxCrossEntropy([-inf, 0], [0], { classWeights: [0, 1], reduction: "sum" }).loss).toBe(0);
    expect(softmaxCrossEntropy([-inf, 0], [0], { sampleWeights: [0], reduction: "sum" }).loss).toBe(0);
    expect(nllLoss([-inf, 0], [0], { classWeights: [0, 1], reduction: "sum" }).loss).toBe(0);
  });

  it("smoothing puts mass on a −Infinity logit", () => {
    expect(softmaxCrossEntropy([-inf, 0], [1], { labelSmoothing: 0.1 }).loss).toBe(inf);
  });

  it("a row without a distribution gives NaN, loss and gradient", () => {
    for (const row of [
      [nan, 1],
      [inf, 1],
      [-inf, -inf],
    ]) {
      const { loss, grad } = softmaxCrossEntropy(row, [1], { grad: true });
      expect(loss).toBeNaN();
      expect(Array.from(grad)).toEqual([nan, nan]);
    }
  });

  it("an ignored position has loss 0 and gradient 0, NaN or not", () => {
    const z = [nan, nan, 0, 0];
    const { loss, grad } = softmaxCrossEntropy(z, [-100, 0], { shape: [2, 2], grad: true, zLoss: 1 });
    expect(loss).toBeCloseTo(Math.LN2 + Math.LN2 ** 2, 15);
    expect(Array.from(grad.subarray(0, 2))).toEqual([0, 0]);
  });

  it("ignoreIndex may be a class, or any int32", () => {
    const z = [1, 2, 3, 4];
    const none = { shape: [2, 2], reduction: "none" } as const;
    expect(softmaxCrossEntropy(z, [1, 0], { ...none, ignoreIndex: 1 }).loss[0]).toBe(0);
    expect(softmaxCrossEntropy(z, [-(2 ** 31), 0], { ...none, ignoreIndex: -(2 ** 31) }).loss[0]).toBe(0);
    expect(() => softmaxCrossEntropy(z, [-100, 0], { ...none, ignoreIndex: 1 })).toThrow(/label -100 of position 0/);
  });

  it.each([
    ["an empty batch", [], [], { shape: [0, 2] }],
    ["all ignored", [1, 2], [-100], {}],
    ["all class weights 0", [1, 2], [1], { classWeights: [0, 0] }],
    ["all sample weights 0", [1, 2], [1], { sampleWeights: [0] }],
  ])("nothing to average (%s): mean NaN, gradient 0", (_, z, labels, options) => {
    const { loss, grad } = softmaxCrossEntropy(z, labels, { ...options, zLoss: 1, grad: true });
    expect(loss).toBeNaN();
    expect(grad.every((g) => g === 0)).toBe(true);
    if (!("classWeights" in options)) {
      expect(softmaxCrossEntropy(z, labels, { ...options, reduction: "sum" }).loss).toBe(0);
    }
    expect(nllLoss(z, labels, { ...options, grad: true }).loss).toBeNaN();
  });
});

describe("sigmoid losses", () => {
  it.each([
    [inf, 1, 0, 0],
    [-inf, 0, 0, 0],
    [inf, 0, inf, 1],
    [-inf, 1, inf, -1],
    [inf, 0.25, inf, 0.75],
    [nan, 1, nan, nan],
  ])("logit %d, target %d: loss %d and gradient %d, the limits", (x, t, loss, grad) => {
    const ce = sigmoidCrossEntropy([x], [t], { grad: true });
    expect(ce.loss).toBe(loss);
    expect(ce.grad[0] + 0).toBe(grad);
    const focal = sigmoidFocalLoss([x], [t], { grad: true, gamma: t === 0.25 ? 0 : 2 });
    expect(focal.loss).toBe(loss);
    expect(focal.grad[0] + 0).toBe(grad);
  });

  it("weight 0 silences an infinite loss", () => {
    expect(sigmoidCrossEntropy([-inf], [1], { posWeight: 0 }).loss).toBe(0);
    expect(sigmoidCrossEntropy([-inf], [1], { elementWeights: 0 }).loss).toBe(0);
  });

  it("the mean of nothing is NaN, the sum 0", () => {
    expect(sigmoidCrossEntropy([], []).loss).toBeNaN();
    expect(sigmoidFocalLoss([], []).loss).toBeNaN();
    expect(sigmoidCrossEntropy([], [], { reduction: "sum" }).loss).toBe(0);
  });
});

describe("distributions", () => {
  it("0·log 0 = 0", () => {
    expect(entropy([0, 1])[0]).toBe(0);
    expect(crossEntropy([0, 1], [0, 1])[0]).toBe(0);
    expect(klDivergence([0, 1], [0, 1])[0]).toBe(0);
    expect(jensenShannon([0, 1], [0, 1])[0]).toBe(0);
    expect(Array.from(binaryCrossEntropy([0, 1], [0, 1]))).toEqual([0, 0].map((x) => expect.closeTo(x, 15)));
  });

  it("+Infinity where P has mass and Q has none", () => {
    expect(crossEntropy([0.5, 0.5], [0, 1])[0]).toBe(inf);
    expect(klDivergence([2 ** -149, 1], [0, 1])[0]).toBe(inf);
    expect(binaryCrossEntropy([0], [0.5])[0]).toBe(inf);
    expect(softmaxKlDivergence([-inf, 0], [0, 0]).loss).toBe(inf);
    expect(softmaxKlDivergence([-inf, 0], [-800, 0]).loss).toBe(inf);
  });

  it("jensenShannon of disjoint rows is log 2, however small the mass that is not shared", () => {
    expect(jensenShannon([1, 0], [0, 1])[0]).toBeCloseTo(Math.LN2, 15);
    expect(jensenShannon([1, 1e-30], [0, 1])[0]).toBeCloseTo(Math.LN2, 15);
  });

  it("a negative probability gives NaN, also where the other is 0", () => {
    for (const f of [crossEntropy, klDivergence, jensenShannon]) {
      expect(f([-0.5, 1.5], [0.5, 0.5])[0]).toBeNaN();
      expect(f([0, 1], [-0.5, 1.5])[0]).toBeNaN();
    }
    expect(entropy([-1, 2])[0]).toBeNaN();
    expect(Array.from(binaryCrossEntropy([-0.1, 1.1, 0.5], [0, 1, 1.5]))).toEqual([nan, nan, nan]);
  });

  it("gradients at the edge: 0 where P has no mass, ∓1/q for hard binary targets", () => {
    expect(Array.from(klDivergence([0, 1, 0.5], [0, 1, 0], { grad: true }).grad)).toEqual([0, -1, -inf]);
    expect(Array.from(binaryCrossEntropy([0, 1, 0], [0, 1, 1], { grad: true }).grad)).toEqual([1, -1, -inf]);
    expect(Array.from(jensenShannon([0, 1, 0.5], [0, 0, 0.5], { grad: true }).grad)).toEqual([0, -inf, 0]);
  });

  it("softmaxKlDivergence: classes masked in both cost nothing, a row without a distribution is NaN", () => {
    expect(softmaxKlDivergence([-inf, 1, 2], [-inf, 1, 2]).loss).toBe(0);
    const { loss, grad } = softmaxKlDivergence([1, 1, 2], [-inf, 1, 2], { grad: true });
    expect(loss).toBeGreaterThan(0);
    expect(grad[0]).toBe(softmax([1, 1, 2])[0]);
    expect(softmaxKlDivergence([nan, 1], [0, 1]).loss).toBeNaN();
    expect(softmaxKlDivergence([0, 1], [-inf, -inf]).loss).toBeNaN();
    expect(softmaxKlDivergence([], [], { shape: [0, 3] }).loss).toBeNaN();
  });
});
