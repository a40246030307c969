import { expect, it, vi } from "vitest";
import type { FloatBatch, FloatOutput, SoftmaxCrossEntropyOptions, Xentropy } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { arrayBytes } from "./support/gc.js";
import { classes as labelsOf, spread } from "./support/samples.js";
import { expectSameBits, type Values } from "./support/ulp.js";

/** Batches [outer, classes, inner] of which few positions fit a tile, so that they are taken in strips (src/strips.ts). */

type Shape = readonly [outer: number, classes: number, inner: number];

interface Operands {
  readonly x: FloatBatch;
  readonly y: FloatBatch;
  readonly labels: Int32Array;
  readonly each: Float32Array;
  readonly out?: FloatOutput;
}

interface Layout {
  readonly shape: readonly number[];
  readonly axis: number;
}

/** What comes out: an array in the shape of x, and numbers of which each position has one or `per`. */
interface Result {
  readonly array?: Values | undefined;
  readonly numbers?: Values;
}

type Run = (k: Xentropy, operands: Operands, layout: Layout) => Result;

function crossEntropy(options: SoftmaxCrossEntropyOptions, dense = false): Run {
  return (k, { x, y, labels, each, out = true as const }, layout) => {
    const given = { ...options, ...layout, sampleWeights: each, grad: out, reduction: "none" as const };
    const { loss, grad } = k.softmaxCrossEntropy(x, dense ? y : labels, given as object & { grad: true });
    return { array: grad as Values, numbers: loss as unknown as Values };
  };
}

function loss({ loss, grad }: { loss: unknown; grad?: unknown }): Result {
  return { array: grad as Values, numbers: loss as Values };
}

/** What may be told where its array goes, and what may not. */
const WRITING: Readonly<Record<string, Run>> = {
  softmax: (k, { x, out }, layout) => ({ array: k.softmax(x, { ...layout, out }) }),
  "softmax with options": (k, { x, out }, layout) => ({
    array: k.softmax(x, { ...layout, out, temperature: 0.7, emptyRow: "zero" }),
  }),
  logSoftmax: (k, { x, out }, layout) => ({ array: k.logSoftmax(x, { ...layout, out }) }),
  softmaxBackward: (k, { x, y, out }, layout) => ({ array: k.softmaxBackward(x, y, { ...layout, out }) }),
  logSoftmaxBackward: (k, { x, y, out }, layout) => ({ array: k.logSoftmaxBackward(x, y, { ...layout, out }) }),
  softmaxCrossEntropy: crossEntropy({}),
  "softmaxCrossEntropy with a softcap": crossEntropy({
    softcap: 2,
    temperature: 0.5,
    labelSmoothing: 0.1,
    zLoss: 0.01,
  }),
  "softmaxCrossEntropy with dense targets": crossEntropy({}, true),
  "softmaxCrossEntropy with dense targets and a softcap": crossEntropy({ softcap: 2, zLoss: 0.01 }, true),
  softmaxKlDivergence: (k, { x, y, out = true as const }, layout) =>
    loss(k.softmaxKlDivergence(x, y, { ...layout, grad: out as true, reduction: "none", temperature: 3 })),
};

const OTHERS: Readonly<Record<string, Run>> = {
  klDivergence: (k, { x, y }, layout) => loss(k.klDivergence(x, y, { ...layout, grad: true })),
  jensenShannon: (k, { x, y }, layout) => loss(k.jensenShannon(x, y, { ...layout, grad: true })),
  entropy: (k, { x }, layout) => ({ numbers: k.entropy(x, layout) }),
  logSumExp: (k, { x }, layout) => ({ numbers: k.logSumExp(x, { ...layout, temperature: 2 }) }),
  argmax: (k, { x }, layout) => ({ numbers: k.argmax(x, layout) }),
  topK: (k, { x }, layout) => {
    const { values, indices } = k.topK(x, 3, layout);
    const [outer, per, inner] = layout.axis === 1 ? [layout.shape[0], 3, layout.shape[2]] : [values.length / 3, 3, 1];
    return { numbers: [...turned(values, [outer, per, inner]), ...turned(indices, [outer, per, inner])] };
  },
};

/** Positions of a batch [outer, classes, inner] as rows, or `back`. */
function turned<T extends Float32Array | Int32Array>(x: T, [outer, classes, inner]: Shape, back = false): T {
  const to = x.slice() as T;
  for (let slab = 0, at = 0; slab < outer; slab++) {
    for (let c = 0; c < classes; c++) {
      for (let i = 0; i < inner; i++, at++) {
        const row = (slab * inner + i) * classes + c;
        if (back) to[at] = x[row];
        else to[row] = x[at];
      }
    }
  }
  return to;
}

/** Compares a call along axis 1 with the same positions as rows. */
function compare(k: Xentropy, run: Run, shape: Shape, what: string, writes: boolean): void {
  const [outer, classes, inner] = shape;
  const size = outer * classes * inner;
  const rows = outer * inner;
  const x = spread(size, 1, 0, 1);
  const y = spread(size, 2, 0, 1);
  const [labels, each] = [labelsOf(rows, classes, 3), spread(rows, 4, 0, 2)];
  // Rows that don't count, one by its label and one by its weight.
  [labels[1], each[2]] = [-100, 0];
  const beside = { labels, each };
  const given = { x: turned(x, shape), y: turned(y, shape), ...beside };
  const expected = run(k, given, { shape: [rows, classes], axis: 1 });
  const array = expected.array && turned(expected.array as Float32Array, shape, true);
  const layout = { shape, axis: 1 };
  const check = (operands: Operands, how: string) => {
    const got = run(k, operands, layout);
    if (array) expectSameBits(got.array as Values, array, `${what}, ${how}`);
    if (expected.numbers) expectSameBits(got.numbers as Values, expected.numbers, `numbers of ${what}, ${how}`);
  };
  check({ x, y, ...beside }, "foreign");
  const own = [x, y, x].map((values) => k.alloc(shape).set(values));
  const [there, other, room] = own;
  check({ x: there, y: other, ...beside }, "resident");
  check({ x: there, y, ...beside }, "of either kind");
  if (writes) {
    check({ x: there, y, out: room, ...beside }, "from resident to resident");
    check({ x, y, out: room.set(x), ...beside }, "to resident");
    check({ x: there, y: other, out: there, ...beside }, "resident in place");
    const copy = x.slice();
    check({ x: copy, y, out: copy, ...beside }, "in place");
  }
  for (const batch of own) batch.free();
}

