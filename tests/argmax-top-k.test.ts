import { describe, expect, it } from "vitest";
import { DtypeError, OptionError, ShapeError } from "../src/index.js";
import * as reference from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { expectRefused } from "./support/refusals.js";
import { LONG_LENGTHS, normal, SHORT_LENGTHS, sprinkled } from "./support/samples.js";
import { expectSameBits } from "./support/ulp.js";

/** Rows with many ties, and now and then a NaN or an infinity. */
function rowsOf(rows: number, length: number, seed: number): Float32Array {
  const few = normal(rows * length, seed).map(Math.round);
  return seed % 2 ? few : sprinkled(few, seed, [Number.NaN, Infinity, -Infinity, -0, 0], 40);
}

const LENGTHS = [...SHORT_LENGTHS.slice(1), ...LONG_LENGTHS];

describeEachBackend("argmax", (backend) => {
  it("is the first of the largest, and of NaN, at every length", () => {
    for (const length of LENGTHS.filter((n) => backend.affords(n))) {
      const rows = length > 100 ? 1 : 5;
      const shape = [rows, length];
      const x = rowsOf(rows, length, length);
      expectSameBits(backend.k.argmax(x, { shape }), reference.argmax(x, { shape }), `length ${length}`);
    }
  });

  it("refuses an output that has fewer places than it says", () => {
    const x = Float32Array.of(1, 5, 2, 7);
    const short = Object.defineProperty(new Int32Array(1), "length", { value: 2 });
    expectRefused(backend.k, DtypeError, "DTYPE", (k) => k.argmax(x, { shape: [2, 2], out: short }));
    // V8 11, once it has seen arrays over resizable buffers, may say the old length of one that was transferred away.
    const Buffer = ArrayBuffer as unknown as new (bytes: number, options: object) => ArrayBuffer;
    for (let i = 0; i < 5000; i++) {
      const out = new Int32Array(new Buffer(4, i % 2 ? { maxByteLength: 8 } : {}));
      if (i % 10 === 0) {
        structuredClone(out.buffer, { transfer: [out.buffer] });
        expect(() => backend.k.argmax(x, { out })).toThrow(DtypeError);
      } else backend.k.argmax(x, { out });
    }
  });

  it("finds it at every place of a row", () => {
    for (const length of [1, 5, 16, 67, 2050]) {
      for (let at = 0; at < length; at += length > 100 ? 97 : 1) {
        const x = new Float32Array(length);
        x[at] = 1;
        expect(backend.k.argmax(x)[0]).toBe(at);
        x[length - 1] = 1;
        expect(backend.k.argmax(x)[0]).toBe(at);
        x[at] = Number.NaN;
        expect(backend.k.argmax(x)[0]).toBe(at);
      }
    }
  });

  it("is the first of ties in a row that is longer than a tile", () => {
    const n = 70_000;
    if (!backend.affords(n)) return;
    const equal = new Float32Array(n);
    expect(backend.k.argmax(equal)[0]).toBe(0);
    for (const [label, hits] of [
      [0, 1],
      [65_536, 0],
    ]) {
      expect(backend.k.softmaxCrossEntropy(equal, [label], { correct: true }).correct).toBe(hits);
    }
  });

  it("takes −0 and 0 for ties, and is 0 where all are −Infinity", () => {
    expect(backend.k.argmax(Float32Array.of(-0, 0, -0))[0]).toBe(0);
    expect(backend.k.argmax(new Float32Array(9).fill(-Infinity))[0]).toBe(0);
  });

  it("is an Int32Array, one a position", () => {
    const indices = backend.k.argmax(normal(24, 1), { shape: [2, 3, 4], axis: 1 });
    expect(indices).toBeInstanceOf(Int32Array);
    expect(indices).toHaveLength(8);
    expect(backend.k.argmax(new Float32Array(0), { shape: [0, 3] })).toEqual(new Int32Array(0));
  });

  it.each([2, 7, 64, 300])("is the first of ties, and the first NaN, of %i classes along any axis", (count) => {
    const values = [Number.NaN, Infinity, -Infinity, 0, -0, 1, 2, 2, 1, 1];
    const { k } = backend;
    for (let width = 1; width < 20; width++) {
      const n = 2 * count * width;
      const x = Float32Array.from({ length: n }, (_, i) => values[((i * 7919 + width) % 9973) % values.length]);
      const shape = [2, count, width];
      const expected = Int32Array.from(reference.argmax({ data: x, shape }, { axis: 1 }));
      expect(k.argmax(x, { shape, axis: 1 })).toEqual(expected);
      expect(k.argmax(k.alloc(shape).set(x), { axis: 1 })).toEqual(expected);
      if (count > 7) continue;
      const few = x.map((value) => (Number.isNaN(value) ? 2 : value));
      expect(k.argmax(few, { shape, axis: 1 })).toEqual(
        Int32Array.from(reference.argmax({ data: few, shape }, { axis: 1 })),
      );
    }
  });

  it("of no classes is an error", () => {
    expectRefused(backend.k, ShapeError, "SHAPE", (k) => k.argmax(new Float32Array(0), { shape: [3, 0] }));
    expectRefused(backend.k, ShapeError, "SHAPE", (k) => k.argmax(new Float32Array(0)));
  });
});

