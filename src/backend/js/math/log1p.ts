import { madd } from "./fma.js";
import { exponent, joinLog, logLimit, logTail, unscaled } from "./log.js";

/** log(1 + x) in float32: assembly/math/log1p.ts has the methods, the constants' origin and the errors. */
const { fround } = Math;

const Q0 = 0.49999988079071045;
const Q1 = -0.33332714438438416;
const Q2 = 0.24988871812820435;
const Q3 = -0.198997363448143;
const Q4 = 0.16135865449905396;
const Q5 = -0.12481893599033356;
const Q6 = 0.08328672498464584;
const Q7 = -0.04217105358839035;
const Q8 = 0.013726967386901379;
const Q9 = -0.0020936294458806515;

/** log(1 + e) for 0 ≤ e ≤ 1. */
export function log1pUnit(e: number): number {
  const e2 = fround(e * e);
  const e4 = fround(e2 * e2);
  const q01 = madd(Q1, e, Q0);
  const q23 = madd(Q3, e, Q2);
  const q45 = madd(Q5, e, Q4);
  const q67 = madd(Q7, e, Q6);
  const q89 = madd(Q9, e, Q8);
  const q = madd(e4, madd(e4, q89, madd(e2, q67, q45)), madd(e2, q23, q01));
  return fround(e - fround(e2 * q));
}

/** log(1 + e) for 0 ≤ e ≤ 1, within 1 ULP. */
export function log1pExact(e: number): number {
  if (!(e >= 0.5)) return joinLog(0, e, logTail(e));
  const f = (e - 1) * 0.5; // exact
  return joinLog(1, f, logTail(f));
}

/** log(1 + x) over all of float32. */
export function log1p(x: number): number {
  const u = fround(1 + x);
  if (!(u > 0 && u < Infinity)) return logLimit(u);
  const k = exponent(u);
  if (k === 0) return joinLog(0, x, fround(logTail(x) + 0));
  const lost = x >= 1 ? fround(1 - fround(u - x)) : fround(x - fround(u - 1));
  const f = fround(unscaled(u, k) - 1);
  return joinLog(k, f, fround(logTail(f) + fround(lost / u)));
}
