import { expect, it } from "vitest";
import type { Labels, Xentropy } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { linearProblem } from "../support/linear.js";
import { expectSameBits } from "../support/ulp.js";

/** Takes all memory that is reserved, so that the next call that takes some makes it grow. */
function fill(k: Xentropy): void {
  const { reserved } = k.memory;
  let last = k.alloc([256]);
  while (k.memory.reserved === reserved) last = k.alloc([256]);
  const rest = k.memory.reserved - last.data.byteOffset - 1024;
  if (rest > 0) k.alloc([rest / 4]);
}

/** Runs a call that must make the memory grow. */
function growing<T>(k: Xentropy, call: () => T): T {
  const { reserved } = k.memory;
  const result = call();
  expect(k.memory.reserved).toBeGreaterThan(reserved);
  return result;
}

/** Fails unless two have the same bits: numbers, arrays, or objects of such. Far faster than toEqual. */
function expectSame(got: unknown, expected: unknown, what = "result"): void {
  if (typeof expected === "number" || expected instanceof Float32Array) {
    expectSameBits(got as typeof expected, expected, what);
    return;
  }
  const [parts, wanted] = [got, expected].map((value) => Object.entries(value as object));
  expect(parts.map(([name]) => name)).toEqual(wanted.map(([name]) => name));
  for (const [i, [name, value]] of wanted.entries()) expectSame(parts[i][1], value, name);
}

const FORMS = ["batch", "data", "tensor"] as const;

/** A copy of an array in the kernels' memory, in any form that an operand has. */
function within<T extends Float32Array | Int32Array>(
  k: Xentropy,
  values: T,
): () => { [form in (typeof FORMS)[number]]: T } {
  const dtype = values instanceof Int32Array ? "int32" : "float32";
  const batch = k.alloc([values.length], { dtype } as { dtype: "float32" }).set(values);
  return () => {
    const data = batch.data as unknown as T;
    return { batch: batch as unknown as T, data, tensor: { data, shape: [values.length] } as unknown as T };
  };
}

