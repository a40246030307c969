import { bitsOf, unscaled } from "./bits.js";
import { madd } from "./fma.js";

/** log in float32: assembly/math/log.ts has the method, the constants' origin and the error. */
const { fround } = Math;

const P0 = 0.33333319425582886;
const P1 = -0.25000274181365967;
const P2 = 0.20001767575740814;
const P3 = -0.16653792560100555;
const P4 = 0.14216920733451843;
const P5 = -0.12644901871681213;
const P6 = 0.12128540873527527;
const P7 = -0.10388776659965515;
const P8 = 0.04719308763742447;

/** ln 2 in two parts, of which k times the first is exact. */
export const LN2_HIGH = 0.693145751953125;
export const LN2_LOW = 0.000001428606765330187;
const SQRT_HALF_BITS = 0x3f3504f3;

/** f³·p(f) − f²/2, the part of log(1 + f) behind f, for f in [√½ − 1, ½]. */
export function logTail(f: number): number {
  const f2 = fround(f * f);
  const f4 = fround(f2 * f2);
  const p01 = madd(P1, f, P0);
  const p23 = madd(P3, f, P2);
  const p45 = madd(P5, f, P4);
  const p67 = madd(P7, f, P6);
  const p47 = madd(f2, p67, p45);
  const p = madd(f4, madd(f4, P8, p47), madd(f2, p23, p01));
  return fround(fround(fround(f2 * f) * p) - fround(0.5 * f2));
}

/** The exponent k of 2^k·m with m in [√½, √2), as an integer; x is positive. */
export function exponent(x: number): number {
  return (bitsOf(x) - SQRT_HALF_BITS) >> 23;
}

/** k·ln 2 + f + tail, the large term last. */
export function joinLog(k: number, f: number, tail: number): number {
  const low = madd(k, LN2_LOW, tail);
  return madd(k, LN2_HIGH, fround(f + low));
}

export function log(x: number): number {
  if (!(x > 0 && x < Infinity)) return Math.log(x); // a limit or NaN
  const k = exponent(x);
  const f = unscaled(x, k) - 1; // exact
  return joinLog(k, f, logTail(f));
}
