import { scaledExp } from "./math/exp.js";
import { anchorOf, exponentOf, floorOf, peakOf, roundOf, unscale } from "./math/exp-block.js";
import { log1p, power2 } from "./math/scalar.js";
import { sumExcept } from "./math/sum.js";
import type { Memory } from "./memory.js";
import { DOMINATED } from "./row.js";

/**
 * softmax, logSoftmax and logSumExp along an axis that isn't the last: assembly/across.ts has the contract. Here one
 * position is taken after the other, so `lanes` is not used and `e` holds the exponentials of one position.
 */
const { fround } = Math;

export function softmaxAcross(
  memory: Memory,
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
  _lanes: number,
): void {
  const { f32 } = memory;
  for (let i = 0; i < width; i++) {
    const from = (x >>> 2) + i;
    const to = (out >>> 2) + i;
    const max = maxAcross(f32, from, classes, stride);
    const factor = fround(1 / expAcross(f32, from, to, classes, stride, stride, max));
    for (let c = 0, at = to; c < classes; c++, at += stride) f32[at] *= factor;
  }
}

export function logSoftmaxAcross(
  memory: Memory,
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
  _lanes: number,
  e: number,
): void {
  const { f32 } = memory;
  for (let i = 0; i < width; i++) {
    const from = (x >>> 2) + i;
    const to = (out >>> 2) + i;
    const max = maxAcross(f32, from, classes, stride);
    const sum = expAcross(f32, from, e >>> 2, classes, stride, 1, max);
    const log = fround(logAcross(memory, e, classes, max, sum));
    for (let c = 0, at = 0; c < classes; c++, at += stride) f32[to + at] = fround(f32[from + at] - max) - log;
  }
}

export function logSumExpAcross(
  memory: Memory,
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
  _lanes: number,
  e: number,
): void {
  const { f32 } = memory;
  for (let i = 0; i < width; i++) {
    const from = (x >>> 2) + i;
    const to = (out >>> 2) + i;
    const max = maxAcross(f32, from, classes, stride);
    if (max === Infinity) {
      f32[to] = hasNaNAcross(f32, from, classes, stride) ? Number.NaN : max;
      continue;
    }
    const sum = expAcross(f32, from, e >>> 2, classes, stride, 1, max);
    f32[to] = max === -Infinity && sum === 0 ? max : max + logAcross(memory, e, classes, max, sum);
  }
}

function hasNaNAcross(f32: Float32Array, x: number, classes: number, stride: number): boolean {
  for (let c = 0; c < classes; c++, x += stride) if (Number.isNaN(f32[x])) return true;
  return false;
}

/** The largest of a position, −Infinity for none; a NaN is passed over. Which zero it is shows in no result. */
function maxAcross(f32: Float32Array, x: number, classes: number, stride: number): number {
  let max = -Infinity;
  for (let c = 0; c < classes; c++, x += stride) if (max < f32[x]) max = f32[x];
  return max;
}

/** As expBlock, of one position; x and out are indices. */
function expAcross(
  f32: Float32Array,
  x: number,
  out: number,
  classes: number,
  stride: number,
  outStride: number,
  max: number,
): number {
  const anchor = anchorOf(max);
  const exponent = exponentOf(max, anchor);
  const round = roundOf(exponent);
  const floor = floorOf(exponent);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < classes; i++, x += stride, out += outStride) {
    const difference = fround(f32[x] - anchor);
    const e = scaledExp(difference < floor ? floor : difference, round);
    f32[out] = e;
    const sum = a + e;
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

/** log(Σ exp(x − max)) of a position, given its stored exponentials and their sum. */
function logAcross(memory: Memory, e: number, classes: number, max: number, sum: number): number {
  const peak = max === -Infinity ? 0 : peakOf(max);
  let rest = sum - peak;
  if (rest < peak * DOMINATED) rest = sumExcept(memory, e, classes, peak);
  const unit = power2(unscale(max));
  return log1p((rest * unit) / (peak * unit));
}
