import { describe, expect, it } from "vitest";
import {
  DtypeError,
  ForeignError,
  FreedError,
  MemoryError,
  type ResidentBatch,
  ShapeError,
  type Xentropy,
  XentropyError,
} from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor, residentBeside } from "./support/calls.js";
import { expectRefused, filled, saying } from "./support/refusals.js";
import { expectSameBits } from "./support/ulp.js";

describeEachBackend("a resident batch", (backend) => {
  it("begins as zeros, also in memory that was used before", () => {
    const { k } = backend;
    const first = k.alloc([10, 10]);
    first.data.fill(7);
    first.free();
    const second = k.alloc([10, 10]);
    expect(second.toArray()).toEqual(new Float32Array(100));
    second.free();
  });

  it("has the shape, length and dtype it was made with, and keeps them", () => {
    const given = [2, 3, 4];
    const z = backend.k.alloc(given);
    given[0] = 9;
    expect([z.shape, z.length, z.dtype, z.data.length]).toEqual([[2, 3, 4], 24, "float32", 24]);
    expect(Object.isFrozen(z.shape)).toBe(true);
    expect(() => Object.assign(z, { length: 40 })).toThrow(TypeError);
    z.free();
    const labels = backend.k.alloc([5], { dtype: "int32" });
    expect([labels.shape, labels.length, labels.dtype]).toEqual([[5], 5, "int32"]);
    expect(labels.data).toBeInstanceOf(Int32Array);
    labels.free();
  });

  it("is set from a list whose elements make the memory grow", () => {
    const { k } = backend;
    const z = k.alloc([2]);
    const list = Object.defineProperty([1, 2], 0, {
      get() {
        k.alloc([(k.memory.reserved - k.memory.used) / 4 + 1000]).free();
        return 7;
      },
    });
    expect([...z.set(list).data]).toEqual([7, 2]);
    const turning = (...values: unknown[]) => Object.defineProperty([1, 2], 1, { get: () => values.shift() });
    expect([...z.set(turning(3, "abc")).data]).toEqual([1, 3]);
    const labels = k.alloc([2], { dtype: "int32" });
    expect([...labels.set(turning(1, 1.5e10)).data]).toEqual([1, 1]);
    expect(() => labels.set(turning(1.5e10, 1))).toThrow(DtypeError);
    labels.free();
    z.free();
  });

  it("may be empty or a single number", () => {
    const { k } = backend;
    for (const [shape, length] of [
      [[0], 0],
      [[3, 0], 0],
      [[], 1],
    ] as const) {
      const z = k.alloc(shape);
      expect([z.length, z.toArray().length]).toEqual([length, length]);
      z.free();
    }
    const none = k.alloc([0, 5]);
    expect(k.softmax(none)).toEqual(new Float32Array(0));
    expect(k.softmaxCrossEntropy(none, [], { grad: none }).loss).toBeNaN();
    none.free();
  });

  it("takes data by set and through data, and hands out copies by toArray", () => {
    const z = backend.k.alloc([2, 2]);
    expect(z.set([1, 2, 3, 4])).toBe(z);
    z.data[3] = 5;
    const copy = z.toArray();
    expect(copy).toEqual(Float32Array.of(1, 2, 3, 5));
    copy[0] = 100;
    expect(z.data[0]).toBe(1);
    z.set(Float64Array.of(0.1, 0, 0, 0));
    expect(z.data[0]).toBe(Math.fround(0.1));
    z.free();
    expect(copy[1]).toBe(2);
  });

  it("takes labels of any integer array by set, BigInts included", () => {
    const labels = backend.k.alloc([2], { dtype: "int32" });
    expect(labels.set(Uint8Array.of(1, 2)).toArray()).toEqual(Int32Array.of(1, 2));
    expect(labels.set(BigInt64Array.of(3n, -100n) as never).toArray()).toEqual(Int32Array.of(3, -100));
    labels.free();
  });

  it.each([undefined, null, 3, {}])("refuses to be set to %s with an error of the package", (source) => {
    const z = backend.k.alloc([3]);
    expect(() => z.set(source as never)).toThrow(XentropyError);
    z.free();
  });

  it("gives views of its rows that share its memory", () => {
    const { k } = backend;
    const z = k.alloc([4, 3]).set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const middle = z.rows(1, 3);
    expect(middle.shape).toEqual([2, 3]);
    expect(middle.toArray()).toEqual(Float32Array.of(3, 4, 5, 6, 7, 8));
    expect(middle.rows(1, 2).toArray()).toEqual(Float32Array.of(6, 7, 8));
    middle.data[0] = 30;
    expect(z.data[3]).toBe(30);
    expect(z.rows(2, 2).length).toBe(0);
    expect(z.rows(0, 4).length).toBe(12);
    const detached = new Float32Array(1);
    structuredClone(detached, { transfer: [detached.buffer] });
    for (const bad of [Symbol("row"), Object.create(null), detached, "0", -1, 0.5, 5]) {
      expect(() => z.rows(bad as number, 1)).toThrow(ShapeError);
      expect(() => z.rows(0, bad as number)).toThrow(ShapeError);
    }
    expect(k.softmax(middle)).toEqual(k.softmax(middle.toArray(), { shape: [2, 3] }));
    z.free();
  });

  it("may be freed twice, and a view's free is no free", () => {
    const { k } = backend;
    const before = k.memory.used;
    const z = k.alloc([100]);
    z.rows(0, 50).free();
    expect(z.data.length).toBe(100);
    z.free();
    z.free();
    expect(k.memory.used).toBe(before);
    const other = k.alloc([100]);
    z.free();
    expect(other.data.length).toBe(100);
    other.free();
  });

  it("is freed by its dispose method, which `using` calls", () => {
    const { k } = backend;
    const before = k.memory.used;
    const z = k.alloc([100]);
    z[Symbol.dispose]();
    expect(k.memory.used).toBe(before);
    expect(() => z.data).toThrow(FreedError);
  });

  it("refuses everything once it is freed, and so do its views", () => {
    const z = backend.k.alloc([2, 3]);
    const view = z.rows(0, 1);
    z.free();
    for (const batch of [z, view]) {
      const uses = [
        () => batch.data,
        () => batch.set(filled(batch.length)),
        () => batch.toArray(),
        () => batch.rows(0, 1),
      ];
      for (const use of uses) expectRefused(backend.k, FreedError, "FREED", use);
    }
  });

  describe.each(NAMED_CALLS)("in %s", (_, call) => {
    /** Each way to pass a batch to the call, once as each operand. */
    function* passed(floats: ResidentBatch, view: ResidentBatch, labels: ResidentBatch<Int32Array>) {
      const { x, beside, shape } = operandsFor(call, 2, 3);
      const to = filled(6);
      for (const batch of [floats, view]) {
        yield { to, run: (k: Xentropy) => call.run(k, batch, beside, { to }) };
        if (call.replaces) yield { to: x, run: (k: Xentropy) => call.run(k, x, beside, { shape, to: batch }) };
      }
      if (call.beside === "like x" || call.beside === "probabilities")
        yield { to, run: (k: Xentropy) => call.run(k, x, floats, { shape, to }) };
      if (call.beside === "labels") yield { to, run: (k: Xentropy) => call.run(k, x, labels, { shape, to }) };
    }

    const batches = (k: Xentropy) => {
      const floats = k.alloc([2, 3]);
      return { floats, view: floats.rows(0, 2), labels: k.alloc([2], { dtype: "int32" }) };
    };

    it("a freed batch is refused before anything is written", () => {
      const { floats, view, labels } = batches(backend.k);
      floats.free();
      labels.free();
      for (const { to, run } of passed(floats, view, labels)) {
        expectRefused(backend.k, FreedError, "FREED", (k, watch) => {
          watch(to);
          return run(k);
        });
      }
    });

    it("another instance's batch is refused before anything is written", () => {
      const { floats, view, labels } = batches(backend.open());
      for (const { to, run } of passed(floats, view, labels)) {
        expectRefused(backend.k, ForeignError, "FOREIGN", (k, watch) => {
          watch(to);
          return run(k);
        });
      }
      expect(floats.toArray()).toEqual(new Float32Array(6));
    });

    it("another instance's batch is taken as the plain array that its data is", () => {
      const { floats } = batches(backend.open());
      const { x, beside, shape } = operandsFor(call, 2, 3);
      floats.set(x);
      const { array } = call.run(backend.k, x, beside, { shape });
      const got = call.run(backend.k, floats.data, beside, { shape });
      expectSameBits(got.array, array, "array");
    });

    it("batches stay as they were while the memory grows", () => {
      const k = backend.open();
      const { x, beside, shape } = operandsFor(call, 2, 300);
      const expected = call.run(k, x, beside, { shape });
      const z = k.alloc(shape).set(x);
      const there = residentBeside(k, beside, shape);
      const view = z.rows(1, 2);
      const { reserved } = k.memory;
      const grown = k.alloc([1_000_000]);
      expect(k.memory.reserved).toBeGreaterThan(reserved);
      expect(z.toArray()).toEqual(x);
      expect(view.toArray()).toEqual(x.slice(300));
      const { array, loss } = call.run(k, z, there, {});
      expectSameBits(array, expected.array, "array");
      expectSameBits(loss, expected.loss, "loss");
      expect(grown.data.every((value) => value === 0)).toBe(true);
      expect(grown.data).toBe(grown.data);
    });
  });
});

