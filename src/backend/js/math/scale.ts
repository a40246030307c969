import type { Memory } from "../memory.js";

const { fround } = Math;

const LARGEST = 3.4028234663852886e38;
const UP = 8.507059173023462e37; // 2^126
const DOWN = 1.1754943508222875e-38; // 2^-126

/**
 * x ← x·factor, rounded once in the normal range. A factor that float32 can't hold to full precision is applied in two
 * steps of which the second is a power of two.
 */
export function scale(memory: Memory, x: number, n: number, factor: number): void {
  const magnitude = Math.abs(factor);
  if (magnitude < DOWN && magnitude > 0) {
    multiply(memory, x, n, fround(factor * UP));
    multiply(memory, x, n, DOWN);
  } else if (magnitude > LARGEST) {
    multiply(memory, x, n, fround(factor * DOWN));
    multiply(memory, x, n, UP);
  } else {
    multiply(memory, x, n, fround(factor));
  }
}

function multiply(memory: Memory, x: number, n: number, factor: number): void {
  const { f32 } = memory;
  for (let i = x >>> 2, end = i + n; i < end; i++) f32[i] *= factor;
}
