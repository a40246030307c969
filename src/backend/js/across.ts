import { hasNaN } from "./log-sum-exp.js";
import { BLOCK, expBlock, peakOf, unscale } from "./math/exp-block.js";
import { max } from "./math/max.js";
import { log1p, power2 } from "./math/scalar.js";
import type { Memory } from "./memory.js";
import { restOf } from "./row.js";

/**
 * softmax, logSoftmax and logSumExp along an axis that isn't the last: assembly/across.ts has the contract. Here a strip
 * of positions is copied together with each position's classes in a row, and the functions for rows do the rest.
 */
const { fround } = Math;

/** Floats in the strip. */
const ROOM = 8 * BLOCK;

export function softmaxAcross(
  memory: Memory,
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
  _lanes: number,
  strip: number,
): void {
  const { f32 } = memory;
  const wide = stripWidth(classes);
  for (let i = 0; i < width; i += wide) {
    const positions = Math.min(width - i, wide);
    gather(f32, (x >>> 2) + i, strip >>> 2, classes, stride, positions);
    for (let j = 0; j < positions; j++) {
      const at = strip + j * classes * 4;
      const factor = fround(1 / expBlock(memory, at, at, classes, max(memory, at, classes)));
      for (let p = at >>> 2, end = p + classes; p < end; p++) f32[p] *= factor;
    }
    scatter(f32, strip >>> 2, (out >>> 2) + i, classes, stride, positions);
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
  strip: number,
): void {
  const { f32 } = memory;
  const wide = stripWidth(classes);
  for (let i = 0; i < width; i += wide) {
    const positions = Math.min(width - i, wide);
    const e = strip + positions * classes * 4;
    gather(f32, (x >>> 2) + i, strip >>> 2, classes, stride, positions);
    for (let j = 0; j < positions; j++) {
      const at = strip + j * classes * 4;
      const m = max(memory, at, classes);
      const log = fround(logOf(memory, e, classes, m, expBlock(memory, at, e, classes, m)));
      for (let p = at >>> 2, end = p + classes; p < end; p++) f32[p] = fround(f32[p] - m) - log;
    }
    scatter(f32, strip >>> 2, (out >>> 2) + i, classes, stride, positions);
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
  strip: number,
): void {
  const { f32 } = memory;
  const wide = stripWidth(classes);
  for (let i = 0; i < width; i += wide) {
    const positions = Math.min(width - i, wide);
    const e = strip + positions * classes * 4;
    gather(f32, (x >>> 2) + i, strip >>> 2, classes, stride, positions);
    for (let j = 0; j < positions; j++) {
      const at = strip + j * classes * 4;
      const m = max(memory, at, classes);
      const sum = expBlock(memory, at, e, classes, m);
      let value = m + logOf(memory, e, classes, m, sum);
      // 0/0 stands for a position of −Infinity alone; a NaN in it would be in the sum of its exponentials too.
      if (m === -Infinity && sum === 0) value = m;
      if (m === Infinity) value = hasNaN(memory, at, classes) ? Number.NaN : m;
      f32[(out >>> 2) + i + j] = value;
    }
  }
}

/** Positions of a strip: a cache line's, or so many that their classes fit beside the exponentials of one. */
export function stripWidth(classes: number): number {
  return Math.min(16, Math.floor(ROOM / classes) - 1);
}

/** Copies positions of each class to rows of classes; addresses are indices. */
export function gather(
  f32: Float32Array,
  x: number,
  to: number,
  classes: number,
  stride: number,
  positions: number,
): void {
  for (let c = 0; c < classes; c++, x += stride) {
    for (let j = 0, at = to + c; j < positions; j++, at += classes) f32[at] = f32[x + j];
  }
}

export function scatter(
  f32: Float32Array,
  from: number,
  out: number,
  classes: number,
  stride: number,
  positions: number,
): void {
  for (let c = 0; c < classes; c++, out += stride) {
    for (let j = 0, at = from + c; j < positions; j++, at += classes) f32[out + j] = f32[at];
  }
}

/** log(Σ exp(x − max)) of a position, given its stored exponentials and their sum. */
function logOf(memory: Memory, e: number, classes: number, max: number, sum: number): number {
  const peak = max === -Infinity ? 0 : peakOf(max);
  const unit = power2(unscale(max));
  return log1p((restOf(memory, e, classes, sum, peak) * unit) / (peak * unit));
}
