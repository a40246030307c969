import { describe, expect, it } from "vitest";
import { logSoftmax, logSoftmaxBackward, logSumExp, softmax, softmaxBackward } from "../../src/reference/index.js";
import { abs, dot, errorOf, exp, fixed, mul, sum } from "./high-precision.js";
import * as literal from "./literal.js";
import { hardRows, normals, probabilities } from "./samples.js";

const BOUND = 1e-12;

describe("softmax, logSoftmax and logSumExp are within 1e−12 of the literal formulas", () => {
  it.each(hardRows)("%s", (_, row) => {
    const p = softmax(row);
    literal.softmax(row).forEach((want, i) => {
      expect(errorOf(p[i], want), `softmax ${i}`).toBeLessThan(BOUND);
    });
    const lp = logSoftmax(row);
    literal.logSoftmax(row).forEach((want, i) => {
      expect(errorOf(lp[i], want), `logSoftmax ${i}`).toBeLessThan(BOUND);
    });
    expect(errorOf(logSumExp(row)[0], literal.logSumExp(row), literal.logSumExpUnit(row))).toBeLessThan(BOUND);
  });

  it("a row of 2048", () => {
    const row = normals(11, 2048, 0, 4);
    const p = softmax(row);
    literal.softmax(row).forEach((want, i) => {
      expect(errorOf(p[i], want)).toBeLessThan(BOUND);
    });
    expect(errorOf(logSumExp(row)[0], literal.logSumExp(row))).toBeLessThan(BOUND);
  });

  it("log-probabilities that are nearly 0 keep their digits: −log1p(2e^−20) for [20, 0, 0]", () => {
    expect(logSoftmax([20, 0, 0])[0]).toBeCloseTo(-4.122307236380407e-9, 22);
    expect(logSoftmax([100, 0])[0]).toBe(-Math.exp(-100));
  });

  it("a constant row of 2^20", () => {
    const row = new Float32Array(2 ** 20).fill(-3.5);
    expect(logSumExp(row)[0]).toBeCloseTo(-3.5 + 20 * Math.LN2, 14);
    expect(softmax(row).every((p) => Math.abs(p * 2 ** 20 - 1) < 1e-14)).toBe(true);
  });

  it("a peak over 2^22 small terms, where plain summation drifts", () => {
    const length = 2 ** 22;
    const row = new Float32Array(length).fill(-30);
    row[12345] = 0;
    const rest = BigInt(length - 1) * exp(fixed(-30));
    // log(1 + rest) by its series: rest is 4e−7, so three terms leave 1e−26.
    const want = rest - mul(rest, rest) / 2n + mul(rest, mul(rest, rest)) / 3n;
    expect(errorOf(logSumExp(row)[0], want)).toBeLessThan(BOUND);
  });
});

describe("temperature", () => {
  it("defines the logits fround(z / T)", () => {
    const z = normals(12, 20, 0, 5);
    const scaled = z.map((x) => Math.fround(x / 0.7));
    expect(softmax(z, { temperature: 0.7 })).toEqual(softmax(scaled));
    expect(logSoftmax(z, { temperature: 0.7 })).toEqual(logSoftmax(scaled));
    expect(logSumExp(z, { temperature: 0.7 })).toEqual(logSumExp(scaled));
    expect(logSumExp([100], { temperature: 0.001 })).toEqual(Float64Array.of(Math.fround(100 / 0.001)));
    expect(() => softmax(z, { temperature: 1e-50 })).toThrow(RangeError);
    expect(() => softmax(z, { temperature: 1e39 })).toThrow(RangeError);
  });
});

describe("the backward operations are within 1e−12 of the literal formulas, in units of their terms' magnitudes", () => {
  it.each([2, 10, 300])("softmaxBackward on %i classes", (length) => {
    const p = probabilities(length, length);
    const dp = normals(length + 1, length);
    const pFixed = p.map(fixed);
    const dpFixed = dp.map(fixed);
    const mean = dot(pFixed, dpFixed);
    const magnitude = dot(pFixed, dpFixed.map(abs));
    const dx = softmaxBackward(p, dp);
    for (let i = 0; i < length; i++) {
      const want = mul(pFixed[i], dpFixed[i] - mean);
      expect(errorOf(dx[i], want, mul(pFixed[i], abs(dpFixed[i]) + magnitude))).toBeLessThan(BOUND);
    }
  });

  it.each([2, 10, 300])("logSoftmaxBackward on %i classes", (length) => {
    const lp = Array.from(logSoftmax(normals(length + 2, length, 0, 5)), Math.fround);
    const dlp = normals(length + 3, length).map(fixed);
    const dx = logSoftmaxBackward(lp, normals(length + 3, length));
    for (let i = 0; i < length; i++) {
      const p = exp(fixed(lp[i]));
      const want = dlp[i] - mul(p, sum(dlp));
      expect(errorOf(dx[i], want, abs(dlp[i]) + mul(p, sum(dlp.map(abs))))).toBeLessThan(BOUND);
    }
  });
});
