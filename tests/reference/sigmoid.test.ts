import { describe, expect, it } from "vitest";
import {
  logit,
  logSigmoid,
  sigmoid,
  sigmoidCrossEntropy,
  sigmoidFocalLoss,
  sigmoidSquaredError,
  softplus,
} from "../../src/reference/index.js";
import { errorOf, fixed, mul } from "./high-precision.js";
import * as literal from "./literal.js";

const BOUND = 1e-12;
const magnitudes = [0, 1e-30, 1e-8, 0.01, 0.5, 1, 3.7, 15, 30, 36.8, 100, 150].map(Math.fround);
const points = [...magnitudes, ...magnitudes.map((x) => -x)];

describe("elementwise functions are within 1e−12 of the literal formulas", () => {
  it.each(points)("sigmoid, softplus and logSigmoid at %d", (x) => {
    expect(errorOf(sigmoid([x])[0], literal.sigmoid(x)), "sigmoid").toBeLessThan(BOUND);
    expect(errorOf(softplus([x])[0], literal.softplus(x)), "softplus").toBeLessThan(BOUND);
    expect(errorOf(logSigmoid([x])[0], -literal.softplus(-x)), "logSigmoid").toBeLessThan(BOUND);
  });

  it.each([
    2 ** -149,
    1e-30,
    1e-3,
    0.1,
    0.25,
    0.2500001,
    0.4,
    0.5 - 2 ** -25,
    0.5 + 2 ** -24,
    0.5 + 2 ** -40,
    0.5 + 1.2345678e-7,
    0.5 - 3.21e-10,
    0.50012345,
    0.7,
    0.75,
    0.9,
    1 - 2 ** -24,
    1 - 2 ** -53,
  ])("logit at %d", (p) => {
    expect(errorOf(logit([p])[0], literal.logit(p))).toBeLessThan(BOUND);
  });

  it("keeps both tails", () => {
    expect(sigmoid([-100])[0]).toBeCloseTo(3.720075976020836e-44, 57);
    expect(sigmoid([-740])[0]).toBe(Math.exp(-740));
    expect(logSigmoid([-100])[0]).toBe(-100);
    expect(softplus([-700])[0]).toBe(Math.exp(-700));
    expect(logit([0.5])[0]).toBe(0);
  });
});

describe("sigmoidCrossEntropy is within 1e−12 of the literal formulas", () => {
  const options = [
    ["no options", {}],
    ["smoothing", { labelSmoothing: 0.1 }],
    ["a trace of smoothing", { labelSmoothing: 1e-9 }],
    ["posWeight", { posWeight: 3.3 }],
    ["an element weight", { elementWeight: 0.7 }],
    ["all of them", { labelSmoothing: 0.02, posWeight: 0.4, elementWeight: 5 }],
  ] as const;

  it.each(options)("with %s, for targets 0, 0.3, 1 and both tails", (_, given: literal.ElementOptions) => {
    const { elementWeight, ...rest } = given;
    const weights = elementWeight === undefined ? {} : { elementWeights: elementWeight };
    for (const x of points) {
      for (const t of [0, Math.fround(0.3), 1 - 2 ** -24, 1]) {
        const { loss, grad } = sigmoidCrossEntropy([x], [t], { ...rest, ...weights, grad: true });
        const want = literal.sigmoidCrossEntropy(x, t, given);
        expect(errorOf(loss, want.loss), `loss at ${x}, ${t}`).toBeLessThan(BOUND);
        expect(errorOf(grad[0], want.grad, want.unit), `gradient at ${x}, ${t}`).toBeLessThan(BOUND);
      }
    }
  });

  it("posWeight and elementWeights broadcast as in NumPy", () => {
    const x = [1, -2, 0.5, 3, -1, 2];
    const t = [1, 0, 1, 0, 1, 1];
    const run = (posWeight: Parameters<typeof sigmoidCrossEntropy>[2]) =>
      Array.from(sigmoidCrossEntropy(x, t, { ...posWeight, shape: [2, 3], reduction: "none" }).loss);
    const all = [2, 3, 4, 2, 3, 4];
    expect(run({ posWeight: [2, 3, 4] })).toEqual(run({ posWeight: all }));
    expect(run({ posWeight: { data: [2, 3, 4], shape: [1, 3] } })).toEqual(run({ posWeight: all }));
    expect(run({ elementWeights: { data: [5, 6], dims: [2, 1] } })).toEqual(
      run({ elementWeights: [5, 5, 5, 6, 6, 6] }),
    );
    expect(run({ elementWeights: 7 })).toEqual(run({ elementWeights: { data: [7], shape: [] } }));
    expect(run({ elementWeights: all })).not.toEqual(run({}));
    const three = (posWeight: Parameters<typeof run>[0]) =>
      sigmoidCrossEntropy([...x, ...x], [...t, ...t], { ...posWeight, shape: [2, 3, 2], reduction: "none" }).loss;
    expect(three({ posWeight: { data: [2, 3, 4], shape: [3, 1] } })).toEqual(
      three({ posWeight: [2, 2, 3, 3, 4, 4, 2, 2, 3, 3, 4, 4] }),
    );
    expect(three({ elementWeights: { data: [5, 6], shape: [2, 1, 1] } })).toEqual(
      three({ elementWeights: [5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6] }),
    );
    const twelve = Array.from({ length: 12 }, (_, i) => i);
    expect(three({ elementWeights: twelve })).toEqual(three({}).map((loss, i) => loss * i));
    expect(() => run({ posWeight: [1, 2] })).toThrow(/posWeight of shape \[2\] does not broadcast to \[2,3\]/);
    expect(() => run({ posWeight: { data: all, shape: [1, 2, 3] } })).toThrow(/does not broadcast/);
    expect(() => run({ posWeight: { data: [1, 2, 3, 4], shape: [3] } })).toThrow(RangeError);
  });

  it("mean divides by the number of elements, weights or not", () => {
    const x = [1, -2, 0.5];
    const options = { elementWeights: [0, 2, 1], posWeight: 4 };
    const sum = sigmoidCrossEntropy(x, [1, 0, 1], { ...options, reduction: "sum" }).loss;
    expect(sigmoidCrossEntropy(x, [1, 0, 1], options).loss).toBe(sum / 3);
  });
});

