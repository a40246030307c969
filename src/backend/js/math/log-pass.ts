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
 * Stores the parts of a logarithm: s and, BLOCK floats on, k. In a first pass of two, as in assembly/: for the same reason, and
 * because V8 doesn't inline a function of both, which is so long, and boxes the numbers it is called with. Where the logarithm
 * is infinite or NaN so is k.
 */
export function putParts(f32: Float32Array, at: number, s: number, k: number): void {
  f32[at] = s;
  f32[at + BLOCK] = k;
}

/** The parts of log x, x any number. */
export function reduceLog(f32: Float32Array, at: number, x: number): void {
  if (x > 0 && x < Infinity) {
    const k = exponent(x);
    const f = unscaled(x, k) - 1; // exact
    putParts(f32, at, f / fround(f + 2), k);
  } else {
    putParts(f32, at, 0, Math.log(x)); // the limit, or NaN
  }
}

/** The parts of log(1 − q), q at most 1. */
export function reduceRest(f32: Float32Array, at: number, q: number): void {
  if (q < 1) {
    const k = exponent(fround(1 - q));
    const power = power2(k);
    const f = 1 - power - q; // exact
    putParts(f32, at, f / fround(2 * power + f), k);
  } else {
    putParts(f32, at, 0, -Infinity);
  }
}

/** The parts of log(p/q), 0 < p, 0 ≤ q. */
export function reduceRatio(f32: Float32Array, at: number, p: number, q: number): void {
  if (p < Infinity && q > 0 && q < Infinity) {
    const k = exponentGap(p, q);
    const up = exponent(p);
    const x = unscaled(p, up);
    const near = unscaled(q, up - k);
    putParts(f32, at, fround(x - near) / fround(x + near), k);
  } else {
    putParts(f32, at, 0, Math.log(p / (q + 0))); // the limit, or NaN; 0 for −0
  }
}

/** log2(p/q) as the bits have it, rounded toward 0; away from 0 where the fraction is above 0.91. */
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
