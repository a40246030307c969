/** Logarithms of floats in float64: assembly/math/wide-log.ts has the methods, the constants' origin and the error. */

const P1 = 0.6666694734744875;
const P2 = 0.3995782577621141;
const P3 = 0.30360561852076456;

/** The bits of two numbers, two words each. */
const pair = new Float64Array(2);
const words = new Uint32Array(pair.buffer);
const HIGH = new Uint8Array(Uint16Array.of(1).buffer)[0]; // the upper word's index: 1 where bytes are little-endian
const LOW = 1 - HIGH;

/** 2^k for −1022 ≤ k ≤ 1023 */
const POWERS = Float64Array.from({ length: 2046 }, (_, i) => 2 ** (i - 1022));

function join(k: number, s: number): number {
  const y = s * s;
  return k * Math.LN2 + s * (y * (y * (y * P3 + P2) + P1) + 2);
}

/** log x of any number: −Infinity for 0, NaN for a negative one. */
export function logOf(x: number): number {
  if (!(x > 0 && x < Infinity)) return limit(x);
  pair[0] = x;
  const high = words[HIGH];
  words[HIGH] = (high & 0x000fffff) | 0x3ff00000;
  let m = pair[0];
  let k = (high >> 20) - 1023;
  if (m >= Math.SQRT2) {
    m *= 0.5;
    k++;
  }
  return join(k, (m - 1) / (m + 1));
}

/** log(p/q) of any two numbers: with a zero ∓Infinity; of two of them, a negative number or a NaN, NaN. */
export function logRatioOf(p: number, q: number): number {
  if (!(p > 0 && p < Infinity && q > 0 && q < Infinity)) return limit(p / q);
  pair[0] = p;
  pair[1] = q;
  const borrow = words[LOW] < words[2 + LOW] ? 1 : 0;
  const k = (words[HIGH] - words[2 + HIGH] - borrow + 0x80000) >> 20;
  const near = q * POWERS[k + 1022];
  return join(k, (p - near) / (p + near));
}

function limit(x: number): number {
  if (x === 0) return -Infinity;
  return x === Infinity ? Infinity : Number.NaN;
}
