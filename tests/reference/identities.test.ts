import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as reference from "../../src/reference/index.js";

const {
  binaryCrossEntropy,
  crossEntropy,
  entropy,
  jensenShannon,
  klDivergence,
  logSoftmax,
  logSoftmaxBackward,
  logSumExp,
  nllLoss,
  sigmoid,
  sigmoidCrossEntropy,
  softmax,
  softmaxBackward,
  softmaxCrossEntropy,
  softmaxJacobian,
  softmaxKlDivergence,
} = reference;

const logit = fc.float({ min: -60, max: 60, noNaN: true });
const weight = fc.float({ min: Math.fround(0.01), max: 4, noNaN: true });

/** A batch [N, C] of logits, with a label per row and numbers to be used as weights or upstream gradients. */
const batch = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 6 })).chain(([n, c]) =>
  fc.record({
    shape: fc.constant([n, c] as const),
    z: fc.array(logit, { minLength: n * c, maxLength: n * c }),
    other: fc.array(logit, { minLength: n * c, maxLength: n * c }),
    labels: fc.array(fc.integer({ min: 0, max: c - 1 }), { minLength: n, maxLength: n }),
    classWeights: fc.array(weight, { minLength: c, maxLength: c }),
    sampleWeights: fc.array(weight, { minLength: n, maxLength: n }),
    labelSmoothing: fc.double({ min: 0, max: 1, noNaN: true }),
    zLoss: fc.double({ min: 0, max: 0.1, noNaN: true }),
  }),
);
type Sample = typeof batch extends fc.Arbitrary<infer S> ? S : never;

const holds = (property: (sample: Sample) => void) => fc.assert(fc.property(batch, property), { numRuns: 150 });

/** Equal to 1e−13 of the larger of the numbers and `scale`. */
function near(got: ArrayLike<number> | number, want: ArrayLike<number> | number, scale = 1): void {
  const [a, b] = [got, want].map((side) => (typeof side === "number" ? [side] : side));
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) {
    expect(Math.abs(a[i] - b[i])).toBeLessThanOrEqual(1e-13 * Math.max(scale, Math.abs(a[i]), Math.abs(b[i])));
  }
}

const rowSums = (flat: Float64Array, [n, c]: readonly [number, number]): number[] =>
  Array.from({ length: n }, (_, r) => flat.subarray(r * c, r * c + c).reduce((a, b) => a + b, 0));

describe("softmax", () => {
  it("sums to 1 a row, and is the exponential of logSoftmax", () =>
    holds(({ z, shape }) => {
      const p = softmax(z, { shape });
      near(rowSums(p, shape), new Float64Array(shape[0]).fill(1));
      near(p, logSoftmax(z, { shape }).map(Math.exp));
    }));

  it("does not change when a constant is added to a row, and logSumExp grows by it", () =>
    holds(({ z, shape }) => {
      const shifted = z.map((x) => x + 128);
      near(softmax(shifted, { shape }), softmax(z, { shape }));
      near(
        logSumExp(shifted, { shape }),
        logSumExp(z, { shape }).map((x) => x + 128),
        200,
      );
    }));

  it("softmaxBackward is the Jacobian times the upstream gradient", () =>
    holds(({ z, other, shape: [, c] }) => {
      const p = softmax(z.slice(0, c));
      const dp = other.slice(0, c);
      const jacobian = softmaxJacobian(p);
      const product = Array.from({ length: c }, (_, i) =>
        dp.reduce((total, d, j) => total + jacobian[i * c + j] * d, 0),
      );
      near(softmaxBackward(p, dp), product, 60 * c);
      near(rowSums(jacobian, [c, c]), new Float64Array(c), 1);
    }));

  it("logSoftmaxBackward is softmaxBackward of dlp / p", () =>
    holds(({ z, other, shape }) => {
      const close = z.map((x) => x / 20);
      const p = softmax(close, { shape });
      const dp = p.map((probability, i) => other[i] / probability);
      near(logSoftmaxBackward(logSoftmax(close, { shape }), other, { shape }), softmaxBackward(p, dp, { shape }), 1000);
    }));
});

