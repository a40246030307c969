import { describe, expect, it } from "vitest";
import { distance, expectSameBits, expectWithin, ulp } from "./support/ulp.js";

describe("the ruler", () => {
  it("has the float32 unit of normal, subnormal and huge numbers", () => {
    expect(ulp(1)).toBe(2 ** -23);
    expect(ulp(-1.99)).toBe(2 ** -23);
    expect(ulp(1 - 2 ** -40)).toBe(2 ** -24);
    expect(ulp(2 ** -126)).toBe(2 ** -149);
    expect(ulp(1e-40)).toBe(2 ** -149);
    expect(ulp(0)).toBe(2 ** -149);
    expect(ulp(3e38)).toBe(2 ** 104);
    expect(ulp(1e40)).toBe(2 ** 104);
  });

  it("measures from the true value, not from its rounding", () => {
    expect(distance(1, 1 + 2 ** -24)).toBe(0.5);
    expect(distance(2 ** -149, 2 ** -150)).toBe(0.5);
    expect(distance(0, 2 ** -148)).toBe(2);
  });

  it("measures in units of a magnitude where the true value came from cancellation", () => {
    expect(distance(2 ** -23, 0, 1)).toBe(1);
  });

  it("lets a result overflow only where the true value does, or nearly", () => {
    const largest = (2 - 2 ** -23) * 2 ** 127;
    expect(distance(Infinity, 1e39)).toBe(0);
    expect(distance(Infinity, largest)).toBe(1);
    expect(distance(largest, 1e39)).toBe(1);
    expect(distance(-Infinity, 1e39)).toBe(2 ** 25);
    expect(distance(Infinity, 1)).toBeGreaterThan(1e30);
    expect(distance(1, Infinity)).toBe(Infinity);
  });

  it("takes NaN for NaN alone", () => {
    expect(distance(Number.NaN, Number.NaN)).toBe(0);
    expect(distance(Number.NaN, 0)).toBe(Infinity);
    expect(distance(0, Number.NaN)).toBe(Infinity);
    expect(distance(0, -0)).toBe(0);
  });

  it("names the worst element", () => {
    expect(() => expectWithin(4, [1, 1, 2], [1, 1 + 2 ** -20, 2], "p")).toThrow(/p: element 1 is 1.*8 ULP, bound 4/);
    expect(() => expectWithin(8, [1, 1, 2], [1, 1 + 2 ** -20, 2], "p")).not.toThrow();
    expect(() => expectWithin(8, [1], [1, 2], "p")).toThrow(/1 values, expected 2/);
  });

  it("tells zeros apart where bits count", () => {
    expect(() => expectSameBits([0], [-0], "p")).toThrow(/element 0 is 0, expected -0/);
    expect(() => expectSameBits([Number.NaN], [Number.NaN], "p")).not.toThrow();
  });
});
