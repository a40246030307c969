import { expect, it } from "vitest";
import { checked } from "../src/check.js";
import * as reference from "../src/reference/index.js";
import { gradientCheck } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { dot, linearProblem, logitsOf } from "./support/linear.js";
import { normal } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

/** Positions, depth, classes: around every size at which something is cut. */
const SIZES = [
  [1, 1, 1],
  [2, 3, 2],
  [3, 4, 7],
  [4, 5, 8],
  [5, 8, 9],
  [7, 63, 12],
  [8, 64, 15],
  [9, 65, 16],
  [12, 129, 17],
  [63, 7, 65],
  [64, 9, 64],
  [65, 16, 33],
  [3, 2, 255],
  [3, 2, 256],
  [5, 3, 257],
  [2, 5, 2047],
  [2, 5, 2048],
  [3, 5, 2049],
  [2, 3, 4500],
  [511, 2, 3],
  [513, 2, 5],
  [513, 8, 5],
] as const;

const OPTIONS = [
  {},
  { reduction: "sum", labelSmoothing: 0.1 },
  { reduction: "none", gradOutput: -1.5, zLoss: 0.01 },
  { softcap: 5, temperature: 0.5 },
  { weighted: true, labelSmoothing: 0.2 },
  { ignoreIndex: 1, correct: true, logSumExp: true },
] as const;

