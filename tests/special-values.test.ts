import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as reference from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

const LENGTHS = [1, 2, 3, 4, 5, 7, 8, 16, 17, 33, 67, 2047, 2048, 2049, 4100];

/** Rows of each length with one value at the first, a middle and the last place of otherwise ordinary numbers. */
function* rowsWith(value: number): Generator<Float32Array> {
  for (const length of LENGTHS) {
    for (const at of new Set([0, length >> 1, length - 1])) {
      const row = Float32Array.from({ length }, (_, i) => Math.sin(i));
      row[at] = value;
      yield row;
    }
  }
}

describeEachBackend("rows with special values", (backend) => {
  describe.each([Number.NaN, Infinity])("a row with a %s", (value) => {
    it("has NaN probabilities and log-probabilities throughout", () => {
      for (const row of rowsWith(value)) {
        const nan = new Float32Array(row.length).fill(Number.NaN);
        expectSameBits(backend.k.softmax(row), nan, `softmax, length ${row.length}`);
        expectSameBits(backend.k.logSoftmax(row), nan, `logSoftmax, length ${row.length}`);
      }
    });

    it("has a NaN loss and gradient, whatever the label", () => {
      for (const row of rowsWith(value)) {
        const nan = new Float32Array(row.length).fill(Number.NaN);
        for (const label of new Set([0, row.length >> 1, row.length - 1])) {
          const { loss, grad } = backend.k.softmaxCrossEntropy(row, [label], { grad: true });
          expect(loss, `length ${row.length}, label ${label}`).toBeNaN();
          expectSameBits(grad, nan, `gradient, length ${row.length}, label ${label}`);
        }
        const dense = backend.k.softmaxCrossEntropy(row, new Float32Array(row.length).fill(0.5), { grad: true });
        expect(dense.loss, `length ${row.length}`).toBeNaN();
        expectSameBits(dense.grad, nan, `gradient for dense targets, length ${row.length}`);
      }
    });
  });

  it("that are −Infinity alone give NaN throughout", () => {
    for (const length of LENGTHS) {
      const row = new Float32Array(length).fill(-Infinity);
      const nan = new Float32Array(length).fill(Number.NaN);
      expectSameBits(backend.k.softmax(row), nan, `softmax, length ${length}`);
      expectSameBits(backend.k.logSoftmax(row), nan, `logSoftmax, length ${length}`);
      const { loss, grad } = backend.k.softmaxCrossEntropy(row, [length - 1], { grad: true });
      expect(loss).toBeNaN();
      expectSameBits(grad, nan, `gradient, length ${length}`);
    }
  });

  it("give exactly 0 and −Infinity for a −Infinity beside finite values", () => {
    for (const row of rowsWith(-Infinity)) {
      if (row.length === 1) continue;
      const at = row.indexOf(-Infinity);
      expectSameBits(backend.k.softmax(row)[at], 0, `softmax, length ${row.length}`);
      expect(backend.k.logSoftmax(row)[at]).toBe(-Infinity);
      const { loss, grad } = backend.k.softmaxCrossEntropy(row, [at], { grad: true });
      expect(loss).toBe(Infinity);
      expect(grad[at]).toBe(-1);
    }
  });

  it("give the one finite value everything, wherever it stands", () => {
    for (const length of LENGTHS) {
      for (const at of new Set([0, length >> 1, length - 1])) {
        for (const value of [0, 3e38, -3e38, 1e-45]) {
          const row = new Float32Array(length).fill(-Infinity);
          row[at] = value;
          const oneHot = new Float32Array(length);
          oneHot[at] = 1;
          expectSameBits(backend.k.softmax(row), oneHot, `length ${length}, ${value} at ${at}`);
          expect(backend.k.logSoftmax(row)[at] + 0).toBe(0);
          expect(backend.k.softmaxCrossEntropy(row, [at]).loss).toBe(0);
        }
      }
    }
  });

  it("don't touch their neighbours", () => {
    const shape = [5, 9];
    const x = Float32Array.from({ length: 45 }, (_, i) => Math.cos(i));
    const clean = backend.k.softmax(x, { shape });
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      x.fill(value, 9, 18);
      x[30] = value;
      const p = backend.k.softmax(x, { shape });
      for (const r of [0, 2, 4]) {
        expectSameBits(p.subarray(r * 9, r * 9 + 9), clean.subarray(r * 9, r * 9 + 9), `row ${r} beside ${value}`);
      }
    }
  });

  it("near ±3.4e38 overflow to the true value's infinity and nowhere else", () => {
    const x = Float32Array.of(3.4e38, -3.4e38, 3.4e38, 0);
    expectSameBits(backend.k.softmax(x), [0.5, 0, 0.5, 0], "softmax");
    expectWithin(4, backend.k.logSoftmax(x), reference.logSoftmax(x), "logSoftmax");
    const { loss, grad } = backend.k.softmaxCrossEntropy(x, [1], { grad: true });
    expect(loss).toBe(Infinity);
    expectSameBits(grad, [0.5, -1, 0.5, 0], "gradient");
  });

  it("give +0 for probabilities that underflow, never −0 or a subnormal rounded the wrong way", () => {
    const x = Float32Array.of(0, -103, -103.5, -104, -110, -1e30);
    expectWithin(0.51, backend.k.softmax(x).subarray(1), reference.softmax(x).subarray(1), "softmax");
    expectSameBits(backend.k.softmax(x).subarray(4), [0, 0], "softmax");
  });
});

const anyFloat = fc.oneof(
  { weight: 4, arbitrary: fc.float({ min: -120, max: 120, noNaN: true }) },
  { weight: 1, arbitrary: fc.float({ noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, Infinity, -Infinity, Number.NaN, 1e-45, -1e-45, 88.7, -103.9) },
);
const anyRow = fc.array(anyFloat, { minLength: 1, maxLength: 40 }).map((row) => Float32Array.from(row));

describeEachBackend("rows of any floats whatever", (backend) => {
  const property = (name: string, check: (row: Float32Array, label: number) => void) =>
    it(name, () => {
      const both = fc.property(anyRow, fc.nat(), (row, n) => check(row, n % row.length));
      fc.assert(both, { numRuns: 1500, seed: 1 });
    });

  property("have a softmax within 4 ULP", (row) => {
    expectWithin(4, backend.k.softmax(row), reference.softmax(row), "softmax");
  });

  property("have a logSoftmax within 4 ULP", (row) => {
    expectWithin(4, backend.k.logSoftmax(row), reference.logSoftmax(row), "logSoftmax");
  });

  property("have a cross-entropy and gradient within 4 ULP", (row, label) => {
    const { loss, grad } = backend.k.softmaxCrossEntropy(row, [label], { grad: true });
    const truth = reference.softmaxCrossEntropy(row, [label], { grad: true });
    expectWithin(4, loss, truth.loss, "loss");
    expectWithin(4, grad, truth.grad, "gradient");
  });
});
