import { describe, expect, it } from "vitest";
import { checked } from "../src/check.js";
import {
  DtypeError,
  type FloatOutput,
  ForeignError,
  FreedError,
  loadSync,
  OptionError,
  OutputError,
  OverlapError,
  type ResidentBatch,
  type Xentropy,
} from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { detached, expectRefused, filled } from "./support/refusals.js";
import { distributions } from "./support/samples.js";
import { expectSameBits } from "./support/ulp.js";

// Operations that return a value for each position by default: where `out` puts them.

const PAIRED = ["crossEntropy", "klDivergence", "jensenShannon", "binaryCrossEntropy"] as const;
const VALUED = ["entropy", ...PAIRED] as const;

type Options = Readonly<Record<string, unknown>>;

/** p, and q of another seed, with the calls' options behind them. */
function call(k: Xentropy, name: (typeof VALUED)[number], p: unknown, q: unknown, options: Options): unknown {
  const operands = name === "entropy" ? [p] : [p, q];
  return (k[name] as (...args: unknown[]) => unknown).call(k, ...operands, options);
}

interface Layout {
  readonly shape: readonly number[];
  readonly axis: number;
}

const LAYOUTS: readonly Layout[] = [
  { shape: [1, 1], axis: -1 },
  { shape: [7, 67], axis: -1 },
  { shape: [3, 5, 4], axis: 1 },
  { shape: [0, 3], axis: -1 },
  { shape: [3, 0], axis: -1 },
  { shape: [2, 17_000], axis: -1 },
];

function pair({ shape }: Layout): [Float32Array, Float32Array] {
  const classes = shape[shape.length - 1];
  const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
  const of = (seed: number) => distributions(rows, classes, seed);
  return [of(51), of(52)];
}

