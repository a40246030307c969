import { HIGH, power2, value, words } from "./bits.js";

/**
 * What a row needs once, in float64: the same code as assembly/math/scalar.ts, which has the errors. Only +, −, ×, ÷ and
 * bit moves, so every engine has the same bits.
 */

const LN2_HIGH = 0.6931471803691238; // ln 2 with 21 low bits clear: n times it is exact for |n| < 2^21
const LN2_LOW = 1.9082149292705877e-10;
const ROUND = 6755399441055744; // 1.5·2^52: adding and subtracting it rounds to the nearest integer, ties to even

const LOG1P_0 = 0.3333333335515355;
const LOG1P_1 = 0.1999999231632247;
const LOG1P_2 = 0.14286591449859665;
const LOG1P_3 = 0.11067585683915901;
const LOG1P_4 = 0.10060912037204044;

/** log(1 + r) for r ≥ 0. */
export function log1p(r: number): number {
  if (!(r < Infinity)) return r;
  let s: number;
  let k = 0;
  if (r < 0.5) {
    s = r / (2 + r);
  } else {
    const u = 1 + r;
    value[0] = u;
    k = (words[HIGH] >> 20) - 1023;
    let m = u / power2(k);
    if (m >= Math.SQRT2) {
      m *= 0.5;
      k += 1;
    }
    s = (m - 1) / (m + 1);
  }
  const y = s * s;
  const p = LOG1P_0 + y * (LOG1P_1 + y * (LOG1P_2 + y * (LOG1P_3 + y * LOG1P_4)));
  const d = s + s;
  return k * Math.LN2 + (d + d * y * p);
}

/** exp(x) for x ≤ 0. */
export function exp(x: number): number {
  if (!(x > -700)) return Number.isNaN(x) ? x : 0;
  const n = x * Math.LOG2E + ROUND - ROUND;
  const t = x - n * LN2_HIGH - n * LN2_LOW;
  let sum = 1;
  for (let k = 11; k > 0; k--) sum = 1 + (t / k) * sum;
  return sum * power2(n);
}