describeEachBackend("topK", (backend) => {
  it("is the k largest in falling order, ties by index, NaN first, for every k and length", () => {
    for (const length of LENGTHS.filter((n) => backend.affords(n))) {
      const rows = length > 100 ? 1 : 3;
      const shape = [rows, length];
      const x = rowsOf(rows, length, length);
      for (const k of new Set([0, 1, 2, length >> 1, length])) {
        if (k > length || (length > 5000 && k > 10)) continue;
        const got = backend.k.topK(x, k, { shape });
        const truth = reference.topK(x, k, { shape });
        expectSameBits(got.indices, truth.indices, `indices, k ${k} of ${length}`);
        expectSameBits(got.values, truth.values, `values, k ${k} of ${length}`);
      }
    }
  });

  it("takes the first of equal numbers in a row longer than a tile", () => {
    const length = 200_000;
    expect([...backend.k.topK(new Float32Array(length), 3).indices]).toEqual([0, 1, 2]);
    const late = new Float32Array(length);
    for (const at of [199_999, 150_000, 70_000]) late[at] = 1;
    expect([...backend.k.topK(late, 4).indices]).toEqual([70_000, 150_000, 199_999, 0]);
  });

  it("has length k along the axis it is taken on, whichever that is", () => {
    const shape = [2, 5, 3];
    const x = rowsOf(2, 15, 4);
    for (const axis of [0, 1, 2, -1, -2]) {
      const k = 2;
      const got = backend.k.topK(x, k, { shape, axis });
      const truth = reference.topK(x, k, { shape, axis });
      expectSameBits(got.indices, truth.indices, `indices, axis ${axis}`);
      expectSameBits(got.values, truth.values, `values, axis ${axis}`);
      expect(got.indices).toBeInstanceOf(Int32Array);
    }
  });

  it.each([-1, 4, 1.5, Number.NaN, Infinity, "2", undefined, null])("refuses k = %s of three classes", (k) => {
    expectRefused(backend.k, OptionError, "OPTION", (kernels) =>
      kernels.topK(normal(6, 1), k as number, { shape: [2, 3] }),
    );
  });

  it("leaves the memory as it was where a long row doesn't fit it", () => {
    const k = backend.open({ maximumMemory: 2 * 1024 * 1024 });
    const { used } = k.memory;
    for (const length of [70_000, 100_000, 130_000, 160_000, 400_000]) {
      try {
        k.topK(new Float32Array(length), length);
      } catch (error) {
        expect((error as { code?: string }).code).toBe("MEMORY");
      }
      expect(k.memory.used, `${length} columns`).toBe(used);
    }
  });
});

describe("the order of ties and NaN", () => {
  it("is that of the reference: NaN before Infinity before numbers", () => {
    const { indices } = reference.topK([1, Number.NaN, Infinity, 1, Number.NaN], 5);
    expect([...indices]).toEqual([1, 4, 2, 0, 3]);
  });
});
