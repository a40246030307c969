import { BLOCK } from "../backend.js";
import { logSumExp } from "./log-sum-exp.js";
import type { Memory } from "./memory.js";
import { logSoftmax, softmax } from "./softmax.js";

/**
 * softmax, logSoftmax and logSumExp along an axis that isn't the last: assembly/across.ts has the contract. Here a strip
 * of positions is copied together with each position's classes in a row, and the functions for rows do the rest.
 */

/** Floats in the strip. */
const ROOM = 8 * BLOCK;

export function softmaxAcross(
  memory: Memory,
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
  records: number,
  strip: number,
): void {
  overStrips(memory, x, out, classes, width, stride, strip, (_, rows, end) => {
    softmax(memory, strip, strip, rows, classes, records, end);
  });
}

export function logSoftmaxAcross(
  memory: Memory,
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
  records: number,
  strip: number,
): void {
  overStrips(memory, x, out, classes, width, stride, strip, (_, rows, end) => {
    logSoftmax(memory, strip, strip, rows, classes, records, end);
  });
}

export function logSumExpAcross(
  memory: Memory,
  x: number,
  out: number,
  classes: number,
  width: number,
  stride: number,
  records: number,
  strip: number,
): void {
  overStrips(memory, x, 0, classes, width, stride, strip, (first, rows, end) => {
    logSumExp(memory, strip, out + first * 4, rows, classes, records, end);
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
