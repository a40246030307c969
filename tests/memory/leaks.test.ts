import { describe, expect, it } from "vitest";
import type { ResidentBatch, Xentropy } from "../../src/index.js";
import { type Operation, optionsOf, run } from "../operations/support/operation.js";
import { NAMED_OPERATIONS } from "../operations/support/operations.js";
import { BACKENDS } from "../support/backends.js";
import { collectGarbage, heapUsed } from "../support/gc.js";
import { THREADS } from "../support/threads.js";

// The wrapper is the same on every backend; simd is the fastest.
const [simd] = BACKENDS;
// With threads every call is shared, which takes several times as long.
const CALLS = THREADS > 1 ? 30_000 : 50_000;
const LAYOUT = { shape: [2, 3], axis: -1 };
/** What may be left on the heap after so many calls: less than an object each. */
const HEAP = 512 * 1024;

const LABELS = new Int32Array(300);

type Prepared = readonly [unknown[], Record<string, unknown>];

/** Operands and an output as they are, or resident. */
function prepare(k: Xentropy, operation: Operation, resident: boolean): Prepared {
  const lay = (value: unknown) => {
    if (!resident || typeof value === "number") return value;
    if (value instanceof Int32Array) return k.alloc([2], { dtype: "int32" }).set(value);
    return k.alloc([2, 3]).set(value as Float32Array);
  };
  const options = { ...optionsOf(operation, operation.variants[0], LAYOUT) };
  if (operation.writes) options[operation.writes] = lay(new Float32Array(6));
  return [operation.operands(LAYOUT, 3).map(lay), options];
}

describe(`${CALLS} calls leave memory as it was`, () => {
  it.each(NAMED_OPERATIONS)("of %s, on foreign and as many on resident batches", (_, operation) => {
    const k = simd.open();
    const calls = [prepare(k, operation, false), prepare(k, operation, true)];
    for (const [operands, options] of calls) for (let i = 0; i < 1000; i++) run(k, operation, operands, options);
    const memory = { ...k.memory };
    const heap = heapUsed();
    for (const [operands, options] of calls) for (let i = 0; i < CALLS; i++) run(k, operation, operands, options);
    expect(k.memory).toEqual(memory);
    expect(heapUsed() - heap).toBeLessThan(HEAP);
  });
});

describe("memory that comes and goes", () => {
  it(`${CALLS} batches, allocated and freed, leave memory as it was`, () => {
    const k = simd.open();
    const memory = { ...k.memory };
    k.alloc([3000]).free();
    const heap = heapUsed();
    for (let i = 0; i < CALLS; i++) {
      const z = k.alloc([1 + (i % 3000)]);
      z.rows(0, 1).free();
      z.free();
    }
    expect(k.memory.used).toBe(memory.used);
    expect(heapUsed() - heap).toBeLessThan(HEAP);
  });

  it("refused calls leave memory as it was", () => {
    const k = simd.open();
    const z = k.alloc([2, 3]);
    const { used } = k.memory;
    for (let i = 0; i < 2000; i++) {
      expect(() => k.softmaxCrossEntropy(z, [0, 3], { grad: z, classWeights: [1, 1, 1] })).toThrow("label");
      expect(() => k.topK(z, 4)).toThrow("k is");
    }
    expect(k.memory.used).toBe(used);
  });
});

describe("a batch that nobody can reach", () => {
  /** Allocates in a frame of its own, so that nothing on the stack holds what it doesn't return. */
  function lose(k: Xentropy, count: number): void {
    for (let i = 0; i < count; i++) k.alloc([1000]).data.fill(1);
  }

  it("is freed by the garbage collector in the end", async () => {
    const k = simd.open();
    const { used } = k.memory;
    lose(k, 50);
    await collectGarbage();
    expect(k.memory.used).toBe(used);
  });

  it("lives as long as one of its views", async () => {
    const k = simd.open();
    const { used } = k.memory;
    const makeView = (): ResidentBatch => k.alloc([10, 100]).rows(3, 5).rows(1, 2);
    const view = makeView();
    await collectGarbage();
    lose(k, 3);
    await collectGarbage();
    expect(k.memory.used).toBe(used + 4000);
    expect(view.toArray()).toEqual(new Float32Array(100));
  });

  it("lives as long as what `data` gave", async () => {
    const k = simd.open();
    const makeData = (): Float32Array => k.alloc([1000]).data.fill(5);
    const data = makeData();
    await collectGarbage();
    lose(k, 3);
    expect(data).toEqual(new Float32Array(1000).fill(5));
    expect(k.softmax(data)).toEqual(new Float32Array(1000).fill(Math.fround(0.001)));
  });

  it("lives as long as what a call returns for its `data`, when memory has grown in that call", async () => {
    const k = simd.open();
    const shape = [300, 64];
    const { reserved } = k.memory;
    const run = () => {
      const grad = { weights: k.alloc([3000, 64]).data };
      return k.linearSoftmaxCrossEntropy(new Float32Array(300 * 64).fill(0.1), new Float32Array(3000 * 64), LABELS, {
        shape,
        grad,
      });
    };
    const { weights } = run().grad;
    const before = weights[0];
    expect(k.memory.reserved).toBeGreaterThan(reserved);
    await collectGarbage();
    k.alloc([3000, 64]).data.fill(7);
    expect(weights[0]).toBe(before);
  });

  it("that was freed by hand isn't freed again, when its memory is another's", async () => {
    const k = simd.open();
    const free = (): void => k.alloc([1000]).free();
    free();
    const other = k.alloc([1000]);
    await collectGarbage();
    expect(other.toArray()).toEqual(new Float32Array(1000));
    const next = k.alloc([1000]);
    expect(next.data.byteOffset).not.toBe(other.data.byteOffset);
  });
});
