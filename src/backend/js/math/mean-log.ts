import { BLOCK } from "../../backend.js";
import type { Memory } from "../memory.js";
import { nan, unscaled } from "./bits.js";
import { exponent } from "./log.js";
import { exponentGap, putParts } from "./log-pass.js";

/** log(x/m), m = (p + q)/2, of the smaller and the larger of two numbers: assembly/math/mean-log.ts has the method. */
const { fround } = Math;

const LARGE = 2 ** 65;
const NOTHING = 2 ** -36;

/** Stores s and k of both logarithms, the smaller number's first: as of 1 where both are 0, NaN where one is negative. */
export function reduceMeanLogs({ f32 }: Memory, p: number, q: number, parts: number, n: number): void {
  const ps = p >>> 2;
  const qs = q >>> 2;
  const first = parts >>> 2;
  for (let i = 0; i < n; i++) {
    const a = f32[ps + i];
    const b = f32[qs + i];
    // So that no difference is subnormal and no sum infinite.
    const unit = Math.max(a, b) < LARGE ? 2 ** 60 : 2 ** -30;
    reduceSmaller(f32, first + i, Math.min(a, b) * unit, Math.max(a, b) * unit);
    reduceLarger(f32, first + 2 * BLOCK + i, Math.min(a, b) * unit, Math.max(a, b) * unit);
  }
}

/** The parts of log(smaller/m). */
function reduceSmaller(f32: Float32Array, at: number, smaller: number, larger: number): void {
  if (smaller > 0 && larger < Infinity) {
    const sum = fround(smaller + larger);
    const k = exponentGap(2 * smaller, sum);
    const up = exponent(smaller);
    const x = unscaled(smaller, up);
    const t = fround(k === 0 ? unscaled(smaller - larger, up) : 2 * x - unscaled(sum, up - k));
    putParts(f32, at, t / fround(4 * x - t), k);
  } else {
    putParts(f32, at, 0, smaller === 0 ? 0 : Math.log(Math.min(smaller, smaller / larger)));
  }
}

/** The parts of log(larger/m). */
function reduceLarger(f32: Float32Array, at: number, smaller: number, larger: number): void {
  if (smaller >= 0 && larger > 0 && larger < Infinity) {
    const far = 2 * smaller < larger;
    const t = far ? -2 * Math.max(smaller, larger * NOTHING) : fround(larger - smaller);
    putParts(f32, at, t / fround(4 * larger - t), far ? 1 : 0);
  } else {
    putParts(f32, at, 0, smaller === 0 && larger === 0 ? 0 : nan());
  }
}
