import { expect, it } from "vitest";
import {
  DtypeError,
  LabelError,
  OptionError,
  OutputError,
  OverlapError,
  ShapeError,
  WeightError,
  XentropyError,
} from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { linearProblem } from "./support/linear.js";

describeEachBackend("bad input to a linear loss", (backend) => {
  const { features, weights, bias, labels, targets, shape } = linearProblem(4, 3, 5);
  const softmax =
    (options: object, [x, w, y]: unknown[] = [features, weights, labels]) =>
    () =>
      backend.k.linearSoftmaxCrossEntropy(x as Float32Array, w as Float32Array, y as Int32Array, { shape, ...options });
  const sigmoid =
    (options: object, [x, w, y]: unknown[] = [features, weights, targets]) =>
    () =>
      backend.k.linearSigmoidCrossEntropy(x as Float32Array, w as Float32Array, y as Float32Array, {
        shape,
        ...options,
      });

  it.each([
    ["softmax", softmax],
    ["sigmoid", sigmoid],
  ] as const)("operands and outputs, %s", (name, call) => {
    const y = name === "softmax" ? labels : targets;
    expect(call({}, [features, weights.subarray(1), y])).toThrow(ShapeError);
    expect(call({}, [features, { data: weights, shape: [3, 5] }, y])).toThrow(ShapeError);
    expect(call({}, [features, { data: weights, shape: [5, 3, 1] }, y])).toThrow(ShapeError);
    expect(call({ shape: [4, 4] })).toThrow(ShapeError);
    expect(call({ shape: [] })).toThrow(XentropyError);
    expect(call({}, [new Float64Array(12), weights, y])).toThrow(DtypeError);
    expect(call({}, [features, [1, 2, 3], y])).toThrow(DtypeError);
    expect(call({}, [features, weights, y.subarray(1)])).toThrow(ShapeError);
    expect(call({ bias: new Float32Array(4) })).toThrow(ShapeError);
    expect(call({ bias: [1, 2, 3, 4, 5] })).toThrow(DtypeError);
    expect(call({ axis: 1 })).toThrow(OptionError);
    expect(call({ grad: new Float32Array(20) })).toThrow(OptionError);
    expect(call({ grad: { weight: true } })).toThrow("grad.weight");
    expect(call({ grad: { weights: new Float32Array(14) } })).toThrow(OutputError);
    expect(call({ grad: { weights: new Float64Array(15) } })).toThrow(DtypeError);
    expect(call({ grad: { weights: 1 } })).toThrow(DtypeError);
    expect(call({ accumulate: true })).toThrow(OptionError);
    expect(call({ accumulate: true, grad: true })).toThrow(OptionError);
    expect(call({ accumulate: 1, grad: { bias: bias.slice() } })).toThrow(OptionError);
    expect(call({ labelSmoothing: 2 })).toThrow(OptionError);
    expect(call({ gradOutput: new Float32Array(4) })).toThrow(WeightError);
  });

  it.each([
    ["softmax", softmax],
    ["sigmoid", sigmoid],
  ] as const)("gradients that share memory with an input or with each other, %s", (_name, call) => {
    const grads = { features, weights, bias };
    for (const [name, array] of Object.entries(grads)) {
      expect(call({ bias, grad: { [name]: array } }), name).toThrow(OverlapError);
    }
    const both = new Float32Array(20);
    expect(call({ grad: { weights: both.subarray(0, 15), bias: both.subarray(14, 19) } })).toThrow(OverlapError);
    expect(call({ grad: { weights: both.subarray(0, 15), bias: both.subarray(15) } })).not.toThrow();
  });

  it("but no array without numbers shares memory", () => {
    const x = Float32Array.of(1, 2, 3, 4, 5, 6);
    const { k } = backend;
    const none = new Float32Array(0);
    const weights = x.subarray(2, 2);
    expect(k.linearSigmoidCrossEntropy(x, none, none, { shape: [3, 2], grad: { weights } }).grad).toEqual({ weights });
    const features = x.subarray(3, 3);
    expect(k.linearSigmoidCrossEntropy(none, x, none, { shape: [0, 2], grad: { features } }).grad).toEqual({
      features,
    });
  });

  it("more classes without features than can be gone through", () => {
    const x = { data: new Float32Array(0), shape: [1, 0] };
    const w = (classes: number) => ({ data: new Float32Array(0), shape: [classes, 0] });
    expect(() => backend.k.linearSoftmaxCrossEntropy(x, w(2 ** 24 + 1), [0])).toThrow(ShapeError);
    expect(() => backend.k.linearSoftmaxCrossEntropy(x, w(2 ** 52), [0])).toThrow(ShapeError);
    expect(backend.k.linearSoftmaxCrossEntropy(x, w(5), [0]).loss).toBeCloseTo(Math.log(5));
  });

  it("tensors whose data is the tensor", () => {
    const own: { data?: object; shape: number[] } = { shape: [4, 3] };
    own.data = own;
    for (const operands of [
      [own, weights, labels],
      [features, own, labels],
      [features, weights, own],
    ]) {
      expect(softmax({}, operands)).toThrow(DtypeError);
    }
    expect(softmax({ bias: own })).toThrow(DtypeError);
    expect(softmax({ grad: { weights: own } })).toThrow(DtypeError);
  });

  it("labels, targets and the options of one of them", () => {
    expect(softmax({}, [features, weights, [0, 1, 5, 2]])).toThrow(LabelError);
    expect(softmax({ classWeights: [1, 2] })).toThrow(WeightError);
    expect(softmax({ sampleWeights: [1, 2, 3, -4] })).toThrow(WeightError);
    expect(softmax({ correct: true }, [features, weights, targets])).toThrow(OptionError);
    expect(softmax({ softcap: 0 })).toThrow(OptionError);
    expect(softmax({ zLoss: -1 })).toThrow(OptionError);
    expect(softmax({ state: 1 })).toThrow(OptionError);
    expect(softmax({ grad: { weights: targets.subarray(0, 15) } }, [features, weights, targets])).toThrow(OverlapError);
    expect(sigmoid({ posWeight: -1 })).toThrow(WeightError);
    expect(sigmoid({ elementWeights: new Float32Array(7) })).toThrow(WeightError);
    expect(sigmoid({ zLoss: 1 })).toThrow(OptionError);
  });

  it("leaves the outputs as they were and keeps no memory", () => {
    const grad = { weights: new Float32Array(15).fill(7) };
    const { used } = backend.k.memory;
    expect(softmax({ grad, sampleWeights: [1] })).toThrow(WeightError);
    expect(sigmoid({ grad, posWeight: [1, 2] })).toThrow(WeightError);
    expect(grad.weights).toEqual(new Float32Array(15).fill(7));
    expect(backend.k.memory.used).toBe(used);
  });

  it("memory that can't be had", () => {
    const k = backend.open({ maximumMemory: 2 ** 21 });
    const { used } = k.memory;
    const large = linearProblem(512, 200, 9);
    expect(() =>
      k.linearSoftmaxCrossEntropy(large.features, large.weights, large.labels, { shape: large.shape }),
    ).toThrow("can't be had");
    expect(k.memory.used).toBe(used);
  });
});
