import { describe, expect, it } from "vitest";
import { errorOf, exp, type Fixed, fixed, log, mul, ONE } from "./high-precision.js";

/** The first 60 decimals of a number below 10, truncated. */
const decimals = (x: Fixed): string => {
  const digits = ((x * 10n ** 60n) >> 512n).toString();
  return `${digits.slice(0, -60)}.${digits.slice(-60)}`;
};

describe("the high precision that judges the reference", () => {
  it("knows 60 decimals of e, log 2 and log 10", () => {
    expect(decimals(exp(ONE))).toBe("2.718281828459045235360287471352662497757247093699959574966967");
    expect(decimals(log(fixed(2)))).toBe(".693147180559945309417232121458176568075500134360255254120680");
    expect(decimals(log(fixed(10)))).toBe("2.302585092994045684017991454684364207601101488628772976033327");
  });

  it("inverts exp by log to 400 bits", () => {
    for (const x of [-60.25, -1, -1e-9, 0, 1e-30, 0.1, 3, 100, 1e4]) {
      const difference = log(exp(fixed(x))) - fixed(x);
      expect(difference < 1n << 112n && difference > -(1n << 112n), `at ${x}`).toBe(true);
    }
  });

  it("multiplies exponentials where it adds arguments", () => {
    const product = mul(exp(fixed(-37.5)), exp(fixed(40.25)));
    expect(errorOf(Number(exp(fixed(2.75)) >> 440n) * 2 ** -72, product)).toBeLessThan(2 ** -52);
  });

  it("measures errors", () => {
    expect(errorOf(1.25, ONE)).toBe(0.25);
    expect(errorOf(1.25, ONE, fixed(0.5))).toBe(0.5);
    expect(errorOf(2 ** -149, fixed(2 ** -149))).toBe(0);
    expect(errorOf(1, 0n)).toBe(Infinity);
  });
});