describeEachBackend("the values of given distributions go where `out` says,", (backend) => {
  describe.each(VALUED)("those of %s,", (name) => {
    const along = name !== "binaryCrossEntropy";

    it.each(LAYOUTS)("shape $shape, axis $axis", (layout) => {
      const { k } = backend;
      const { shape, axis } = layout;
      const [p, q] = pair(layout);
      const options = { shape, ...(along && { axis }), unit: "bits" };
      const expected = call(k, name, p, q, options) as Float32Array;
      const into = (out: FloatOutput) => {
        expect(call(k, name, p, q, { ...options, out })).toBe(out);
        return out;
      };
      expectSameBits(into(filled(expected.length)), expected, "an array");
      const part = filled(expected.length + 3);
      expectSameBits(into(part.subarray(1, 1 + expected.length)), expected, "a part of an array");
      expect([part[0], ...part.slice(1 + expected.length)], "what lies around it").toEqual([42, 42, 42]);
      const z = k.alloc([expected.length]);
      expectSameBits((into(z) as ResidentBatch).data, expected, "a resident batch");
      const a = k.alloc(shape).set(p);
      const b = k.alloc(shape).set(q);
      expect(call(k, name, a, b, { ...options, out: z })).toBe(z);
      expectSameBits(z.data, expected, "all in the kernels' memory");
      for (const batch of [z, a, b]) batch.free();
    });

    it("an input's place, where that is as long", () => {
      const { k } = backend;
      const shape = [300, 1];
      const [p, q] = pair({ shape, axis: -1 });
      for (let i = 0; i < 300; i += 2) p[i] = (i + 1) / 400;
      const expected = call(k, name, p, q, { shape }) as Float32Array;
      const inPlace = p.slice();
      expectSameBits(call(k, name, inPlace, q, { shape, out: inPlace }) as Float32Array, expected, "of the first");
      const a = k.alloc(shape).set(p);
      const b = k.alloc(shape).set(q);
      call(k, name, a, b, { shape, out: a });
      expectSameBits(a.data, expected, "of the first, resident");
      if (name !== "entropy") {
        const there = q.slice();
        expectSameBits(call(k, name, p, there, { shape, out: there }) as Float32Array, expected, "of the second");
        call(k, name, a.set(p), b, { shape, out: b });
        expectSameBits(b.data, expected, "of the second, resident");
      }
      a.free();
      b.free();
    });

    it("not with a reduction to one number", () => {
      for (const reduction of ["mean", "sum"]) {
        expectRefused(backend.k, OptionError, "OPTION", (k, watch) =>
          call(k, name, watch(filled(2)), filled(2), { shape: [2, 1], reduction, out: watch(filled(2)) }),
        );
      }
      const { k } = backend;
      const total = call(k, name, filled(2), filled(2), { shape: [2, 1], reduction: "sum", out: undefined });
      expect(total).toBeTypeOf("number");
    });

    it("refused, before anything is written, where it isn't room for them", () => {
      const { k } = backend;
      const shape = [6, 1];
      const refused = (error: Parameters<typeof expectRefused>[1], code: string, out: unknown) =>
        expectRefused(k, error, code, (_, watch) => {
          const written = out instanceof Float32Array && out.length > 0 ? watch(out) : out;
          return call(k, name, watch(filled(6)), watch(filled(6)), { shape, out: written });
        });
      for (const length of [0, 5, 7]) refused(OutputError, "OUTPUT", new Float32Array(length));
      refused(DtypeError, "DTYPE", new Float64Array(6));
      refused(DtypeError, "DTYPE", new Int32Array(6));
      refused(DtypeError, "DTYPE", true);
      refused(DtypeError, "DTYPE", detached(6));
      const integers = k.alloc([6], { dtype: "int32" });
      refused(DtypeError, "DTYPE", integers);
      integers.free();
      const z = k.alloc([6]);
      z.free();
      refused(FreedError, "FREED", z);
      const others = backend.open();
      refused(ForeignError, "FOREIGN", others.alloc([6]));
      others.dispose();
    });

    it("refused where it overlaps an input in part", () => {
      const room = filled(20);
      for (const offset of [1, 5, -1, -5]) {
        const out = room.subarray(7 + offset, 13 + offset);
        expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
          watch(room);
          return call(k, name, room.subarray(7, 13), filled(6), { shape: [6, 1], out });
        });
        if (name === "entropy") continue;
        expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
          watch(room);
          return call(k, name, filled(6), room.subarray(7, 13), { shape: [6, 1], out });
        });
      }
    });
  });

  it("those of binaryCrossEntropy not over targets of narrower integers, which would be overwritten before they are read", () => {
    for (const Integers of [Uint8Array, Int16Array]) {
      expectRefused(backend.k, OverlapError, "OVERLAP", (k, watch) => {
        const out = watch(filled(6));
        return k.binaryCrossEntropy(filled(6), new Integers(out.buffer as ArrayBuffer, 0, 6), { out });
      });
    }
    const { k } = backend;
    const room = new ArrayBuffer(16);
    const targets = new Int32Array(room);
    targets.set([0, 1, 1, 0]);
    const q = Float32Array.of(0.25, 0.5, 0.75, 0.125);
    const expected = k.binaryCrossEntropy(q, targets);
    expectSameBits(k.binaryCrossEntropy(q, targets, { out: new Float32Array(room) }), expected, "as wide");
  });

  it.each(PAIRED)("those of %s beside a gradient", (name) => {
    const { k } = backend;
    const shape = [30, 1];
    const [p, q] = pair({ shape, axis: -1 });
    const expected = call(k, name, p, q, { shape, grad: true }) as { loss: Float32Array; grad: Float32Array };
    const out = filled(30);
    const got = call(k, name, p, q, { shape, grad: true, out }) as { loss: Float32Array; grad: Float32Array };
    expect(got.loss).toBe(out);
    expectSameBits(got.loss, expected.loss, "values");
    expectSameBits(got.grad, expected.grad, "gradient");
    expectRefused(k, OverlapError, "OVERLAP", (_, watch) => {
      const both = watch(filled(40));
      const there = { out: both.subarray(0, 30), grad: both.subarray(5, 35) };
      return call(k, name, watch(p.slice()), watch(q.slice()), { shape, ...there });
    });
  });
});

