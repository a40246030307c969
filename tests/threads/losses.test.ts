import { afterAll, describe, expect, it } from "vitest";
import { linearProblem } from "../support/linear.js";
import { normal, spread } from "../support/samples.js";
import { callShared, openSharing } from "../support/sharing.js";
import { expectSameBits } from "../support/ulp.js";

const { one, threads, k } = await openSharing();
afterAll(() => k.dispose());

describe("losses of few long rows have the bits of one thread", () => {
  it.each([{ labelSmoothing: 0.1 }, { zLoss: 1e-3 }, { correct: true }, { logSumExp: true, labelSmoothing: 0.1 }])(
    "with labels, one of them ignored: %o",
    (options) => {
      const shape = [3, 50_257];
      const x = normal(shape[0] * shape[1], 8, 0, 3);
      // An ignored row whose largest is its first: that is no hit.
      x[50_257] = 50;
      const given = { ...options, shape, grad: true, reduction: "none" } as const;
      const { grad: expectedGrad, ...expected } = one.softmaxCrossEntropy(x, [0, -100, 50_256], given);
      for (let i = 0; i < 10; i++) {
        const { grad, ...got } = k.softmaxCrossEntropy(x, [0, -100, 50_256], given);
        expect(got).toEqual(expected);
        expectSameBits(grad, expectedGrad, "gradient");
      }
    },
  );

  it("with dense targets of one row, smoothed and weighed", () => {
    const shape = [1, 50_257];
    const [x, targets] = [normal(50_257, 1), normal(50_257, 2).map(Math.abs)];
    const options = { shape, labelSmoothing: 0.1, classWeights: normal(50_257, 3).map(Math.abs), grad: true } as const;
    const expected = one.softmaxCrossEntropy(x, targets, options);
    callShared(threads, true, () => {
      const got = k.softmaxCrossEntropy(x, targets, options);
      expect(got.loss).toBe(expected.loss);
      expectSameBits(got.grad, expected.grad, "gradient");
    });
  });
});

it.each(["crossEntropy", "klDivergence", "jensenShannon"] as const)(
  "%s of few long rows, with no gradient, writes nothing over their sums, wherever a row's last part begins",
  (name) => {
    const all = [9, 10].map((seed) => spread(3 * 65_536, seed, 0, 1));
    for (let n = 4095; n < 65_536; n += 2048) {
      const [p, q] = all.map((values) => values.subarray(0, 3 * n));
      const options = { shape: [3, n] };
      expectSameBits(k[name](p, q, options), one[name](p, q, options), `length ${n}`);
    }
  },
);

it("a loss over more blocks than sums are kept of has the bits of one thread", () => {
  const n = 4096 * 2048 + 2051;
  const x = Float32Array.from({ length: n }, (_, i) => (i % 25_013) * 2e-4 - 2.5);
  const t = x.map((value) => (value > 0 ? 1 : 0));
  const expected = one.sigmoidCrossEntropy(x, t, { grad: true });
  const [z, y] = [k.alloc([n]).set(x), k.alloc([n]).set(t)];
  const grad = k.alloc([n]);
  callShared(threads, true, () => {
    expect(k.sigmoidCrossEntropy(z, y, { grad }).loss).toBe(expected.loss);
    expectSameBits(grad, expected.grad, "gradient");
  });
  for (const batch of [z, y, grad]) batch.free();
});

/**
 * Logits that are kept, gradients that are summed until the end, some rows of logits that are lent; and features that aren't
 * packed, more of them than classes and fewer.
 */
describe.each([
  [300, 136, 9],
  [300, 8, 16],
  [37, 70, 5000],
  [1100, 61, 100],
  [10, 5, 37_000],
])("the linear loss, %i × %i × %i, has the bits of one thread", (positions, depth, classes) => {
  const { features, weights, bias, labels, targets, shape } = linearProblem(positions, depth, classes);

  it.each([
    ["targets of each class", targets, { labelSmoothing: 0.1 }],
    ["labels", labels, {}],
  ] as const)("with %s", (_, y, more) => {
    const options = { shape, bias, grad: true, ...more } as const;
    const expected = one.linearSoftmaxCrossEntropy(features, weights, y, options);
    callShared(threads, true, () => {
      const { loss, grad } = k.linearSoftmaxCrossEntropy(features, weights, y, options);
      expect(loss).toBe(expected.loss);
      for (const part of ["features", "weights", "bias"] as const) {
        expectSameBits(grad[part], expected.grad[part], part);
      }
    });
  });
});

it("a factor of −0 is one on every thread: gradients are zeros of the same sign", () => {
  const n = 5 * 2048 + 3;
  const x = normal(n, 11);
  const t = x.map((value) => (value > 0.5 ? 1 : 0));
  const options = { gradOutput: -0, grad: true } as const;
  const labels = new Int32Array(n);
  for (const run of [
    (kernels: typeof one) => kernels.sigmoidCrossEntropy(x, t, options),
    (kernels: typeof one) => kernels.sigmoidFocalLoss(x, t, options),
    (kernels: typeof one) => kernels.softmaxCrossEntropy(x, labels, { ...options, shape: [n, 1] }),
    (kernels: typeof one) => kernels.softmaxCrossEntropy(x, [5], { ...options, shape: [1, n] }),
  ]) {
    const expected = run(one);
    callShared(threads, true, () => expectSameBits(run(k as typeof one).grad, expected.grad, "gradient"));
  }
});

it("nothing to compute is not shared", () => {
  callShared(threads, false, () => {
    const shape = [17, 1, 7, 6, 0];
    const nothing = new Float32Array(0);
    expect(k.logSumExp(nothing, { shape, axis: [-1, 2], temperature: 2 })).toHaveLength(17 * 6);
    expect(k.softmax(nothing, { shape, axis: 1, temperature: 2 })).toHaveLength(0);
    expect(k.sigmoidCrossEntropy(nothing, nothing, { reduction: "sum", posWeight: 2 }).loss).toBe(0);
  });
});