describe("sigmoidFocalLoss is within 1e−12 of the literal formulas", () => {
  it.each([0, 0.5, 1, 2, 5])("for γ = %d, with and without α", (gamma) => {
    for (const alpha of [undefined, 0.25]) {
      for (const x of points.filter((point) => Math.abs(point) < 50)) {
        for (const t of [0, Math.fround(0.3), 0.5, 1]) {
          const options = alpha === undefined ? { gamma } : { gamma, alpha };
          const { loss, grad } = sigmoidFocalLoss([x], [t], { ...options, grad: true });
          const want = literal.sigmoidFocalLoss(x, t, gamma, alpha);
          expect(errorOf(loss, want.loss), `loss at ${x}, ${t}`).toBeLessThan(BOUND);
          expect(errorOf(grad[0], want.grad, want.unit), `gradient at ${x}, ${t}`).toBeLessThan(BOUND);
        }
      }
    }
  });

  it("γ defaults to 2; γ = 0 without α is sigmoidCrossEntropy", () => {
    const x = [-3, 0.1, 40];
    const t = [1, 0.2, 1];
    expect(sigmoidFocalLoss(x, t, { grad: true })).toEqual(sigmoidFocalLoss(x, t, { grad: true, gamma: 2 }));
    expect(sigmoidFocalLoss(x, t, { gamma: 0 }).loss).toBe(sigmoidCrossEntropy(x, t).loss);
  });
});

describe("sigmoidSquaredError, the lesson", () => {
  it("is (σ(x) − t)², within 1e−12", () => {
    for (const x of points) {
      for (const t of [0, 0.25, 1]) {
        const error = literal.sigmoid(x) - fixed(t);
        const { loss, grad } = sigmoidSquaredError([x], [t], { grad: true });
        expect(errorOf(loss, mul(error, error))).toBeLessThan(BOUND);
        const slope = 2n * mul(error, mul(literal.sigmoid(x), literal.sigmoid(-x)));
        expect(errorOf(grad[0], slope)).toBeLessThan(BOUND);
      }
    }
  });

  it("stops learning exactly where cross-entropy learns most: wrong and sure", () => {
    expect(sigmoidSquaredError([-20], [1], { grad: true }).grad[0]).toBeCloseTo(-4.122307e-9, 14);
    expect(sigmoidCrossEntropy([-20], [1], { grad: true }).grad[0]).toBeCloseTo(-1, 8);
  });
});