describeEachBackend("the indices of argmax go where `out` says,", (backend) => {
  it.each([...LAYOUTS.filter(({ shape }) => shape[1] > 0), { shape: [300, 40], axis: 0 }])(
    "shape $shape, axis $axis",
    ({ shape, axis }) => {
      const { k } = backend;
      const [x] = pair({ shape, axis });
      const expected = k.argmax(x, { shape, axis });
      const { length } = expected;
      const out = new Int32Array(length).fill(42);
      expect(k.argmax(x, { shape, axis, out })).toBe(out);
      expect(out).toEqual(expected);
      const part = new Int32Array(length + 2).fill(42);
      k.argmax(x, { shape, axis, out: part.subarray(1, 1 + length) });
      expect(part).toEqual(Int32Array.of(42, ...expected, 42));
      const z = k.alloc([length], { dtype: "int32" });
      expect(k.argmax(x, { shape, axis, out: z })).toBe(z);
      expect(z.toArray()).toEqual(expected);
      const batch = k.alloc(shape).set(x);
      k.argmax(batch, { axis, out: z.set(new Int32Array(length)) });
      expect(z.toArray()).toEqual(expected);
      batch.free();
      z.free();
    },
  );

  it("refused, before anything is written, where it isn't room for them", () => {
    const { k } = backend;
    const refused = (error: Parameters<typeof expectRefused>[1], code: string, out: unknown) =>
      expectRefused(k, error, code, (_, watch) => {
        if (ArrayBuffer.isView(out) && out.byteLength > 0) watch(out);
        return k.argmax(watch(filled(6)), { shape: [2, 3], out: out as Int32Array });
      });
    for (const length of [0, 1, 3, 6]) refused(OutputError, "OUTPUT", new Int32Array(length));
    refused(DtypeError, "DTYPE", new Float32Array(2));
    refused(DtypeError, "DTYPE", new Uint32Array(2));
    refused(DtypeError, "DTYPE", [0, 0]);
    refused(DtypeError, "DTYPE", null);
    const floats = k.alloc([2]);
    refused(DtypeError, "DTYPE", floats);
    floats.free();
    const z = k.alloc([2], { dtype: "int32" });
    z.free();
    refused(FreedError, "FREED", z);
    const others = backend.open();
    refused(ForeignError, "FOREIGN", others.alloc([2], { dtype: "int32" }));
    others.dispose();
    // The short way asks for the buffers only where the first bytes are alike.
    for (const [value, start] of [
      [42, 8],
      [42, 0],
      [0, 0],
      [-0, 0],
    ]) {
      expectRefused(k, OverlapError, "OVERLAP", (_, watch) => {
        const x = watch(filled(6).fill(value));
        return k.argmax(x, { shape: [2, 3], out: new Int32Array(x.buffer, start, 2) });
      });
    }
    const x = k.alloc([2, 3]);
    expectRefused(k, OverlapError, "OVERLAP", (_, watch) => {
      const { buffer, byteOffset } = watch(x.data);
      return k.argmax(x, { out: new Int32Array(buffer, byteOffset + 4, 2) });
    });
    x.free();
  });
});

describe("`checked` takes them too", () => {
  it("in a resident batch, with the call's own result", () => {
    const k = loadSync({ backend: "simd" });
    const seen: string[] = [];
    const judged = checked(k, {
      onMeasure: ({ operation, output, values }) => seen.push(`${operation} ${output} ${values}`),
    });
    const [p, q] = pair({ shape: [5, 4], axis: -1 });
    const shape = [5, 4];
    const z = k.alloc([5]);
    const indices = k.alloc([5], { dtype: "int32" });
    expect(judged.klDivergence(p, q, { shape, out: z })).toBe(z);
    expectSameBits(z.data, k.klDivergence(p, q, { shape }), "values");
    expect(judged.argmax(p, { shape, out: indices })).toBe(indices);
    expect(indices.toArray()).toEqual(k.argmax(p, { shape }));
    expect(seen).toEqual(["klDivergence out 5", "argmax out 5"]);
    k.dispose();
  });
});
