import { Tensor } from "onnxruntime-common";
import { describe, expect, it } from "vitest";
import { checked } from "../../src/check.js";
import { DtypeError, ShapeError } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits } from "../support/ulp.js";
import { type Operand, optionsOf, run } from "./support/operation.js";
import { NAMED_OPERATIONS } from "./support/operations.js";

const LAYOUT = { shape: [2, 3, 4], axis: 1 };
const POSITIONS = [2, 4];

/** The ways in which an operand comes with its shape. */
const FORMS: readonly (readonly [string, (data: Float32Array | Int32Array, shape: readonly number[]) => unknown])[] = [
  ["an object with data and shape", (data, shape) => ({ data, shape })],
  ["an object with data and dims", (data, shape) => ({ data, dims: shape })],
  ["an object with data, and both dims and more", (data, dims) => ({ data, dims, type: "float32", size: data.length })],
  ["an object whose shape is typed", (data, shape) => ({ data, shape: Int32Array.from(shape) })],
  [
    "an object of a class with getters",
    (data, shape) =>
      new (class {
        get data() {
          return data;
        }
        get dims() {
          return shape;
        }
      })(),
  ],
  [
    "a Tensor of ONNX Runtime",
    (data, shape) =>
      data instanceof Float32Array ? new Tensor("float32", data, shape) : new Tensor("int32", data, shape),
  ],
];

function shapeOf(operand: Operand): readonly number[] {
  return operand instanceof Int32Array ? POSITIONS : LAYOUT.shape;
}

describeEachBackend("operands that bring their shape along", (backend) => {
  describe.each(NAMED_OPERATIONS)("%s takes", (_, operation) => {
    const operands = operation.operands(LAYOUT, 71);
    const { shape, ...options } = optionsOf(operation, operation.variants[0], LAYOUT);

    it.each(FORMS)("%s", (_, form) => {
      const expected = run(backend.k, operation, operands, { shape, ...options });
      const given = operands.map((operand) =>
        typeof operand === "number" ? operand : form(operand, shapeOf(operand)),
      );
      const got = run(backend.k, operation, given, options);
      for (const [name, values] of Object.entries(expected)) expectSameBits(got[name], values, name);
    });
  });

  it("takes a model's output, whose type leaves the dtype open, and says so where that is wrong", () => {
    const output: Readonly<Record<string, Tensor>> = {
      logits: new Tensor("float32", Float32Array.of(1, 2, 3, 6), [2, 2]),
      labels: new Tensor("int64", BigInt64Array.of(1n, 0n), [2]),
    };
    const { loss } = backend.k.softmaxCrossEntropy(output.logits, output.labels);
    expect(loss).toBe(backend.k.softmaxCrossEntropy(Float32Array.of(1, 2, 3, 6), [1, 0], { shape: [2, 2] }).loss);
    expect(() => backend.k.softmax(output.labels)).toThrow(DtypeError);
  });

  it("takes int64 targets of each element, and takes no float16 for them", () => {
    const x = new Tensor("float32", Float32Array.of(1, 2, 3, 6), [2, 2]);
    const targets = new Tensor("int64", BigInt64Array.of(1n, 0n, 0n, 1n), [2, 2]);
    const expected = backend.k.sigmoidCrossEntropy(x, Float32Array.of(1, 0, 0, 1), { grad: true });
    expect(backend.k.sigmoidCrossEntropy(x, targets, { grad: true })).toEqual(expected);
    // The bits of 1 and 0, as ONNX Runtime has them where there is no Float16Array.
    const half = { data: Uint16Array.of(0x3c00, 0, 0, 0x3c00), dims: [2, 2], type: "float16" };
    expect(() => backend.k.sigmoidCrossEntropy(x, half)).toThrow(DtypeError);
    const linear = () => backend.k.linearSigmoidCrossEntropy(x, Float32Array.of(1, 0, 0, 1), half);
    expect(linear).toThrow(DtypeError);
    expect(linear).toThrow(/targets\.data\), float16 by a Float16Array/);
  });

  it("takes int64 labels, as PyTorch exports them", () => {
    const x = new Tensor("float32", Float32Array.of(1, 2, 3, 6, 5, 4), [2, 3]);
    const labels = new Tensor("int64", BigInt64Array.of(2n, -100n), [2]);
    const expected = backend.k.softmaxCrossEntropy(x, [2, -100], { grad: true });
    expect(backend.k.softmaxCrossEntropy(x, labels, { grad: true })).toEqual(expected);
    expect(backend.k.nllLoss(x, labels).loss).toBe(-3);
  });

  it("takes the shape [1] for what there is one of: labels and weights of a flat row", () => {
    const { k } = backend;
    const x = Float32Array.of(1, 2, 3);
    const expected = k.softmaxCrossEntropy(x, [2]).loss;
    const resident = k.alloc([1], { dtype: "int32" }).set([2]);
    const sampleWeights = { data: Float32Array.of(2), dims: [1] };
    for (const kernels of [k, checked(k)]) {
      for (const labels of [new Tensor("int64", BigInt64Array.of(2n), [1]), resident]) {
        expect(kernels.softmaxCrossEntropy(x, labels).loss).toBe(expected);
        expect(kernels.softmaxCrossEntropy(x, labels, { sampleWeights }).loss).toBe(expected);
        expect(kernels.nllLoss(x, labels, { sampleWeights }).loss).toBe(-3);
      }
    }
    resident.free();
    expect(() => k.softmaxCrossEntropy(x, { data: [2], shape: [1, 1] })).toThrow(ShapeError);
  });

  it("takes bool and uint8 targets", () => {
    const x = new Tensor("float32", Float32Array.of(1, -2, 3), [3]);
    const expected = backend.k.sigmoidCrossEntropy(x, Float32Array.of(1, 0, 1));
    expect(backend.k.sigmoidCrossEntropy(x, new Tensor("uint8", Uint8Array.of(1, 0, 1), [3]) as never)).toEqual(
      expected,
    );
    expect(backend.k.sigmoidCrossEntropy(x, new Tensor("bool", Uint8Array.of(1, 0, 1), [3]) as never)).toEqual(
      expected,
    );
  });

  it("gives results that make a tensor of the same shape", () => {
    const x = new Tensor("float32", Float32Array.of(1, 2, 3, 6, 5, 4), [2, 3]);
    const once: Float32Array = backend.k.softmax(x);
    const p = new Tensor("float32", once, x.dims);
    expectSameBits(backend.k.softmax(p), backend.k.softmax(once, { shape: [2, 3] }), "softmax twice");
  });
});
