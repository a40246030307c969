import { exponent, joinLog, logTail, unscaled } from "./log.js";

/** log(p/q) in float32: assembly/math/log-ratio.ts has the method. */
const { fround } = Math;

const SMALLEST_NORMAL = 1.1754943508222875e-38;
const LIFT = 8388608; // 2^23
const SQRT2 = 1.4142135381698608;
const SQRT_HALF = 0.7071067690849304;

export function logRatio(p: number, q: number): number {
  if (!(p > 0 && p < Infinity && q > 0 && q < Infinity)) return limit(fround(p / q));
  const smallP = p < SMALLEST_NORMAL;
  const smallQ = q < SMALLEST_NORMAL;
  const normalP = smallP ? p * LIFT : p; // exact
  const normalQ = smallQ ? q * LIFT : q;
  const i = exponent(normalP);
  const j = exponent(normalQ);
  const a = unscaled(normalP, i);
  let near = unscaled(normalQ, j);
  let k = (smallP ? i - 23 : i) - (smallQ ? j - 23 : j);
  if (a > fround(near * SQRT2)) {
    near *= 2;
    k++;
  } else if (a < fround(near * SQRT_HALF)) {
    near *= 0.5;
    k--;
  }
  const f = fround(fround(a - near) / near);
  return joinLog(k, f, logTail(f));
}

/** The logarithm where one of the two is 0, infinite, negative or a NaN. */
function limit(quotient: number): number {
  if (quotient === 0) return -Infinity;
  return quotient === Infinity ? Infinity : Number.NaN;
}