/** Bytes of the arrays of floats that a call makes. */
function bytesMade(call: () => unknown): number {
  let bytes = 0;
  vi.stubGlobal(
    "Float32Array",
    new Proxy(Float32Array, {
      construct(target, given, as) {
        if (typeof given[0] === "number") bytes += given[0] * 4;
        return Reflect.construct(target, given, as);
      },
    }),
  );
  call();
  vi.unstubAllGlobals();
  return bytes;
}

describeEachBackend("positions of which few fit a tile have the bits of rows", (backend) => {
  it("with kernels that this backend has of its own", () => {
    compare(backend.k, WRITING.softmaxBackward, [1, 20_000, 4], backend.name, true);
  });

  // What cuts and turns is the one wrapper.
  if (backend.name !== "simd") return;

  const calls = [...Object.entries(WRITING), ...Object.entries(OTHERS)];

  it.each(calls)("%s", (name, run) => {
    const writes = name in WRITING;
    compare(backend.k, run, [2, 20_000, 5], name, writes);
    if (writes) compare(backend.k, run, [2, 66_001, 4], `${name} of rows longer than a tile`, writes);
  });

  if (backend.threads > 1)
    it("of rows longer than a tile of threads", () => {
      for (const name of ["softmax", "softmaxCrossEntropy"]) {
        compare(backend.k, WRITING[name], [1, 262_147, 3], name, true);
      }
    });

  it.each([63, 65, 79, 130])("%i positions side by side", (inner) => {
    compare(backend.k, WRITING.softmaxBackward, [1, 16_387, inner], `${inner}`, false);
  });

  it.each(["softmaxBackward", "logSoftmaxBackward"] as const)("%s in the place of its second operand", (name) => {
    const layout = { shape: [20_000, 65], axis: 0 };
    const [x, y] = [1, 2].map((seed) => spread(1_300_000, seed, 0, 1));
    const expected = backend.k[name](x, y, layout);
    expectSameBits(backend.k[name](x, y, { ...layout, out: y }), expected, name);
  });

  it("of positions too long even for a strip", () => {
    const size = 2 ** 21 + 5;
    const columns = [1, 2].map((seed) => spread(size, seed, 0, 1));
    const x = new Float32Array(2 * size).map((_, i) => columns[i % 2][i >> 1]);
    const p = backend.k.softmax(x, { shape: [size, 2], axis: 0 });
    columns.forEach((column, at) => {
      const own = p.filter((_, i) => i % 2 === at);
      expectSameBits(own, backend.k.softmax(column), `position ${at}`);
    });
  });

  it("and the arrays that they are turned into are given up", () => {
    const { k } = backend;
    const shape = [2 ** 20, 2];
    const [x, y, out] = [1, 2, 3].map((seed) => spread(2 ** 21, seed, 0, 1));
    const before = arrayBytes();
    k.softmaxBackward(x, y, { shape, axis: 0, out });
    expect(arrayBytes() - before).toBeLessThan(2 ** 20);
  });

  it("in 8 MiB for each operand that is read, and for a copy of a position's logits under a softcap", () => {
    const { k } = backend;
    const layout = { shape: [2 ** 21, 2], axis: 0 };
    const [x, y, out] = [1, 2, 3].map((seed) => spread(2 ** 22, seed, 0, 1));
    const backward = bytesMade(() => k.softmaxBackward(x, y, { ...layout, out }));
    const capped = bytesMade(() => k.softmaxCrossEntropy(x, y, { ...layout, softcap: 2, grad: out }));
    expect(backward / 2 ** 20).toBeCloseTo(16, 0);
    expect(capped / 2 ** 20).toBeCloseTo(24, 0);
  });

  it("where options make another call while they are read", () => {
    const { k } = backend;
    const shape = [20_000, 5];
    const x = spread(100_000, 1, 0, 1);
    const other = spread(100_000, 2, 0, 1);
    const inner = k.softmax(other, { shape, axis: 0 });
    const expected = k.softmax(x, { shape, axis: 0 });
    let found: Float32Array | undefined;
    const options = {
      shape,
      get axis() {
        found = k.softmax(other, { shape, axis: 0 });
        return 0;
      },
    };
    expectSameBits(k.softmax(x, options), expected, "the call");
    expectSameBits(found as Float32Array, inner, "the call within");
  });

  it("with an empty position", () => {
    const { k } = backend;
    const x = spread(100_000, 1, 0, 1);
    for (let i = 2; i < x.length; i += 5) x[i] = -Infinity;
    const p = k.softmax(x, { shape: [20_000, 5], axis: 0, emptyRow: "zero" });
    expect(p.filter((_, i) => i % 5 === 2).every((value) => value === 0)).toBe(true);
    expect(p.filter((value) => value > 0).length).toBe(80_000);
  });
});
