import { BLOCK } from "../../backend.js";
import { bitsOf, power2, unscaled } from "./bits.js";
import { madd } from "./fma.js";
import { exponent, LN2_HIGH, LN2_LOW } from "./log.js";

/** Logarithms of the divergences in float32: assembly/math/log-pass.ts has the methods, the constants' origin and the error. */
const { fround } = Math;

const Q0 = 0.3333320915699005;
const Q1 = 0.20010718703269958;
const Q2 = 0.1400151252746582;
const Q3 = 0.14003390073776245;

/**
 * Stores s and, BLOCK floats on, k, in a first pass of two as in assembly/: for the same reason, and since one function of both
 * is so long that V8 calls it, with boxed numbers. Where the logarithm is infinite or NaN so is k.
 */
export function put(f32: Float32Array, at: number, s: number, k: number): void {
  f32[at] = s;
  f32[at + BLOCK] = k;
}

/** Those of log x, x any number. */
export function reduceLog(f32: Float32Array, at: number, x: number): void {
  if (x > 0 && x < Infinity) {
    const k = exponent(x);
    const f = unscaled(x, k) - 1; // exact
    put(f32, at, f / fround(f + 2), k);
  } else {
    put(f32, at, 0, Math.log(x)); // the limit, or NaN
  }
}

/** Those of log(1 − q), q at most 1. */
export function reduceRest(f32: Float32Array, at: number, q: number): void {
  if (q < 1) {
    const k = exponent(fround(1 - q));
    const power = power2(k);
    const f = 1 - power - q; // exact
    put(f32, at, f / fround(2 * power + f), k);
  } else {
    put(f32, at, 0, -Infinity);
  }
}

/** Those of log(p/q), 0 < p, 0 ≤ q. */
export function reduceRatio(f32: Float32Array, at: number, p: number, q: number): void {
  if (p < Infinity && q > 0 && q < Infinity) {
    const k = exponentGap(p, q);
    const up = exponent(p);
    const x = unscaled(p, up);
    const near = unscaled(q, up - k);
    put(f32, at, fround(x - near) / fround(x + near), k);
  } else {
    put(f32, at, 0, Math.log(p / (q + 0))); // the limit, or NaN; 0 for −0
  }
}

/** log2(p/q) less its fraction, or one that is above 0.91 up */
export function exponentGap(p: number, q: number): number {
  const gap = bitsOf(p) - bitsOf(q);
  return Math.floor((gap + (gap < 0 ? 0x74cccc : 0x0b3333)) / 2 ** 23);
}

/** k·ln 2 + 2·atanh(s), the large term last. */
export function join(s: number, k: number): number {
  const y = fround(s * s);
  const d = s + s;
  const low = madd(fround(d * y), madd(y, madd(y, madd(y, Q3, Q2), Q1), Q0), fround(k * LN2_LOW));
  return madd(k, LN2_HIGH, fround(d + low));
}
