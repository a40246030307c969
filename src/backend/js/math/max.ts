import type { Memory } from "../memory.js";

/** The largest of n floats, −Infinity for none. Ignores NaN, which shows in the sum of exponentials instead. */
export function max(memory: Memory, x: number, n: number): number {
  const { f32 } = memory;
  const from = x >>> 2;
  let a = -Infinity;
  let b = -Infinity;
  let i = 0;
  for (; i + 1 < n; i += 2) {
    const u = f32[from + i];
    const v = f32[from + i + 1];
    if (a < u) a = u;
    if (b < v) b = v;
  }
  if (i < n && a < f32[from + i]) a = f32[from + i];
  const largest = Math.max(a, b);
  return largest === 0 ? firstZero(f32, from, n) : largest;
}

/**
 * +0 or −0, where that is the maximum: the order of comparisons alone decides. assembly/math/max.ts keeps the one that
 * comes first in these: lane by lane (0, 2, 1, 3 of 4) as they meet at the end, in each the accumulators in turn, in
 * each of those the elements it saw, and at last the vectors beyond the last whole group of four.
 */
function firstZero(f32: Float32Array, from: number, n: number): number {
  const groups = from + (n & ~15);
  const end = from + n;
  for (let order = 0; order < 4; order++) {
    const lane = ((order & 1) << 1) | (order >> 1);
    for (let accumulator = lane; accumulator < 16; accumulator += 4) {
      for (let i = from + accumulator; i < groups; i += 16) if (f32[i] === 0) return f32[i];
    }
    for (let i = groups + lane; i < end; i += 4) if (f32[i] === 0) return f32[i];
  }
  return 0;
}
