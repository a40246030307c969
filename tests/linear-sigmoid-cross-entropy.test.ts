import { expect, it } from "vitest";
import { checked } from "../src/check.js";
import * as reference from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { linearProblem, logitsOf } from "./support/linear.js";
import { normal } from "./support/samples.js";

const SIZES = [
  [1, 1, 1],
  [7, 5, 1],
  [4, 64, 8],
  [9, 65, 13],
  [65, 3, 65],
  [2, 4, 2049],
  [513, 2, 1],
] as const;

describeEachBackend("linearSigmoidCrossEntropy", (backend) => {
  it.each(SIZES)("is what the reference has, N = %d, D = %d, C = %d", (n, depth, count) => {
    const { features, weights, bias, targets, shape } = linearProblem(n, depth, count);
    const k = checked(backend.k);
    const w = { data: weights, shape: [count, depth] };
    const each = normal(n * count, 3);
    for (const given of [
      {},
      { reduction: "none", gradOutput: each },
      { reduction: "sum", labelSmoothing: 0.1, gradOutput: 2 },
      { posWeight: 3, elementWeights: each.map(Math.abs) },
    ] as const) {
      k.linearSigmoidCrossEntropy(features, w, targets, { ...given, shape, bias, grad: true });
    }
    const into = { weights: normal(count * depth, 7), bias: normal(count, 8) };
    k.linearSigmoidCrossEntropy(features, w, targets, { shape, grad: into, accumulate: true });
    k.linearSigmoidCrossEntropy(features, w, targets, { shape });
  });

  it("has the losses of sigmoidCrossEntropy for its logits, bit for bit", () => {
    if (backend.name === "relaxed") return;
    const problem = linearProblem(5, 70, 2050);
    const { features, weights, bias, targets, shape } = problem;
    const logits = logitsOf(problem);
    const options = { reduction: "none" } as const;
    const { loss } = backend.k.linearSigmoidCrossEntropy(features, weights, targets, { ...options, shape, bias });
    expect(loss).toEqual(backend.k.sigmoidCrossEntropy(logits, targets, options).loss);
  });

  it("with one class is logistic regression: softmax with the other class's logit fixed at 0", () => {
    const { features, weights, shape } = linearProblem(20, 3, 1);
    const labels = Int32Array.from({ length: 20 }, (_, i) => i % 2);
    const logistic = backend.k.linearSigmoidCrossEntropy(features, weights, Float32Array.from(labels), {
      shape,
      grad: true,
    });
    const both = Float32Array.of(0, 0, 0, ...weights);
    const softmax = backend.k.linearSoftmaxCrossEntropy(features, both, labels, { shape, grad: true });
    expect(softmax.loss).toBeCloseTo(logistic.loss, 6);
    logistic.grad.weights.forEach((g, d) => {
      expect(softmax.grad.weights[3 + d]).toBeCloseTo(g, 6);
    });
  });

  it("takes integer targets, and weights that lie in the kernels' memory before the call makes that grow", () => {
    const k = backend.open();
    const { features, weights, shape } = linearProblem(300, 20, 6);
    const targets = Uint8Array.from({ length: 1800 }, (_, i) => i % 2);
    const elementWeights = normal(1800, 2).map(Math.abs);
    const u = k.alloc([300, 6]).set(elementWeights);
    const options = { shape, grad: true } as const;
    const given = targets as unknown as Float32Array;
    const result = k.linearSigmoidCrossEntropy(features, weights, given, { ...options, elementWeights: u });
    const w = { data: weights, shape: [6, 20] };
    const t = { data: Float32Array.from(targets), shape: [300, 6] };
    const truth = reference.linearSigmoidCrossEntropy(features, w, t, {
      ...options,
      elementWeights: { data: elementWeights, shape: [300, 6] },
    });
    expect(result.loss).toBeCloseTo(truth.loss, 5);
    result.grad.weights.forEach((g, i) => {
      expect(g).toBeCloseTo(truth.grad.weights[i], 5);
    });
  });

  it("takes targets in all that holds labels, with the bits of floats", () => {
    const k = backend.open();
    const { features, weights, shape } = linearProblem(30, 5, 3);
    const floats = Float32Array.from({ length: 90 }, (_, i) => i % 2);
    const options = { shape, grad: true } as const;
    const expected = k.linearSigmoidCrossEntropy(features, weights, floats, options);
    const resident = k.alloc([30, 3], { dtype: "int32" }).set(floats);
    for (const targets of [resident, [...floats], BigInt64Array.from(Array.from(floats, BigInt)), resident.data]) {
      expect(k.linearSigmoidCrossEntropy(features, weights, targets, options)).toEqual(expected);
    }
  });

  it("clears or leaves the gradient to the features where there is no class", () => {
    const w = { data: new Float32Array(0), shape: [0, 3] };
    const call = (accumulate: boolean) => {
      const grad = { features: Float32Array.of(1, 2, 3, 4, 5, 6) };
      const targets = new Float32Array(0);
      backend.k.linearSigmoidCrossEntropy(new Float32Array(6), w, targets, { shape: [2, 3], grad, accumulate });
      return grad.features;
    };
    expect(call(true)).toEqual(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(call(false)).toEqual(new Float32Array(6));
  });
});
