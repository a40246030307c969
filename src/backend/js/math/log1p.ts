import { unscaled } from "./bits.js";
import { madd } from "./fma.js";
import { exponent, joinLog, LN2_HIGH, LN2_LOW, logTail } from "./log.js";

/** log(1 + x) in float32: assembly/math/log1p.ts has the method, the constants' origin and the error. */
const { fround } = Math;

const Q0 = 0.08333368599414825;
const Q1 = 0.012486767955124378;
const Q2 = 0.002372226445004344;

/** log(1 + e) for 0 ≤ e ≤ 1. */
export function log1pUnit(e: number): number {
  const upper = e >= 0.5;
  const f = upper ? (e - 1) * 0.5 : e; // exact
  const h = f * 0.5; // exact, or far below 1 and with a product that is 0
  const d = fround(f / fround(1 + h));
  const z = fround(d * d);
  const q = madd(z, madd(z, Q2, Q1), Q0);
  const low = fround((upper ? LN2_LOW : 0) - fround(d * fround(h - fround(z * q))));
  return fround((upper ? LN2_HIGH : 0) + fround(f + low));
}

/** log(1 + x) over all of float32. */
export function log1p(x: number): number {
  if (x === 0) return x;
  const u = fround(1 + x);
  if (!(u > 0 && u < Infinity)) return Math.log(u); // a limit or NaN
  const k = exponent(u);
  if (k === 0) return joinLog(0, x, fround(logTail(x) + 0));
  const lost = x >= 1 ? fround(1 - fround(u - x)) : fround(x - fround(u - 1));
  const f = unscaled(u, k) - 1; // exact
  return joinLog(k, f, fround(logTail(f) + fround(lost / u)));
}
