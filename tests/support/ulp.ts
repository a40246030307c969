import { expect } from "vitest";
import type { FloatOutput } from "../../src/index.js";

/** Distances between a float32 result and a true value, in units in the last place of float32. */

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** The unit in the last place of a real number if float32 held it: 2^-149 for subnormal ones, 2^104 for the largest. */
export function ulp(value: number): number {
  float[0] = value;
  const exponent = ((words[1] >>> 20) & 0x7ff) - 1023;
  return 2 ** (Math.min(Math.max(exponent, -126), 127) - 23);
}

/** Where float32 ends: an infinite result stands for 2^128, as does a true value beyond. */
const OVERFLOW = 2 ** 128;

function clamp(value: number): number {
  return Math.max(-OVERFLOW, Math.min(OVERFLOW, value));
}

/**
 * How far a float32 result is from the true value, in ULP of `magnitude` (default: of the true value). A NaN is at
 * distance 0 from a NaN and infinitely far from a number, and so is a number from an infinite true value.
 */
export function distance(value: number, truth: number, magnitude = truth): number {
  if (Object.is(value, truth) || value === truth) return 0;
  if (!Number.isFinite(truth) || Number.isNaN(value)) return Infinity;
  return Math.abs(clamp(value) - clamp(truth)) / ulp(Number.isFinite(magnitude) ? magnitude : truth);
}

/** A result: an array, wherever it is, or the number of a reduced loss. */
export type Values = number | ArrayLike<number> | FloatOutput;

/** The elements of a result. */
export function list(values: Values): ArrayLike<number> {
  if (typeof values === "number") return [values];
  return "data" in values ? values.data : values;
}

/** Fails unless each value is within `bound` ULP of the truth, naming the worst. */
export function expectWithin(
  bound: number,
  values: Values,
  truths: Values,
  what: string,
  magnitudes: Values = truths,
): void {
  const got = list(values);
  const truth = list(truths);
  const units = list(magnitudes);
  if (got.length !== truth.length) expect.fail(`${what}: ${got.length} values, expected ${truth.length}`);
  let worst = 0;
  let at = -1;
  for (let i = 0; i < truth.length; i++) {
    const d = distance(got[i], truth[i], units[i]);
    if (d > worst) {
      worst = d;
      at = i;
    }
  }
  if (worst > bound) {
    expect.fail(`${what}: element ${at} is ${got[at]}, truly ${truth[at]}: ${worst} ULP, bound ${bound}`);
  }
}

/** Fails unless two results have the same bits; a NaN equals any NaN. */
export function expectSameBits(values: Values, expected: Values, what: string): void {
  const got = list(values);
  const want = list(expected);
  if (got.length !== want.length) expect.fail(`${what}: ${got.length} values, expected ${want.length}`);
  for (let i = 0; i < want.length; i++) {
    if (got[i] === want[i] && got[i] !== 0) continue;
    if (!Object.is(got[i], want[i])) expect.fail(`${what}: element ${i} is ${show(got[i])}, expected ${show(want[i])}`);
  }
}

function show(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
