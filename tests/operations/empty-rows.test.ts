import { expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { normal } from "../support/samples.js";
import { expectSameBits } from "../support/ulp.js";
import { rowsOver, sizeOf } from "./support/rows.js";

const SHAPES = [
  { shape: [3, 1], axis: 1 },
  { shape: [3, 5], axis: 1 },
  { shape: [3, 4, 5], axis: 0 },
  { shape: [3, 4, 5], axis: 1 },
  { shape: [4, 2049], axis: 1 },
  { shape: [2050, 3], axis: 0 },
  { shape: [3, 65_537], axis: 1 },
  { shape: [65_537, 3], axis: 0 },
] as const;

describeEachBackend("a row that is −Infinity throughout", (backend) => {
  const shapes = SHAPES.filter(({ shape }) => backend.affords(sizeOf(shape) / 12));

  it.each(shapes)("is NaN by default and zeros with emptyRow zero, others unchanged: $shape, axis $axis", (layout) => {
    const { shape, axis } = layout;
    const { k } = backend;
    const x = normal(sizeOf(shape), 1);
    const rows = rowsOver(shape, axis);
    const clean = k.softmax(x, layout);
    const empty = rows.filter((_, r) => r % 2 === 1);
    for (const row of empty) for (const i of row) x[i] = -Infinity;
    const expected = clean.slice();
    for (const row of empty) for (const i of row) expected[i] = 0;
    const nan = clean.slice();
    for (const row of empty) for (const i of row) nan[i] = Number.NaN;

    expectSameBits(k.softmax(x, layout), nan, "default");
    expectSameBits(k.softmax(x, { ...layout, emptyRow: "nan" }), nan, "nan");
    expectSameBits(k.softmax(x, { ...layout, emptyRow: "zero" }), expected, "zero");
    const z = k.alloc(shape).set(x);
    expectSameBits(k.softmax(z, { axis, emptyRow: "zero", out: z }), expected, "resident, in place");
    z.free();
    expectSameBits(k.softmax(x, { ...layout, emptyRow: "zero", out: x }), expected, "in place");
  });

  it.each(shapes)("may have become so through the temperature: $shape, axis $axis", (layout) => {
    const x = new Float32Array(sizeOf(layout.shape)).fill(-3e38);
    const zeros = new Float32Array(x.length);
    expectSameBits(backend.k.softmax(x, { ...layout, emptyRow: "zero", temperature: 1e-3 }), zeros, "softmax");
  });

  it("isn't one with a NaN or +Infinity among −Infinity: those stay NaN", () => {
    const x = Float32Array.of(-Infinity, Number.NaN, -Infinity, -Infinity, Infinity, -Infinity);
    const p = backend.k.softmax(x, { shape: [2, 3], emptyRow: "zero" });
    expectSameBits(p, new Float32Array(6).fill(Number.NaN), "softmax");
  });

  it("isn't one with a finite logit, however small", () => {
    const x = Float32Array.of(-Infinity, -3.4e38, -Infinity);
    expectSameBits(backend.k.softmax(x, { emptyRow: "zero" }), [0, 1, 0], "softmax");
  });

  it("is NaN for logSoftmax, and −Infinity for logSumExp", () => {
    const x = new Float32Array(4).fill(-Infinity);
    expectSameBits(backend.k.logSoftmax(x), new Float32Array(4).fill(Number.NaN), "logSoftmax");
    expect(backend.k.logSumExp(x)[0]).toBe(-Infinity);
  });
});
