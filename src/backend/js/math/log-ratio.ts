/** log(p/q) in float64: assembly/math/log-ratio.ts has the method, the constants' origin and the error. */

const P1 = 0.6666694734744875;
const P2 = 0.3995782577621141;
const P3 = 0.30360561852076456;

/** The bits of p and of q, two words each. */
const pair = new Float64Array(2);
const words = new Uint32Array(pair.buffer);
const HIGH = new Uint8Array(Uint16Array.of(1).buffer)[0]; // the upper word's index: 1 where bytes are little-endian
const LOW = 1 - HIGH;

/** 2^k for −1022 ≤ k ≤ 1023 */
const POWERS = Float64Array.from({ length: 2046 }, (_, i) => 2 ** (i - 1022));

function ofPositive(p: number, q: number): number {
  pair[0] = p;
  pair[1] = q;
  const borrow = words[LOW] < words[2 + LOW] ? 1 : 0;
  const k = (words[HIGH] - words[2 + HIGH] - borrow + 0x80000) >> 20;
  const near = q * POWERS[k + 1022];
  const s = (p - near) / (p + near);
  const y = s * s;
  return k * Math.LN2 + s * (y * (y * (y * P3 + P2) + P1) + 2);
}

/** log(p/q) of any two numbers: with a zero ∓Infinity, of two of them, a negative number or a NaN, NaN. */
export function logRatioOf(p: number, q: number): number {
  if (p > 0 && p < Infinity && q > 0 && q < Infinity) return ofPositive(p, q);
  const quotient = p / q;
  if (quotient === 0) return -Infinity;
  return quotient === Infinity ? Infinity : Number.NaN;
}