describeEachBackend("operands in memory that grows during the call", (backend) => {
  // So many features that a call takes more than a staging tile, of threads too.
  const { features, weights, labels, targets, shape } = linearProblem(4, 24_000, 5);
  const bits = Int32Array.from(targets, (t) => (t > 0.5 ? 1 : 0));
  const classWeights = Float32Array.of(1, 2, 3, 4, 5);
  const sampleWeights = Float32Array.of(1, 0.5, 2, 1);
  const gradOutput = Float32Array.of(3, 1, 0.5, 2);
  const each = Float32Array.from(bits, (_, i) => 1 + (i % 3));

  it.each(FORMS)("linearSoftmaxCrossEntropy, %s", (form) => {
    const k = backend.open();
    const options = { shape, reduction: "none", grad: true } as const;
    const expected = k.linearSoftmaxCrossEntropy(features, weights, labels, {
      ...options,
      classWeights,
      sampleWeights,
      gradOutput,
    });
    const own = backend.open();
    const [w, y, c, s, g] = [weights, labels, classWeights, sampleWeights, gradOutput].map((v) => within(own, v));
    fill(own);
    const view = w().data as Float32Array;
    const result = growing(own, () =>
      own.linearSoftmaxCrossEntropy(features, form === "data" ? view : weights, y()[form] as Int32Array, {
        ...options,
        classWeights: c()[form] as Float32Array,
        sampleWeights: s()[form] as Float32Array,
        gradOutput: g()[form] as Float32Array,
      }),
    );
    expectSame(result, expected);
  });

  it.each(FORMS)("linearSigmoidCrossEntropy, %s", (form) => {
    const k = backend.open();
    const options = { shape, reduction: "none", grad: true } as const;
    const weighted = { ...options, posWeight: classWeights, elementWeights: each, gradOutput: each };
    const expected = k.linearSigmoidCrossEntropy(features, weights, bits, weighted);
    const own = backend.open();
    const [t, c, e] = [bits, classWeights, each].map((v) => within(own, v));
    fill(own);
    const flat = form === "tensor" ? { data: t().data, shape: [4, 5] } : t().data;
    const spread = form === "data" ? e().data : { data: e().data, shape: [4, 5] };
    const result = growing(own, () =>
      own.linearSigmoidCrossEntropy(features, weights, flat as Int32Array, {
        ...options,
        posWeight: c()[form] as Float32Array,
        elementWeights: spread as Float32Array,
        gradOutput: spread as Float32Array,
      }),
    );
    expectSame(result, expected);
  });

  it.each(FORMS)("softmaxCrossEntropy of a shard, %s, for which it doesn't grow", (form) => {
    const k = backend.open();
    const x = Float32Array.from({ length: 20 }, (_, i) => Math.sin(i));
    const options = { shape: [4, 5], reduction: "none", grad: true } as const;
    const weighted = { ...options, classWeights, sampleWeights, gradOutput };
    const expected = k.softmaxCrossEntropy(x, labels, { ...weighted, state: k.logSumExpState(4).add(x) });
    const own = backend.open();
    const state = own.logSumExpState(4).add(x);
    const [y, c, s, g] = [labels, classWeights, sampleWeights, gradOutput].map((v) => within(own, v as Float32Array));
    const place = own.alloc([20]);
    fill(own);
    const { reserved } = own.memory;
    const to = place.data;
    const result = own.softmaxCrossEntropy(x, y()[form] as unknown as Labels, {
      ...options,
      grad: to,
      state,
      classWeights: c()[form],
      sampleWeights: s()[form],
      gradOutput: g()[form],
    });
    expect(own.memory.reserved).toBe(reserved);
    expectSame(result, expected);
    expect(result.grad).toBe(to);
  });

  it("are read from a view whose class has a constructor of its own", () => {
    class Own extends Float32Array<ArrayBufferLike> {
      constructor(of: Float32Array) {
        super(of.buffer, of.byteOffset, of.length);
      }
    }
    const k = backend.open();
    const batch = k.alloc([weights.length]).set(weights);
    fill(k);
    const view = new Own(batch.data);
    const grad = growing(k, () => k.linearSoftmaxCrossEntropy(features, view, labels, { shape, grad: true }).grad);
    expectSame(grad, backend.k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, grad: true }).grad);
  });

  it("gives gradients back themselves where it doesn't grow", () => {
    const k = backend.open();
    const batch = k.alloc([weights.length]);
    // Afterwards there is room for such a call.
    k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, grad: true });
    for (const to of [batch.data, weights.slice()]) {
      const { grad } = k.linearSoftmaxCrossEntropy(features, weights, labels, { shape, grad: { weights: to } });
      expect(grad.weights).toBe(to);
    }
  });

  it("gives gradients back as live views", () => {
    const k = backend.open();
    const options = { shape, grad: true } as const;
    const softmax = k.linearSoftmaxCrossEntropy(features, weights, labels, options).grad;
    const sigmoid = k.linearSigmoidCrossEntropy(features, weights, targets, options).grad;
    const calls: [Float32Array, (own: Xentropy, to: Float32Array) => unknown][] = [
      [
        softmax.weights,
        (own, to) =>
          own.linearSoftmaxCrossEntropy(features, weights, labels, { shape, grad: { weights: to } }).grad.weights,
      ],
      [
        sigmoid.bias,
        (own, to) => own.linearSigmoidCrossEntropy(features, weights, targets, { shape, grad: { bias: to } }).grad.bias,
      ],
    ];
    for (const [expected, call] of calls) {
      const own = backend.open();
      const place = own.alloc([expected.length]);
      fill(own);
      const grad = growing(own, () => call(own, place.data));
      expectSame(grad, expected);
      expectSame(place.data, expected);
    }
  });
});