describeEachBackend("linearSoftmaxCrossEntropy", (backend) => {
  it.each(SIZES)("is what the reference has, N = %d, D = %d, C = %d", (n, depth, count) => {
    if (!backend.affords(n * depth * count)) return;
    const { features, weights, bias, labels, targets, shape } = linearProblem(n, depth, count);
    const k = checked(backend.k);
    const w = { data: weights, shape: [count, depth] };
    for (const given of OPTIONS) {
      const { weighted, ...named } = { weighted: false, ...given };
      const byWeight = weighted && {
        classWeights: normal(count, 1).map(Math.abs),
        sampleWeights: normal(n, 2).map(Math.abs),
      };
      const options = { ...named, ...(byWeight || {}), shape, bias, grad: true };
      k.linearSoftmaxCrossEntropy(features, w, labels, options);
      if (!("correct" in given)) k.linearSoftmaxCrossEntropy(features, w, targets, options);
    }
    k.linearSoftmaxCrossEntropy(features, w, labels, { shape });
  });

  it("has the loss of softmaxCrossEntropy for its logits, bit for bit, and the products' order of additions", () => {
    if (backend.name === "relaxed") return;
    const { k } = backend;
    for (const [n, depth, count] of [
      [5, 70, 9],
      [3, 5, 2100],
      [9, 130, 33],
      // Features that are packed for the gradient of the weights and ones that aren't, in several blocks of 64.
      [150, 72, 16],
      [150, 72, 17],
      [150, 70, 16],
      [70, 8, 1],
    ] as const) {
      const problem = linearProblem(n, depth, count);
      const { features, weights, bias, labels, shape } = problem;
      const logits = logitsOf(problem);
      const { loss, grad } = k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, bias, grad: true });
      const expected = k.softmaxCrossEntropy(logits, labels, { shape: [n, count], grad: true });
      expect(loss).toBe(expected.loss);
      const g = expected.grad;
      const byWeights = Array.from(weights, (_, i) => {
        const [c, d] = [Math.floor(i / depth), i % depth];
        return dot(
          n,
          (row) => g[row * count + c],
          (row) => features[row * depth + d],
        );
      });
      const byFeatures = Array.from(features, (_, i) => {
        const [row, d] = [Math.floor(i / depth), i % depth];
        return dot(
          count,
          (c) => g[row * count + c],
          (c) => weights[c * depth + d],
        );
      });
      expect([...grad.weights]).toEqual(byWeights);
      expect([...grad.features]).toEqual(byFeatures);
    }
  });

  it("agrees with central differences of the reference's loss to 1e-5", () => {
    const { features, weights, bias, labels, shape } = linearProblem(5, 4, 6);
    const w = (data: Float32Array | Float64Array) => ({ data, shape: [6, 4] });
    const { grad } = backend.k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, bias, grad: true });
    const loss = (x: Float64Array | Float32Array, v: Float64Array | Float32Array, b: Float64Array | Float32Array) =>
      reference.linearSoftmaxCrossEntropy(x, w(v as Float64Array), labels, { shape, bias: b }).loss;
    const errors = [
      gradientCheck((x) => ({ loss: loss(x, weights, bias), grad: grad.features }), features),
      gradientCheck((v) => ({ loss: loss(features, v, bias), grad: grad.weights }), weights),
      gradientCheck((b) => ({ loss: loss(features, weights, b), grad: grad.bias }), bias),
    ];
    for (const { maxError } of errors) expect(maxError).toBeLessThan(1e-5);
  });

  it("takes features of more axes, resident operands, tensors and no bias", () => {
    const { k } = backend;
    const { features, weights, labels } = linearProblem(6, 5, 7);
    const expected = k.linearSoftmaxCrossEntropy(features, weights, labels, { shape: [6, 5], grad: true });
    const x = k.alloc([2, 3, 5]).set(features);
    const w = k.alloc([7, 5]).set(weights);
    const y = k.alloc([2, 3], { dtype: "int32" }).set(labels);
    const into = { features: k.alloc([2, 3, 5]), weights: k.alloc([7, 5]), bias: k.alloc([7]) };
    const resident = k.linearSoftmaxCrossEntropy(x, w, y, { grad: into });
    expect(resident.loss).toBe(expected.loss);
    for (const name of ["features", "weights", "bias"] as const) {
      expect(resident.grad[name]).toBe(into[name]);
      expect(into[name].toArray(), name).toEqual(expected.grad[name]);
    }
    const tensor = k.linearSoftmaxCrossEntropy(
      { data: features, dims: [6, 5] },
      { data: weights, dims: [7, 5] },
      labels,
    );
    expect(tensor.loss).toBe(expected.loss);
    for (const batch of [x, w, y, ...Object.values(into)]) batch.free();
  });

  it("returns the gradients that are asked for and no others, with the same bits", () => {
    const { features, weights, labels, shape } = linearProblem(9, 6, 11);
    const all = backend.k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, grad: true }).grad;
    for (const name of ["features", "weights", "bias"] as const) {
      const { grad } = backend.k.linearSoftmaxCrossEntropy(features, weights, labels, {
        shape,
        grad: { [name]: true },
      });
      expect(grad).toEqual({ [name]: all[name] });
    }
    expect(backend.k.linearSoftmaxCrossEntropy(features, weights, labels, { shape })).not.toHaveProperty("grad");
    expect(backend.k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, grad: {} })).not.toHaveProperty(
      "grad",
    );
  });

  // Of one tile of classes, and of several in several groups of positions.
  it.each([
    [9, 6, 11],
    [70, 16, 11],
    [513, 2, 257],
  ])("adds to given gradients with accumulate, in resident and foreign arrays: N = %i, D = %i, C = %i", (...sizes) => {
    const { k } = backend;
    const { features, weights, labels, shape } = linearProblem(...sizes);
    const call = (grad: object, accumulate: boolean) =>
      k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, grad, accumulate });
    const fresh = k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, grad: true }).grad;
    for (const name of ["features", "weights", "bias"] as const) {
      const foreign = normal(fresh[name].length, 5);
      const resident = k.alloc([foreign.length]).set(foreign);
      const before = foreign.slice();
      call({ [name]: foreign }, true);
      call({ [name]: resident }, true);
      expect(resident.toArray()).toEqual(foreign);
      foreign.forEach((value, i) => {
        expect(Math.abs(value - before[i] - fresh[name][i])).toBeLessThan(1e-6);
      });
      call({ [name]: foreign }, false);
      expect(foreign).toEqual(fresh[name]);
      resident.free();
    }
  });

  it.each([1, 9])("sums gradients of one sign over many positions without losing digits, D = %i", (depth) => {
    if (backend.name === "js") return;
    const n = 300_000;
    const features = new Float32Array(n * depth).fill(1);
    const weights = new Float32Array(2 * depth).fill(0.5, depth);
    const options = { shape: [n, depth], grad: true } as const;
    const { grad } = backend.k.linearSoftmaxCrossEntropy(features, weights, new Int32Array(n), options);
    const p = 1 / (1 + Math.exp(-depth / 2));
    expectWithin(4, grad.bias, [-p, p], "bias");
    expectWithin(
      16,
      grad.weights,
      Array.from(grad.weights, (_, i) => (i < depth ? -p : p)),
      "weights",
    );
  });

  it.each([
    [1030, 700, 200],
    [1024, 16, 12_000],
  ])("adds large gradients of 512 positions and more in float32: N = %i, D = %i, C = %i", (n, depth, count) => {
    if (backend.name !== "simd") return;
    const { features, weights, labels, shape } = linearProblem(n, depth, count);
    const whole = backend.k.linearSoftmaxCrossEntropy(features, weights, labels, {
      shape,
      reduction: "sum",
      grad: true,
    });
    const grad = { weights: new Float32Array(count * depth) };
    for (let from = 0; from < n; from += 512) {
      const [x, y] = [features.subarray(from * depth, (from + 512) * depth), labels.subarray(from, from + 512)];
      backend.k.linearSoftmaxCrossEntropy(x, weights, y, {
        shape: [y.length, depth],
        reduction: "sum",
        grad,
        accumulate: true,
      });
    }
    expectSameBits(grad.weights, whole.grad.weights, "weights");
  });

  it("gives each of several groups of positions its own gradient, and weights their sum, in every tile of classes", () => {
    const [n, depth, count] = [513, 2, 257];
    const { features, weights, labels, shape } = linearProblem(n, depth, count);
    const of = (from: number, to: number) =>
      backend.k.linearSoftmaxCrossEntropy(
        features.subarray(from * depth, to * depth),
        weights,
        labels.subarray(from, to),
        { shape: [to - from, depth], reduction: "sum", grad: true },
      ).grad;
    const [first, last] = [of(0, 512), of(512, n)];
    const { grad } = backend.k.linearSoftmaxCrossEntropy(features, weights, labels, {
      shape,
      reduction: "sum",
      grad: true,
    });
    expectSameBits(grad.features, Float32Array.of(...first.features, ...last.features), "features");
    grad.weights.forEach((value, i) => {
      expect(Math.abs(value - first.weights[i] - last.weights[i])).toBeLessThan(1e-5);
    });
  });

  it("clears or leaves gradients where there is no position", () => {
    const bias = Float32Array.of(1, 2);
    const call = (accumulate: boolean) =>
      backend.k.linearSoftmaxCrossEntropy(new Float32Array(0), new Float32Array(6), [], {
        shape: [0, 3],
        grad: { weights: true, bias },
        accumulate,
      });
    expect(call(true).grad.bias).toEqual(Float32Array.of(1, 2));
    const { loss, grad } = call(false);
    expect(loss).toBeNaN();
    expect(grad).toEqual({ weights: new Float32Array(6), bias: new Float32Array(2) });
  });

  it("takes features of no length: the logits are the bias", () => {
    const bias = Float32Array.of(1, 2, 3);
    const w = { data: new Float32Array(0), shape: [3, 0] };
    const options = { shape: [2, 0], bias, grad: true } as const;
    const { loss, grad } = backend.k.linearSoftmaxCrossEntropy(new Float32Array(0), w, [0, 2], options);
    const two = Float32Array.of(1, 2, 3, 1, 2, 3);
    const expected = backend.k.softmaxCrossEntropy(two, [0, 2], { shape: [2, 3], grad: true });
    expect(loss).toBe(expected.loss);
    expect(grad.weights.length).toBe(0);
    grad.bias.forEach((g, c) => {
      expect(g).toBeCloseTo(expected.grad[c] + expected.grad[c + 3], 6);
    });
  });

  it("gives its memory back, and takes less than 16 MiB whatever the number of classes", () => {
    if (backend.name !== "simd") return;
    const k = backend.open();
    const { features, weights, labels, shape } = linearProblem(512, 4, 30_000);
    const { used } = k.memory;
    k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, softcap: 9, labelSmoothing: 0.1, grad: true });
    expect(k.memory.used).toBe(used);
    expect(k.memory.reserved).toBeLessThan(16 * 2 ** 20);
  });

  it("reads labels and weights that lie in the kernels' memory before the call makes that grow", () => {
    const k = backend.open();
    const { features, weights, labels, shape } = linearProblem(300, 40, 9);
    const sampleWeights = normal(300, 1).map(Math.abs);
    const expected = k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, sampleWeights, grad: true });
    const other = backend.open();
    const y = other.alloc([300], { dtype: "int32" }).set(labels);
    const v = other.alloc([300]).set(sampleWeights);
    const result = other.linearSoftmaxCrossEntropy(features, weights, y, { shape, sampleWeights: v, grad: true });
    expect(result.loss).toBe(expected.loss);
    expect(result.grad).toEqual(expected.grad);
  });
});
