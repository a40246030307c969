import { describe, expect, it } from "vitest";
import {
  linearSigmoidCrossEntropy,
  linearSoftmaxCrossEntropy,
  sigmoidCrossEntropy,
  softmaxCrossEntropy,
} from "../../src/reference/index.js";
import { abs, dot, errorOf, fixed, mul, sum } from "./high-precision.js";
import { normals, uniforms } from "./samples.js";

const BOUND = 1e-12;
const [N, D, C] = [5, 7, 3];
const features = normals(1, N * D);
const weights = normals(2, C * D);
const bias = normals(3, C);
const labels = [0, 2, 1, -100, 2];

const column = (matrix: ArrayLike<number>, width: number, c: number): number[] =>
  Array.from({ length: matrix.length / width }, (_, n) => matrix[n * width + c]);
const row = (matrix: ArrayLike<number>, width: number, n: number): number[] =>
  Array.from({ length: width }, (_, d) => matrix[n * width + d]);

/** Logits by exact dot products, rounded once to float64. */
const logits = Array.from({ length: N * C }, (_, i) => {
  const exact = dot(row(features, D, Math.floor(i / C)).map(fixed), row(weights, D, i % C).map(fixed));
  return Number((exact + fixed(bias[i % C])) >> 400n) * 2 ** -112;
});

describe("linear classifiers", () => {
  const options = { reduction: "sum", grad: true } as const;
  const cases = [
    [
      "linearSoftmaxCrossEntropy",
      linearSoftmaxCrossEntropy(features, weights, labels, { ...options, shape: [N, D], bias, labelSmoothing: 0.1 }),
      softmaxCrossEntropy(logits, labels, { ...options, shape: [N, C], labelSmoothing: 0.1 }),
    ],
    [
      "linearSigmoidCrossEntropy",
      linearSigmoidCrossEntropy(features, weights, uniforms(4, N * C, 0, 1), {
        ...options,
        shape: [N, D],
        bias,
        posWeight: 2,
      }),
      sigmoidCrossEntropy(logits, uniforms(4, N * C, 0, 1), { ...options, shape: [N, C], posWeight: 2 }),
    ],
  ] as const;

  it.each(cases)("%s is the loss of the logits, with gradients G·W, Gᵀ·X and Σ G within 1e−12", (_, got, want) => {
    expect(Math.abs(got.loss / want.loss - 1)).toBeLessThan(BOUND);
    const { grad } = want;
    const judge = (value: number, a: number[], b: number[]) => {
      const [x, y] = [a.map(fixed), b.map(fixed)];
      expect(errorOf(value, dot(x, y), dot(x.map(abs), y.map(abs)))).toBeLessThan(BOUND);
    };
    for (let n = 0; n < N; n++) {
      for (let d = 0; d < D; d++) judge(got.grad.features[n * D + d], row(grad, C, n), column(weights, D, d));
    }
    for (let c = 0; c < C; c++) {
      for (let d = 0; d < D; d++) judge(got.grad.weights[c * D + d], column(grad, C, c), column(features, D, d));
      const terms = column(grad, C, c).map(fixed);
      expect(errorOf(got.grad.bias[c], sum(terms), sum(terms.map(abs)))).toBeLessThan(BOUND);
    }
  });

  it("dot products that cancel are compensated", () => {
    const x = [1e8, 1, -1e8].map(Math.fround);
    const { logSumExp } = linearSoftmaxCrossEntropy(x, [1e8, 2 ** -20, 1e8], [0], { logSumExp: true });
    expect(logSumExp?.[0]).toBe(2 ** -20);
  });

  it("one position is enough; shapes may come with the operands; options pass through", () => {
    const x = { data: Float32Array.from(features), shape: [N, D] };
    const w = { data: Float32Array.from(weights), dims: [C, D] };
    const got = linearSoftmaxCrossEntropy(x, w, labels, { softcap: 2, temperature: 0.5, zLoss: 0.1, correct: true });
    const z = Array.from({ length: N * C }, (_, i) => {
      const exact = dot(row(features, D, Math.floor(i / C)).map(fixed), row(weights, D, i % C).map(fixed));
      return Number(exact >> 400n) * 2 ** -112;
    });
    const want = softmaxCrossEntropy(z, labels, {
      shape: [N, C],
      softcap: 2,
      temperature: 0.5,
      zLoss: 0.1,
      correct: true,
    });
    expect(got).toEqual(want);
    expect(linearSigmoidCrossEntropy([1, 2], [3, 4], [1]).loss).toBe(sigmoidCrossEntropy([11], [1]).loss);
  });

  it("has as many classes as its weights' shape says where there are no features", () => {
    const weights = { data: [], shape: [3, 0] };
    const { loss } = linearSoftmaxCrossEntropy({ data: [], shape: [2, 0] }, weights, [0, 1]);
    expect(loss).toBeCloseTo(Math.log(3), 12);
  });

  it("weights and bias must fit the features", () => {
    expect(() => linearSoftmaxCrossEntropy(features, [1, 2, 3], labels, { shape: [N, D] })).toThrow(RangeError);
    expect(() => linearSoftmaxCrossEntropy(features, weights, labels, { shape: [N, D], bias: [1] })).toThrow(/bias/);
  });
});

describe("logistic regression", () => {
  it("is the softmax classifier with one class's logit fixed at 0", () => {
    const x = normals(5, N * D);
    const w = normals(6, D);
    const y = [1, 0, 0, 1, 1];
    const logistic = linearSigmoidCrossEntropy(x, w, y, { shape: [N, D], grad: true });
    const two = linearSoftmaxCrossEntropy(x, [...w.map(() => 0), ...w], y, { shape: [N, D], grad: true });
    expect(Math.abs(two.loss / logistic.loss - 1)).toBeLessThan(1e-14);
    logistic.grad.features.forEach((g, i) => {
      expect(two.grad.features[i]).toBeCloseTo(g, 14);
    });
    logistic.grad.weights.forEach((g, d) => {
      expect(two.grad.weights[D + d]).toBeCloseTo(g, 14);
    });
    expect(errorOf(two.grad.bias[1], fixed(logistic.grad.bias[0]), mul(fixed(1), fixed(1)))).toBeLessThan(1e-14);
  });
});
