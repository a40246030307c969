import { expect, it } from "vitest";
import { ShapeError, type Xentropy, XentropyError } from "../src/index.js";
import { OPERATIONS } from "./operations/support/operations.js";
import { BACKENDS, describeEachBackend } from "./support/backends.js";
import { classes, normal, spread } from "./support/samples.js";
import { expectSameBits } from "./support/ulp.js";

const [simd] = BACKENDS;

/** Whether the engine has a little more memory than 2 GiB, asked of itself. */
function hasMemory(): boolean {
  try {
    return new WebAssembly.Memory({ initial: 33_000 }).buffer.byteLength > 2 ** 31;
  } catch {
    return false;
  }
}

it("batches beyond 2 GiB of kernel memory are used where they lie", (test) => {
  if (!hasMemory()) test.skip("the engine has not so much memory");
  const k = simd.open();
  k.alloc([2 ** 29]);
  const x = Float32Array.of(1, 2, 3, 6, 5, 4);
  const z = k.alloc([2, 3]);
  expect(z.data.byteOffset).toBeGreaterThan(2 ** 31);
  z.set(x);
  const labels = k.alloc([2], { dtype: "int32" }).set([2, 0]);
  expectSameBits(k.softmax(z), simd.k.softmax(x, { shape: [2, 3] }), "input");
  expectSameBits(k.softmax(x, { shape: [2, 3], out: k.alloc([2, 3]) }), simd.k.softmax(x, { shape: [2, 3] }), "output");
  const { loss } = k.softmaxCrossEntropy(z, labels, { grad: z });
  const expected = simd.k.softmaxCrossEntropy(x, [2, 0], { shape: [2, 3], grad: true });
  expect(loss).toBe(expected.loss);
  expectSameBits(z, expected.grad, "gradient in place");
});

describeEachBackend("a call on memory that is full", (backend) => {
  // A kernel takes 524288 columns of a row at once.
  const length = 530_000;

  it("needs no more of it, whatever the row's length", () => {
    const x = normal(length, 1);
    const weights = spread(length, 2, 0.5, 2);
    const labels = classes(1, length, 3);
    const k = backend.open();
    const z = k.alloc([1, length]).set(x);
    const classWeights = k.alloc([length]).set(weights);
    const to = k.alloc([1, length]);
    const expected = backend.k.softmaxCrossEntropy(x, labels, {
      classWeights: weights,
      grad: true,
      shape: [1, length],
    });
    fill(k);
    const { reserved } = k.memory;
    const { loss } = k.softmaxCrossEntropy(z, labels, { classWeights, grad: to });
    expect(loss).toBe(expected.loss);
    expectSameBits(to, expected.grad, "gradient");
    expect(k.memory.reserved).toBe(reserved);
  });

  it("writes to the data of a resident batch, which stays alive", () => {
    const x = normal(length, 4);
    const k = backend.open();
    const { data } = k.alloc([length]);
    fill(k);
    expect(k.softmax(x, { out: data })).toBe(data);
    expectSameBits(data, backend.k.softmax(x), "softmax");
    const { values } = k.topK(x, 2, { shape: [1, length] });
    expectSameBits(values, backend.k.topK(x, 2).values, "topK");
  });

  /** Allocates all but 64 bytes of the memory that there is. */
  function fill(k: Xentropy): void {
    const { data } = k.alloc([4]);
    k.alloc([(k.memory.reserved - data.byteOffset - data.byteLength - 64) / 4]);
  }
});

describeEachBackend("sizes that can't be had", (backend) => {
  it("are errors of the package: as many positions as no array holds, of no class each", () => {
    const none = new Float32Array(0);
    const shape = [2 ** 40, 0];
    expect(() => backend.k.logSumExp(none, { shape })).toThrow(XentropyError);
    expect(() => backend.k.softmaxCrossEntropy(none, none, { shape, reduction: "none" })).toThrow(XentropyError);
  });

  it("are more than 2^24 positions without classes, where those would be gone through", () => {
    const none = new Float32Array(0);
    expect(backend.k.softmax(none, { shape: [2 ** 24, 0] })).toHaveLength(0);
    expect(() => backend.k.softmax(none, { shape: [2 ** 24 + 1, 0] })).toThrow(ShapeError);
  });

  it.each([[[2 ** 40, 0]], [[2 ** 50, 2 ** 50, 0]], [[0, 2 ** 50, 2 ** 50]], [[2 ** 40, 0, 2 ** 40]]])(
    "are no trouble where nothing is computed: shape %j",
    (shape) => {
      const none = new Float32Array(0);
      const k = backend.k as unknown as Record<string, (...args: unknown[]) => unknown>;
      for (const { method, works, operands } of OPERATIONS) {
        const [, ...rest] = operands({ shape: [0, 3], axis: -1 }, 1);
        for (const axis of works === "along an axis" ? [0, 1, -1] : [undefined]) {
          try {
            k[method](none, ...rest, axis === undefined ? { shape } : { shape, axis });
          } catch (error) {
            expect(error, `${method}, axis ${axis}`).toBeInstanceOf(XentropyError);
          }
        }
      }
    },
  );
});
