import { power2 } from "./bits.js";
import { LN2_HIGH, LOG2E, MINUS_LN2_LOW, Q0, Q1, Q2, Q3, Q4, ROUND } from "./exp.js";
import { madd } from "./fma.js";

/** exp(x) with float32's accuracy and float64's range: assembly/math/wide-exp.ts has the method, exp.ts the constants. */
const { fround } = Math;

const BIASED_ROUND = ROUND + 1023;
const FLOOR = -709.0895385742188;
const CEILING = fround(709.7827148438);

export function wideExp(x: number): number {
  if (Number.isNaN(x)) return x;
  const d = Math.min(Math.max(x, FLOOR), CEILING);
  const n = madd(d, LOG2E, BIASED_ROUND) - BIASED_ROUND; // exact
  const high = d - n * LN2_HIGH; // exact
  const low = fround(n * MINUS_LN2_LOW);
  const t = fround(high + low);
  const t2 = fround(t * t);
  const q = madd(t2, madd(t2, Q4, madd(Q3, t, Q2)), madd(Q1, t, Q0));
  return fround(1 + fround(high + madd(t2, q, low))) * power2(n);
}
