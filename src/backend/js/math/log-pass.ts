import { bitsOf } from "./bits.js";
import { madd } from "./fma.js";
import { exponent, LN2_HIGH, LN2_LOW, logLimit, unscaled } from "./log.js";
import { power2 } from "./scalar.js";

/** Logarithms of the divergences in float32: assembly/math/log-pass.ts has the methods, the constants' origin and the error. */
const { fround } = Math;

const Q0 = 0.3333320915699005;
const Q1 = 0.20010718703269958;
const Q2 = 0.1400151252746582;
const Q3 = 0.14003390073776245;

/** Below it log(1 − q) is −q. */
const TINY_CHANCE = 2 ** -30;

const SMALL = 2 ** -100;
const LARGE = 2 ** 97;

/** log x of any number: −Infinity for 0, NaN for a negative one. */
export function logOf(x: number): number {
  if (!(x > 0 && x < Infinity)) return logLimit(x);
  const up = liftOf(x);
  const y = x * power2(up);
  const k = exponent(y);
  const f = unscaled(y, k) - 1; // exact
  return join(fround(f / fround(f + 2)), k - up);
}

/** log(1 − q) of a q in [0, 1]: −Infinity for 1. */
export function logRestOf(q: number): number {
  if (q === 1) return -Infinity;
  if (q < TINY_CHANCE) return -q;
  const k = exponent(fround(1 - q));
  const power = power2(k);
  const f = fround(1 - power - q);
  return join(fround(f / fround(2 * power + f)), k);
}

/** log(p/q) of any two numbers: with a zero ∓Infinity; of two of them, a negative number or a NaN, NaN. */
export function logRatioOf(p: number, q: number): number {
  if (!(p > 0 && p < Infinity && q > 0 && q < Infinity)) return logLimit(p / (q + 0)); // 0 for −0
  const upP = liftOf(p);
  const upQ = liftOf(q);
  const shift = upP - upQ;
  const x = p * power2(upP);
  const y = q * power2(upQ);
  const gap = bitsOf(x) - bitsOf(y) - shift * 2 ** 23;
  const k = Math.floor((gap + (gap < 0 ? 0x74cccc : 0x0b3333)) / 2 ** 23);
  const near = unscaled(y, -(k + shift));
  return join(fround(fround(x - near) / fround(x + near)), k);
}

/** 30 where x or a number near it is subnormal, −30 where their sum might overflow, else 0. */
function liftOf(x: number): number {
  if (x < SMALL) return 30;
  return x < LARGE ? 0 : -30;
}

/** k·ln 2 + 2·atanh(s), the large term last. */
export function join(s: number, k: number): number {
  const y = fround(s * s);
  const d = s + s;
  const low = madd(fround(d * y), madd(y, madd(y, madd(y, Q3, Q2), Q1), Q0), fround(k * LN2_LOW));
  return madd(k, LN2_HIGH, fround(d + low));
}
