import { LN2_HIGH, LOG2E, MINUS_LN2_LOW, Q0, Q1, Q2, Q3, Q4, ROUND } from "./exp.js";
import { madd } from "./fma.js";

/** exp(x) with float32's accuracy and float64's range: assembly/math/wide-exp.ts has the method, exp.ts the constants. */
const { fround } = Math;

const BIASED_ROUND = ROUND + 1023;
const FLOOR = -709.0895385742188;
const CEILING = fround(709.7827148438);

/** 2^n for −1023 ≤ n ≤ 1024, where n = −1023 stands for 0 and 1024 for Infinity. */
const POWERS = Float64Array.from({ length: 2048 }, (_, i) => (i === 0 ? 0 : 2 ** (i - 1023)));

export function wideExp(x: number): number {
  if (Number.isNaN(x)) return x;
  const d = Math.min(Math.max(x, FLOOR), CEILING);
  const n = madd(d, LOG2E, BIASED_ROUND) - BIASED_ROUND; // exact
  const high = fround(d - n * LN2_HIGH); // the product is exact
  const low = fround(n * MINUS_LN2_LOW);
  const t = fround(high + low);
  const t2 = fround(t * t);
  const q = madd(t2, madd(t2, Q4, madd(Q3, t, Q2)), madd(Q1, t, Q0));
  return fround(1 + fround(high + madd(t2, q, low))) * POWERS[n + 1023];
}
