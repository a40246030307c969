// What the guide derives (docs/guide/mathematics.md) and no test of an operation holds.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  entropy,
  gradientCheck,
  jensenShannon,
  klDivergence,
  sigmoid,
  sigmoidCrossEntropy,
  sigmoidSquaredError,
  softmax,
  softmaxCrossEntropy,
  softmaxKlDivergence,
  softplus,
} from "../../src/reference/index.js";

const real = fc.double({ min: -8, max: 8, noNaN: true });
const distribution = fc.array(real, { minLength: 3, maxLength: 3 }).map((z) => softmax(z));

describe("the sigmoid", () => {
  it("has the derivative σ·(1 − σ), at most 1/4", () =>
    fc.assert(
      fc.property(real, (z) => {
        const slope = (x: number) => sigmoid([x])[0] * sigmoid([-x])[0];
        const check = gradientCheck(([x]) => ({ loss: sigmoid([x])[0], grad: [slope(x)] }), [z]);
        expect(check.maxError).toBeLessThan(1e-8);
        expect(slope(z)).toBeLessThanOrEqual(slope(0));
        expect(slope(0)).toBe(0.25);
      }),
    ));

  it("is the derivative of softplus", () =>
    fc.assert(
      fc.property(real, (z) => {
        const check = gradientCheck((x) => ({ loss: softplus(x)[0], grad: sigmoid(x) }), [z]);
        expect(check.maxError).toBeLessThan(1e-8);
      }),
    ));
});

describe("two classes", () => {
  it("a softmax over two columns has twice the parameters: a constant in both changes neither loss nor gradient", () =>
    fc.assert(
      fc.property(real, real, real, (a, b, shift) => {
        const one = softmaxCrossEntropy([a, b], [1], { grad: true });
        const other = softmaxCrossEntropy([a + shift, b + shift], [1], { grad: true });
        expect(other.loss).toBeCloseTo(one.loss, 12);
        expect(other.grad[0]).toBeCloseTo(one.grad[0], 12);
        expect(one.grad[0]).toBeCloseTo(-one.grad[1], 14);
      }),
    ));

  it("sigmoids answer each by itself, a softmax's probabilities compete", () => {
    const both = [4, 4];
    expect(sigmoid(both).every((p) => p > 0.98)).toBe(true);
    expect([...softmax(both)]).toEqual([0.5, 0.5]);
  });
});

describe("squared error", () => {
  it("has a gradient to the score that is at most 8/27, reached at ŷ = 1/3, where cross-entropy's goes to −1", () =>
    fc.assert(
      fc.property(fc.double({ min: -40, max: 40, noNaN: true }), (z) => {
        const largest = Math.abs(sigmoidSquaredError([Math.log(0.5)], [1], { grad: true }).grad[0]);
        expect(largest).toBeCloseTo(8 / 27, 14);
        const size = Math.abs(sigmoidSquaredError([z], [1], { grad: true }).grad[0]);
        expect(size).toBeLessThanOrEqual(largest * (1 + 1e-15));
        if (z < -10) {
          expect(size).toBeLessThan(1e-4);
          expect(sigmoidCrossEntropy([z], [1], { grad: true }).grad[0]).toBeLessThan(-0.9999);
        }
      }),
    ));
});

describe("the Kullback–Leibler divergence", () => {
  const [p, q, r] = [
    [0.5, 0.5],
    [0.25, 0.75],
    [0.1, 0.9],
  ];

  it("is no metric: it isn't symmetric, and a detour may be shorter", () => {
    expect(klDivergence(p, r)[0]).not.toBeCloseTo(klDivergence(r, p)[0], 2);
    expect(klDivergence(p, q)[0] + klDivergence(q, r)[0]).toBeLessThan(klDivergence(p, r)[0] / 2);
  });

  it("is infinite where P has mass and Q has none, not the other way round", () => {
    expect(klDivergence([0.5, 0.5], [1, 0])[0]).toBe(Number.POSITIVE_INFINITY);
    expect(klDivergence([1, 0], [0.5, 0.5])[0]).toBeCloseTo(Math.LN2, 15);
  });

  it("has a metric in the root of Jensen and Shannon's: no detour is shorter", () =>
    fc.assert(
      fc.property(distribution, distribution, distribution, (a, b, c) => {
        const root = (x: Float64Array, y: Float64Array) => Math.sqrt(Math.max(0, jensenShannon(x, y)[0]));
        expect(root(a, c)).toBeLessThanOrEqual(root(a, b) + root(b, c) + 1e-7);
      }),
    ));
});

describe("distillation", () => {
  it("has the gradient T·(q − p), which keeps its size as T grows", () =>
    fc.assert(
      fc.property(fc.array(real, { minLength: 6, maxLength: 6 }), (z) => {
        const [student, teacher] = [z.slice(0, 3).map(Math.fround), z.slice(3).map(Math.fround)];
        for (const temperature of [1, 4]) {
          const { grad } = softmaxKlDivergence(student, teacher, { temperature, grad: true });
          const [q, t] = [student, teacher].map((logits) => softmax(logits, { temperature }));
          grad.forEach((g, i) => {
            expect(g).toBeCloseTo(temperature * (q[i] - t[i]), 12);
          });
        }
        // Both limits for large T: (z_student − z_teacher, each less its mean) / C.
        const { grad } = softmaxKlDivergence(student, teacher, { temperature: 2 ** 20, grad: true });
        const centred = (logits: number[]) => logits.map((v) => v - logits.reduce((a, b) => a + b) / 3);
        const [s, t] = [centred(student), centred(teacher)];
        grad.forEach((g, i) => {
          expect(g).toBeCloseTo((s[i] - t[i]) / 3, 1);
        });
      }),
    ));
});

it("the entropy of a finely binned density is its own less the logarithm of the bin's width", () => {
  const logDensity = (width: number) => Array.from({ length: 24 / width }, (_, i) => -((i * width - 12) ** 2) / 2);
  const own = Math.log(2 * Math.PI * Math.E) / 2;
  for (const width of [0.1, 0.01]) {
    expect(entropy(softmax(logDensity(width)))[0] + Math.log(width)).toBeCloseTo(own, 12);
  }
});
