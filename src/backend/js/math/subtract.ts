import type { Memory } from "../memory.js";

/** out ← a·factorA − b·factorB, in float64 and rounded once; out may be a. */
export function subtract(
  { f32 }: Memory,
  a: number,
  b: number,
  out: number,
  n: number,
  factorA: number,
  factorB: number,
): void {
  const as = a >>> 2;
  const bs = b >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = f32[as + i] * factorA - f32[bs + i] * factorB;
}