describeEachBackend("memory", (backend) => {
  const limit = 2 * 1024 * 1024;

  it("in use is counted in bytes, comes back, and is used again", () => {
    const k = backend.open();
    const { used, reserved, maximum } = k.memory;
    expect(used).toBeLessThanOrEqual(reserved);
    expect(reserved).toBeLessThanOrEqual(maximum);
    const batches = Array.from({ length: 50 }, (_, i) => k.alloc([1000 + i]));
    expect(k.memory.used).toBeGreaterThanOrEqual(used + 50 * 4000);
    for (const batch of batches.filter((_, i) => i % 2)) batch.free();
    for (const batch of batches) batch.free();
    expect(k.memory.used).toBe(used);
    const after = k.memory.reserved;
    for (let i = 0; i < 1000; i++) k.alloc([40_000]).free();
    expect(k.memory.reserved).toBe(after);
  });

  it("of freed neighbours joins, so that a larger batch fits where they were", () => {
    const k = backend.open({ maximumMemory: limit });
    const free = limit - k.memory.used - 65536;
    const parts = Array.from({ length: 4 }, () => k.alloc([Math.floor(free / 16)]));
    for (const part of [parts[1], parts[3], parts[0], parts[2]]) part.free();
    k.alloc([Math.floor(free / 4)]).free();
  });

  it("that can't be had is an error that names the size, and leaves what there is alone", () => {
    const k = backend.open({ maximumMemory: limit });
    const z = k.alloc([10]).set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const shape of [[limit], [2 ** 31], [2 ** 32], [2 ** 53 - 1], [2 ** 40, 2 ** 40], Array(40).fill(2 ** 50)]) {
      const { message } = expectRefused(k, MemoryError, "MEMORY", () => k.alloc(shape));
      if (shape.length === 1) expect(message).toContain(String(shape[0] * 4));
    }
    expect(z.toArray()).toEqual(Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  });

  it("that is all taken still serves foreign batches of any size", () => {
    const k = backend.open({ maximumMemory: limit });
    for (const size of [65536, 4096, 256, 4]) {
      try {
        for (;;) k.alloc([size]);
      } catch (error) {
        expect(error).toBeInstanceOf(MemoryError);
      }
    }
    const { used } = k.memory;
    // A kernel takes 524288 columns of a row at once.
    for (const length of [300_000, 600_000]) {
      const x = Float32Array.from({ length }, (_, i) => Math.sin(i));
      const expected = backend.k.softmax(x);
      expectSameBits(k.softmax(x), expected, `${length} columns`);
      expectSameBits(k.softmax(x, { out: x }), expected, `${length} columns in place`);
    }
    expect(k.memory.used).toBe(used);
  });

  it("does not grow with a foreign batch", () => {
    const k = backend.open();
    const { used } = k.memory;
    const x = new Float32Array(200_000);
    const { reserved } = k.memory;
    k.softmax(x, { shape: [200, 1000] });
    k.softmax(x);
    k.softmaxCrossEntropy(x, new Int32Array(50_000), { shape: [50_000, 4], grad: true });
    k.sigmoidCrossEntropy(x, x, { grad: true });
    expect(k.memory.used).toBe(used);
    expect(k.memory.reserved - reserved).toBeLessThan(65536 * 2);
  });

  it("is not set from an array that says another length than it has", () => {
    const z = backend.k.alloc([4]);
    for (const source of [saying(4, Float32Array, 2).fill(7), saying(4, Float32Array, 6).fill(7)]) {
      expect(() => z.set(source)).toThrow(DtypeError);
      expect([...z.data]).toEqual([0, 0, 0, 0]);
    }
  });
});
