import type { Memory } from "../memory.js";

const { fround } = Math;

const LARGEST = 3.4028234663852886e38;
const BIG = 8.507059173023462e37; // 2^126
const SMALL = 1.1754943508222875e-38; // 2^-126

/**
 * x ← x·factor, rounded once in the normal range. A factor that float32 can't hold to full precision is applied in two
 * steps of which the second is a power of two.
 */
export function scale(memory: Memory, x: number, n: number, factor: number): void {
  const magnitude = Math.abs(factor);
  if (magnitude < SMALL && magnitude > 0) {
    multiply(memory, x, n, fround(factor * BIG));
    multiply(memory, x, n, SMALL);
  } else if (magnitude > LARGEST) {
    multiply(memory, x, n, fround(factor * SMALL));
    multiply(memory, x, n, BIG);
  } else {
    multiply(memory, x, n, fround(factor));
  }
}

function multiply(memory: Memory, x: number, n: number, factor: number): void {
  const { f32 } = memory;
  for (let i = x >>> 2, end = i + n; i < end; i++) f32[i] *= factor;
}
