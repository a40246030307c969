import { BLOCK } from "../../backend.js";
import type { Memory } from "../memory.js";
import { nan, unscaled } from "./bits.js";
import { exponent } from "./log.js";
import { exponentGap, put } from "./log-pass.js";

/** log(x/m), m = (p + q)/2, of the smaller and the larger of two numbers: assembly/math/mean-log.ts has the method. */
const { fround } = Math;

const LARGE = 2 ** 65;
const NOTHING = 2 ** -36;

/** Stores s and k of both logarithms, the smaller number's first: as of 1 where both are 0, NaN where one is negative. */
export function reduceMeanLogs({ f32 }: Memory, p: number, q: number, e: number, n: number): void {
  const ps = p >>> 2;
  const qs = q >>> 2;
  const es = e >>> 2;
  for (let i = 0; i < n; i++) {
    const a = f32[ps + i];
    const b = f32[qs + i];
    // So that no difference is subnormal and no sum infinite.
    const unit = Math.max(a, b) < LARGE ? 2 ** 60 : 2 ** -30;
    reduceLess(f32, es + i, Math.min(a, b) * unit, Math.max(a, b) * unit);
    reduceMore(f32, es + 2 * BLOCK + i, Math.min(a, b) * unit, Math.max(a, b) * unit);
  }
}

/** log(less/m) */
function reduceLess(f32: Float32Array, at: number, less: number, more: number): void {
  if (less > 0 && more < Infinity) {
    const sum = fround(less + more);
    const k = exponentGap(2 * less, sum);
    const up = exponent(less);
    const x = unscaled(less, up);
    const t = fround(k === 0 ? unscaled(less - more, up) : 2 * x - unscaled(sum, up - k));
    put(f32, at, t / fround(4 * x - t), k);
  } else {
    put(f32, at, 0, less === 0 ? 0 : Math.log(Math.min(less, less / more)));
  }
}

/** log(more/m) */
function reduceMore(f32: Float32Array, at: number, less: number, more: number): void {
  if (less >= 0 && more > 0 && more < Infinity) {
    const far = 2 * less < more;
    const t = far ? -2 * Math.max(less, more * NOTHING) : fround(more - less);
    put(f32, at, t / fround(4 * more - t), far ? 1 : 0);
  } else {
    put(f32, at, 0, less === 0 && more === 0 ? 0 : nan());
  }
}
