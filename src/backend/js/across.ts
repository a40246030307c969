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
  overStrips(memory, x, out, classes, width, stride, strip, (_, rows) => {
    for (let row = 0, at = strip; row < rows; row++, at += classes * 4) {
      const factor = fround(1 / expBlock(memory, at, at, classes, max(memory, at, classes)));
      for (let p = at >>> 2, last = p + classes; p < last; p++) f32[p] *= factor;
    }
  });
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
  overStrips(memory, x, out, classes, width, stride, strip, (_, rows, e) => {
    for (let row = 0, at = strip; row < rows; row++, at += classes * 4) {
      const m = max(memory, at, classes);
      const log = fround(logOf(memory, e, classes, m, expBlock(memory, at, e, classes, m)));
      for (let p = at >>> 2, last = p + classes; p < last; p++) f32[p] = fround(f32[p] - m) - log;
    }
  });
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
  overStrips(memory, x, 0, classes, width, stride, strip, (first, rows, e) => {
    for (let row = 0, at = strip; row < rows; row++, at += classes * 4) {
      const m = max(memory, at, classes);
      const sum = expBlock(memory, at, e, classes, m);
      let value = m + logOf(memory, e, classes, m, sum);
      // 0/0 stands for a position of −Infinity alone; a NaN in it would be in the sum of its exponentials too.
      if (m === -Infinity && sum === 0) value = m;
      if (m === Infinity) value = hasNaN(memory, at, classes) ? Number.NaN : m;
      f32[(out >>> 2) + first + row] = value;
    }
  });
}

/**
 * Copies a cache line's positions at a time, or so many that their classes fit beside the exponentials of one, to rows of
 * classes at `strip`; `compute` gets the first position, how many there are, and the address behind the rows. What it
 * leaves in them is copied to `out`, 0 for nowhere, as x lies.
 */
export function overStrips(
  { f32 }: Memory,
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
  strip: number,
  compute: (first: number, rows: number, end: number) => void,
): void {
  const wide = Math.min(16, Math.floor(ROOM / classes) - 1);
  const to = strip >>> 2;
  for (let i = 0; i < width; i += wide) {
    const rows = Math.min(width - i, wide);
    for (let c = 0, from = (x >>> 2) + i; c < classes; c++, from += stride) {
      for (let j = 0, at = to + c; j < rows; j++, at += classes) f32[at] = f32[from + j];
    }
    compute(i, rows, strip + rows * classes * 4);
    if (!out) continue;
    for (let c = 0, back = (out >>> 2) + i; c < classes; c++, back += stride) {
      for (let j = 0, at = to + c; j < rows; j++, at += classes) f32[back + j] = f32[at];
    }
  }
}

/** log(Σ exp(x − max)) of a position, given its stored exponentials and their sum. */
function logOf(memory: Memory, e: number, classes: number, max: number, sum: number): number {
  const peak = max === -Infinity ? 0 : peakOf(max);
  const unit = power2(unscale(max));
  return log1p((restOf(memory, e, classes, sum, peak) * unit) / (peak * unit));
}
