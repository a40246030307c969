import { describe, expect, it } from "vitest";
import { sum, weighted } from "../../src/reference/sum.js";
import { errorOf, fixed, sum as fixedSum } from "./high-precision.js";
import { normals } from "./samples.js";

describe("sum", () => {
  it("is the exact sum rounded once, where plain summation loses five digits", () => {
    const tenths = new Float64Array(1_000_000).fill(0.1);
    const want = 1_000_000n * fixed(0.1);
    expect(errorOf(sum(tenths), want)).toBeLessThan(2 ** -53);
    expect(
      errorOf(
        tenths.reduce((a, b) => a + b),
        want,
      ),
    ).toBeGreaterThan(1e-12);
  });

  it("survives cancellation: the error is relative to the terms' magnitudes squared over ε", () => {
    const terms = normals(1, 1001).flatMap((x) => [x * 1e12, -x * 1e12, x]);
    expect(errorOf(sum(Float64Array.from(terms)), fixedSum(terms.map(fixed)))).toBeLessThan(1e-12);
  });

  it("keeps infinities and NaN", () => {
    expect(sum(Float64Array.of(1, Infinity, 2))).toBe(Infinity);
    expect(sum(Float64Array.of(1, -Infinity, Infinity))).toBeNaN();
    expect(sum(Float64Array.of(1, Number.NaN))).toBeNaN();
    expect(sum(new Float64Array(0))).toBe(0);
  });
});

describe("weighted", () => {
  it("weight 0 silences an infinite value, never a NaN", () => {
    expect(weighted(0, Infinity)).toBe(0);
    expect(weighted(0, -Infinity)).toBe(0);
    expect(weighted(0, Number.NaN)).toBeNaN();
    expect(weighted(2, Infinity)).toBe(Infinity);
    expect(weighted(3, -2)).toBe(-6);
  });
});
