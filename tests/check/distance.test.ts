import { describe, expect, it } from "vitest";
import { distanceOf } from "../../src/check/distance.js";

const LARGEST = 2 ** 128 - 2 ** 104;

describe("the distance of a result from the truth", () => {
  it("is in float32 units in the last place, below the smallest normal number too", () => {
    expect(distanceOf(1 + 2 ** -22, 1)).toBe(2);
    expect(distanceOf(2 ** -148, 0)).toBe(2);
    expect(distanceOf(2 ** -130 + 2 ** -149, 2 ** -130)).toBe(1);
    expect(distanceOf(-0.5, -0.5 + 2 ** -25)).toBe(1);
  });

  it("takes an infinite result for the end of float32, and a truth beyond for no more", () => {
    expect(distanceOf(Infinity, 2 ** 128 - 2 ** 103)).toBe(0.5);
    expect(distanceOf(LARGEST, 1e300)).toBe(1);
    expect(distanceOf(-Infinity, -1e300)).toBe(0);
  });

  it("is in units of the magnitude, of the truth where that is infinite", () => {
    expect(distanceOf(1, 1 + 2 ** -23, 2)).toBe(0.5);
    expect(distanceOf(3, 3 + 2 ** -22, Infinity)).toBe(1);
  });

  it("is infinite between what is a number and what is not", () => {
    expect(distanceOf(LARGEST, Infinity)).toBe(Infinity);
    expect(distanceOf(0, Number.NaN)).toBe(Infinity);
    expect(distanceOf(Number.NaN, 0)).toBe(Infinity);
    expect(distanceOf(Number.NaN, Number.NaN)).toBe(0);
    expect(distanceOf(Infinity, Infinity)).toBe(0);
  });
});
