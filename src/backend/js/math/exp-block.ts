import type { Memory } from "../memory.js";
import { ROUND, scaledExp } from "./exp.js";
import { sumBlock } from "./sum.js";

/** The exponentials of one block of a row, relative to the block's own maximum: assembly/math/exp-block.ts says how. */
const { fround } = Math;

const SHIFT = 80;
const BIASED_SHIFT = 207; // SHIFT + 127
const NEAR = 288;
const LOG2E = 1.4426950216293335;
const LN2 = 0.6931471824645996;

/** What is subtracted from x before the reduction: 0 or M. A block without finite values has anchor 0 or +Infinity. */
export function anchorOf(max: number): number {
  return Math.abs(max) < NEAR || max === -Infinity ? 0 : max;
}

/** N for a block whose maximum is M. */
function exponentOf(max: number, anchor: number): number {
  const z = fround(fround((max - anchor) * LOG2E) + ROUND); // the difference is M or 0
  return max === -Infinity ? 0 : z - ROUND;
}

/** The power of two that takes stored values back to exp(x − anchor), as an exponent. */
export function unscale(max: number): number {
  return (exponentOf(max, anchorOf(max)) | 0) - SHIFT;
}

/** Stores the scaled exponentials of n floats (out may be x) and returns their sum. */
export function expBlock(memory: Memory, x: number, out: number, n: number, max: number): number {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  const anchor = anchorOf(max);
  const exponent = exponentOf(max, anchor);
  const round = ROUND + (BIASED_SHIFT - exponent);
  const floor = fround((exponent - BIASED_SHIFT) * LN2);
  for (let i = 0; i < n; i++) {
    const difference = fround(f32[from + i] - anchor);
    f32[to + i] = scaledExp(Math.max(difference, floor), round);
  }
  return sumBlock(memory, out, n);
}

/** The stored value of an element equal to the maximum: the same bits as in the block. */
export function peakOf(max: number): number {
  const anchor = anchorOf(max);
  return scaledExp(max - anchor, ROUND + (BIASED_SHIFT - exponentOf(max, anchor)));
}
