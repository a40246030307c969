import { describe, expect, it } from "vitest";
import { CrossCheckError, checked } from "../src/check.js";
import { loadSync, OptionError, XentropyError } from "../src/index.js";
import { cappingBy, spoilt, spoiltRelaxed } from "./support/spoilt.js";

describe("a result that isn't confirmed", () => {
  const x = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
  const shape = [3, 4];

  function errorOf(call: () => unknown): CrossCheckError {
    try {
      call();
    } catch (error) {
      if (error instanceof CrossCheckError) return error;
      throw error;
    }
    return expect.fail("nothing was thrown");
  }

  it("throws a CrossCheckError that says where, what, and how far off", () => {
    const k = checked(spoilt(({ out }) => (out[6] *= 1 + 2 ** -18)));
    const right = loadSync().softmax(x, { shape });
    const error = errorOf(() => k.softmax(x, { shape }));
    expect(error).toBeInstanceOf(XentropyError);
    const { code, operation, output, row, column, value, expected, distance, unit, message } = error;
    expect([code, operation, output, row, column, unit]).toEqual(["CROSS_CHECK", "softmax", "out", 1, 2, "ULP"]);
    expect(value).toBe(Math.fround(right[6] * (1 + 2 ** -18)));
    expect(expected).toBe(right[6]);
    expect(distance).toBeGreaterThan(16);
    expect(distance).toBeLessThan(64);
    for (const part of ["softmax", "row 1", "column 2", String(value), String(expected), "ULP"]) {
      expect(message).toContain(part);
    }
  });

  it("is noticed in a single bit, in a zero's sign and where a number should be NaN", () => {
    const bit = checked(spoilt(({ out }) => (out[0] *= 1 + 2 ** -23)));
    expect(errorOf(() => bit.logSoftmax(x)).distance).toBeLessThanOrEqual(2);
    const sign = checked(spoilt(({ out }) => (out[1] = -out[1])));
    const zero = errorOf(() => sign.softmax(Float32Array.of(0, -1000)));
    expect([zero.value, zero.expected, zero.distance]).toEqual([-0, 0, 0]);
    expect(zero.message).toContain("-0");
    const nan = checked(spoilt(({ out }) => out.fill(0)));
    expect(errorOf(() => nan.softmax(Float32Array.of(Number.NaN))).distance).toBe(Infinity);
  });

  it("is named by its output: the loss, a position's loss, the gradient", () => {
    const number = checked(spoilt((result) => (result.loss = (result.loss as number) * 2)));
    const labels = [0, 1, 2];
    const total = errorOf(() => number.softmaxCrossEntropy(x, labels, { shape }));
    expect([total.operation, total.output, total.row, total.column]).toEqual(["softmaxCrossEntropy", "loss", 0, 0]);
    const each = checked(spoilt(({ loss }) => ((loss as Float32Array)[2] *= 2)));
    const one = errorOf(() => each.softmaxCrossEntropy(x, labels, { shape, reduction: "none" }));
    expect([one.output, one.row, one.column]).toEqual(["loss", 2, 0]);
    const grad = checked(spoilt((result) => (result.grad[5] *= 2)));
    const slope = errorOf(() => grad.sigmoidCrossEntropy(x, x.map(Math.abs), { shape, grad: true }));
    expect([slope.operation, slope.output, slope.row, slope.column]).toEqual(["sigmoidCrossEntropy", "grad", 1, 1]);
  });

  it("of relaxed kernels is measured against the reference alone", () => {
    const near = checked(spoiltRelaxed(({ out }) => (out[3] *= 1 + 2 ** -23)));
    expect(near.softmax(x)).toHaveLength(12);
    const far = checked(spoiltRelaxed(({ out }) => (out[3] *= 1 + 2 ** -19)));
    const error = errorOf(() => far.softmax(x, { shape: [1, 12] }));
    expect([error.row, error.column]).toEqual([0, 3]);
    expect(error.distance).toBeGreaterThan(4);
    expect(error.message).toMatch(/reference.* 4 ULP/);
  });

  it("of relaxed kernels is noticed in the capped logits", () => {
    const error = errorOf(() =>
      checked(cappingBy(1 + 2 ** -14)).softmaxCrossEntropy(x, [0, 1, 2], { shape, softcap: 0.5 }),
    );
    expect(error.output).toBe("loss");
  });

  it("of relaxed kernels is measured in units of the terms where targets make it a difference", () => {
    const t = Float32Array.of(0.25, 0.25, 0.25, 0.25);
    const even = new Float32Array(4);
    const relaxed = (error: number) => checked(spoiltRelaxed(({ grad }) => (grad[1] += error)));
    // p·Σt − t is 0, a difference of two terms of 1/4: their sum has the unit 2^-24.
    expect(relaxed(2 ** -23).softmaxCrossEntropy(even, t, { grad: true }).loss).toBeGreaterThan(1);
    const { distance } = errorOf(() => relaxed(2 ** -20).softmaxCrossEntropy(even, t, { grad: true }));
    expect(distance).toBeGreaterThan(4);
    expect(distance).toBeLessThan(40);
  });
});

it.each([[undefined], [null], [{}], [1]])("checked refuses %s, which are no kernels", (what) => {
  expect(() => checked(what as never)).toThrow(OptionError);
});
