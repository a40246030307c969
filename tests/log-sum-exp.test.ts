import { expect, it } from "vitest";
import { AxisError, OverlapError } from "../src/index.js";
import { logSumExp } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { expectRefused } from "./support/refusals.js";
import { LOGITS, LONG_LENGTHS, normal, SHORT_LENGTHS } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

/** |max| + log Σ exp(x − max) of each row: what a log-sum-exp near 0 is a difference of. */
function terms(x: Float32Array, length: number): Float64Array {
  const sums = logSumExp(x, { shape: [x.length / length, length] });
  return sums.map((sum, r) => {
    const max = x.subarray(r * length, (r + 1) * length).reduce((a, b) => Math.max(a, b), -Infinity);
    return Math.abs(max) + Math.abs(sum - max);
  });
}

describeEachBackend("logSumExp", (backend) => {
  it.each(LOGITS)("is within 4 ULP of its terms at every length: logits %s", (_, sample) => {
    for (const length of [...SHORT_LENGTHS.slice(1), ...LONG_LENGTHS.filter((n) => backend.affords(n))]) {
      const rows = length > 100 ? 1 : 3;
      const shape = [rows, length];
      const x = sample(rows * length, length + 1);
      expectWithin(4, backend.k.logSumExp(x, { shape }), logSumExp(x, { shape }), `length ${length}`, terms(x, length));
    }
  });

  it("is within 4 ULP of its terms where they cancel: a sum of exponentials near 1", () => {
    for (const length of [2, 3, 50, 3000]) {
      const x = new Float32Array(length).fill(-Math.log(length));
      expectWithin(4, backend.k.logSumExp(x), logSumExp(x), `length ${length}`, terms(x, length));
    }
  });

  it("never overflows", () => {
    const x = Float32Array.of(3.4e38, 3.4e38, -3.4e38, -3.4e38);
    expectSameBits(backend.k.logSumExp(x, { shape: [2, 2] }), [Math.fround(3.4e38), Math.fround(-3.4e38)], "huge");
  });

  it("is −Infinity for nothing or −Infinity alone, +Infinity with one, NaN with one", () => {
    const { k } = backend;
    const nan = Number.NaN;
    const rows = [-Infinity, -Infinity, Infinity, 1, Infinity, -Infinity, nan, 1, nan, Infinity];
    const x = Float32Array.from(rows);
    expectSameBits(k.logSumExp(x, { shape: [5, 2] }), [-Infinity, Infinity, Infinity, nan, nan], "rows");
    expectSameBits(k.logSumExp(x, { shape: [2, 5], axis: 0 }), [-Infinity, nan, Infinity, nan, Infinity], "columns");
    expectSameBits(k.logSumExp(new Float32Array(0), { shape: [2, 0] }), [-Infinity, -Infinity], "no columns");
    expectSameBits(k.logSumExp(new Float32Array(0), { shape: [0, 2] }), [], "no rows");
  });

  it("reduces several axes to the log-sum-exp of all their elements, and drops them", () => {
    const shape = [2, 3, 4, 5];
    const x = normal(120, 7, 0, 5);
    for (const axis of [[3], [2, 3], [0, 1], [1, 2], [0, 2], [3, 1], [-1, 0], [0, 1, 2, 3], [-2]]) {
      const truth = logSumExp(x, { shape, axis });
      expectWithin(4, backend.k.logSumExp(x, { shape, axis }), truth, `axes [${axis}]`);
    }
    expectSameBits(
      backend.k.logSumExp(x, { shape, axis: [2, 3] }),
      backend.k.logSumExp(x, { shape: [6, 20] }),
      "last two",
    );
  });

  it("of axes that lie apart has the bits of their elements side by side, in tiles of positions and of columns", () => {
    const { k } = backend;
    for (const [a, b, c] of [
      [3, 5, 4],
      [2, 4097, 2],
      [2, 40_000, 2],
      [40, 9, 90],
      [300, 2, 301],
      [520, 2, 521],
    ]) {
      if (!backend.affords(a * b * c)) continue;
      const shape = [a, b, c];
      const x = normal(a * b * c, b, 0, 5);
      const together = Float32Array.from(
        x,
        (_, i) => x[(Math.floor(i / c) % a) * b * c + Math.floor(i / (a * c)) * c + (i % c)],
      );
      for (const options of [{}, { temperature: 2 }]) {
        const expected = k.logSumExp(together, { ...options, shape: [b, a * c] });
        expectSameBits(k.logSumExp(x, { ...options, shape, axis: [0, 2] }), expected, `foreign, [${shape}]`);
        const resident = k.alloc(shape).set(x);
        expectSameBits(k.logSumExp(resident, { ...options, axis: [2, 0] }), expected, `resident, [${shape}]`);
        resident.free();
      }
    }
    const ones = Float32Array.of(3, -1, 2);
    expectSameBits(k.logSumExp(ones, { shape: [1, 3, 1], axis: [0, 2], out: ones }), [3, -1, 2], "in place");
  });

  it("over no axis is the input itself", () => {
    const x = Float32Array.of(1, -2, Number.NaN, Infinity, -Infinity, 1e-45);
    expectSameBits(backend.k.logSumExp(x, { shape: [2, 3], axis: [] }), x, "no axis");
    const zeros = Float32Array.of(-0, 0, -1e-45, Infinity, -Infinity, -0);
    const { k } = backend;
    for (const z of [zeros, k.alloc([6]).set(zeros)]) expectSameBits(k.logSumExp(z, { axis: [] }), zeros, "of zeros");
    expectSameBits(backend.k.logSumExp(x.subarray(0, 1), { shape: [], axis: [] }), [1], "of a number");
  });

  it("refuses an axis that is named twice, or that isn't there", () => {
    for (const axis of [
      [0, 0],
      [1, -1],
      [2],
      [-3],
      [0.5],
      ["0"],
      [undefined],
      new Array(1),
      [0, ...new Array(1)],
      null,
    ]) {
      expectRefused(backend.k, AxisError, "AXIS", (k) =>
        k.logSumExp(normal(6, 1), { shape: [2, 3], axis: axis as number[] }),
      );
    }
  });

  it("writes where it is told: arrays and resident batches", () => {
    const { k } = backend;
    const x = normal(12, 3);
    const expected = k.logSumExp(x, { shape: [3, 4] });
    const out = new Float32Array(3);
    expect(k.logSumExp(x, { shape: [3, 4], out })).toBe(out);
    expectSameBits(out, expected, "array");
    const z = k.alloc([3, 4]).set(x);
    const to = k.alloc([3]);
    expect(k.logSumExp(z, { out: to })).toBe(to);
    expectSameBits(to, expected, "resident");
    z.free();
    to.free();
  });

  it("takes the place of the input where that has one class per position", () => {
    const { k } = backend;
    for (const { shape, axis } of [
      { shape: [5, 1], axis: -1 },
      { shape: [2, 1, 3], axis: 1 },
      { shape: [2, 3], axis: [] },
      { shape: [1, 70_000], axis: 0 },
    ]) {
      const x = normal(
        shape.reduce((a, b) => a * b, 1),
        7,
      );
      for (const temperature of [1, 3]) {
        const expected = k.logSumExp(x, { shape, axis, temperature });
        const array = x.slice();
        expect(k.logSumExp(array, { shape, axis, temperature, out: array })).toBe(array);
        expectSameBits(array, expected, `array of shape [${shape}]`);
        const z = k.alloc(shape).set(x);
        expectSameBits(k.logSumExp(z, { axis, temperature, out: z }), expected, `resident, shape [${shape}]`);
        expectRefused(k, OverlapError, "OVERLAP", () => {
          const { length } = x;
          const both = new Float32Array(length + 1);
          return k.logSumExp(both.subarray(1), { shape, axis, out: both.subarray(0, length) });
        });
        z.free();
      }
    }
  });
});
