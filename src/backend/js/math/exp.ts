import { madd } from "./fma.js";

/** exp in float32: assembly/math/exp.ts has the method, the constants' origin and the error. */
const { fround } = Math;

/** 1.5·2^23: adding it rounds to an integer, found in the low bits of the sum. */
export const ROUND = 12582912;

export const LOG2E = 1.4426950216293335;
export const LN2_HIGH = 0.693115234375;
export const MINUS_LN2_LOW = -0.00003194618329871446;
export const Q0 = 0.4999999403953552;
export const Q1 = 0.16666516661643982;
export const Q2 = 0.04166810214519501;
export const Q3 = 0.00836919154971838;
export const Q4 = 0.0013838871382176876;

/**
 * The floats with the bits n << 23, for the nine low bits n that the shift keeps: 2^(n − 127) for n in [1, 254], 0 for
 * n = 0. One load is cheaper than the way of a float's bits to an integer and back, which leads through memory twice.
 */
const POWERS = new Float32Array(Int32Array.from({ length: 512 }, (_, n) => n << 23).buffer);

/** exp(d)·2^shift; the caller chooses the shift by `round` = ROUND + 127 + shift. */
export function scaledExp(d: number, round: number): number {
  const z = madd(d, LOG2E, round);
  const n = z - round; // exact
  const power = POWERS[z & 511]; // z is an integer in [2^23, 2^24): its low bits are those of its float
  const high = d - n * LN2_HIGH; // exact: multiples of 2^-15 and of d's last place, and below ½
  const low = fround(n * MINUS_LN2_LOW);
  const t = fround(high + low);
  const t2 = fround(t * t);
  const q = madd(t2, madd(t2, Q4, madd(Q3, t, Q2)), madd(Q1, t, Q0));
  return madd(power, fround(high + madd(t2, q, low)), power);
}

const LIFTED = ROUND + 127 + 32;
const LOWERED = ROUND + 127 - 2;
const DOWN = 2 ** -32;
const FLOOR = -110.20980834960938; // −159·ln 2
const CEILING = 89;

/** exp(−x) for x ≥ 0. */
export function expMinus(x: number): number {
  const d = Math.max(-x, FLOOR);
  return fround(scaledExp(d, LIFTED) * DOWN);
}

/** exp(x) over all of float32. */
export function exp(x: number): number {
  const above = Math.max(x, FLOOR);
  const d = Math.min(CEILING, above);
  return x < 0 ? fround(scaledExp(d, LIFTED) * DOWN) : fround(scaledExp(d, LOWERED) * 4);
}