describe("softmaxCrossEntropy", () => {
  it("with one-hot dense targets is that of the labels", () =>
    holds(({ z, shape, labels, labelSmoothing, classWeights, sampleWeights, zLoss }) => {
      const dense = Float32Array.from(z, (_, i) => (labels[Math.floor(i / shape[1])] === i % shape[1] ? 1 : 0));
      const options = {
        shape,
        labelSmoothing,
        classWeights,
        sampleWeights,
        zLoss,
        reduction: "none",
        grad: true,
      } as const;
      expect(softmaxCrossEntropy(z, dense, options)).toEqual(softmaxCrossEntropy(z, labels, options));
    }));

  it("is nllLoss of logSoftmax, and its gradient comes through logSoftmaxBackward", () =>
    holds(({ z, shape, labels, classWeights, sampleWeights }) => {
      const options = { shape, classWeights, sampleWeights, grad: true } as const;
      const logProbs = logSoftmax(z, { shape });
      const nll = nllLoss(logProbs, labels, options);
      const { loss, grad } = softmaxCrossEntropy(z, labels, options);
      near(loss, nll.loss);
      near(grad, logSoftmaxBackward(logProbs, nll.grad, { shape }));
    }));

  it("smoothing mixes the label's loss with the mean over classes", () =>
    holds(({ z, shape, labels, labelSmoothing }) => {
      const uniform = new Float32Array(z.length).fill(1);
      const label = softmaxCrossEntropy(z, labels, { shape }).loss;
      const all = softmaxCrossEntropy(z, uniform, { shape }).loss / shape[1];
      const want = (1 - labelSmoothing) * label + labelSmoothing * all;
      near(softmaxCrossEntropy(z, labels, { shape, labelSmoothing }).loss, want);
    }));

  it("gradient rows sum to 0 without z-loss", () =>
    holds(({ z, shape, labels, labelSmoothing, classWeights, sampleWeights }) => {
      const options = { shape, labelSmoothing, classWeights, sampleWeights, reduction: "sum", grad: true } as const;
      near(rowSums(softmaxCrossEntropy(z, labels, options).grad, shape), new Float64Array(shape[0]), 20);
    }));

  it("the mean times its divisor is the sum, and so is the gradient", () =>
    holds(({ z, shape, labels, labelSmoothing, classWeights, sampleWeights, zLoss }) => {
      const options = { shape, labelSmoothing, classWeights, sampleWeights, zLoss, grad: true };
      const divisor = labels.reduce((total, label, r) => total + classWeights[label] * sampleWeights[r], 0);
      const mean = softmaxCrossEntropy(z, labels, { ...options, reduction: "mean", grad: true });
      const sum = softmaxCrossEntropy(z, labels, { ...options, reduction: "sum", grad: true });
      const none = softmaxCrossEntropy(z, labels, { ...options, reduction: "none", grad: true });
      near(mean.loss * divisor, sum.loss);
      near(
        mean.grad.map((g) => g * divisor),
        sum.grad,
      );
      near(
        none.loss.reduce((a, b) => a + b),
        sum.loss,
      );
      expect(none.grad).toEqual(sum.grad);
    }));

  it("of two classes, one with logit 0, is sigmoidCrossEntropy", () =>
    holds(({ z, shape: [n] }) => {
      const x = z.slice(0, n);
      const pairs = x.flatMap((logit) => [0, logit]);
      const targets = x.map((_, r) => r % 2);
      const two = softmaxCrossEntropy(pairs, targets, { shape: [n, 2], grad: true });
      const one = sigmoidCrossEntropy(x, targets, { grad: true });
      near(two.loss, one.loss);
      near(
        two.grad.filter((_, i) => i % 2 === 1),
        one.grad,
      );
      near(
        softmax(pairs, { shape: [n, 2] }).filter((_, i) => i % 2 === 1),
        sigmoid(x),
      );
    }));
});

describe("distributions", () => {
  const both = ({ z, other, shape }: Sample) => [softmax(z, { shape }), softmax(other, { shape }), { shape }] as const;

  it("H(P, Q) = H(P) + D(P‖Q)", () =>
    holds((sample) => {
      const [p, q, options] = both(sample);
      const divergence = klDivergence(p, q, options);
      near(
        crossEntropy(p, q, options),
        entropy(p, options).map((h, r) => h + divergence[r]),
        10,
      );
    }));

  it("jensenShannon is symmetric, between 0 and log 2, and the mean divergence from the middle", () =>
    holds((sample) => {
      const [p, q, options] = both(sample);
      const m = p.map((value, i) => (value + q[i]) / 2);
      const js = jensenShannon(p, q, options);
      near(js, jensenShannon(q, p, options));
      near(
        js,
        klDivergence(p, m, options).map((kl, r) => (kl + klDivergence(q, m, options)[r]) / 2),
      );
      expect(js.every((value) => value >= 0 && value <= Math.LN2 + 1e-15)).toBe(true);
    }));

  it("softmaxKlDivergence is the divergence of the softmaxes, never negative, and 0 for equals", () =>
    holds((sample) => {
      const { z, other, shape } = sample;
      const [p, q] = both(sample);
      const { loss } = softmaxKlDivergence(other, z, { shape, reduction: "none" });
      near(loss, klDivergence(p, q, { shape }), 120);
      expect(loss.every((value) => value >= 0)).toBe(true);
      expect(softmaxKlDivergence(z, z, { shape, reduction: "sum" }).loss).toBe(0);
    }));

  it("binaryCrossEntropy of sigmoid(x) is sigmoidCrossEntropy of x", () =>
    holds(({ z, labels }) => {
      const x = z.slice(0, labels.length).map((value) => value / 10);
      const t = labels.map((label) => label / 5);
      near(binaryCrossEntropy(sigmoid(x), t), sigmoidCrossEntropy(x, t, { reduction: "none" }).loss, 10);
    }));
});
