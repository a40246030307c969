import { BLOCK } from "../../backend.js";
import type { Memory } from "../memory.js";

/**
 * Sums are kept in float64, in four lanes or eight. Of four, lane l takes the elements with index ≡ l (mod 4), one after
 * the other, and the total is (lane 0 + lane 2) + (lane 1 + lane 3).
 *
 * A loop here adds to `a`, then turns the four: a ← b ← c ← d ← sum. After n elements `a` is lane n mod 4, so a and c
 * are lanes 0 and 2 or lanes 1 and 3, in either order, and the total is (a + c) + (b + d) whatever n is. The zeros that
 * the SIMD code adds for lanes beyond the end change nothing: no lane is ever −0.
 */

/** Σ x over those of the n floats that differ from `except`. */
export function sumExcept(memory: Memory, x: number, n: number, except: number): number {
  const { f32 } = memory;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = x >>> 2, end = i + n; i < end; i++) {
    const v = f32[i];
    const sum = a + (v === except ? 0 : v);
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

/** start + Σ x: blocks of BLOCK are summed on their own and added in order. */
export function sum(memory: Memory, x: number, n: number, start: number): number {
  for (let i = 0; i < n; i += BLOCK) start += sumBlock(memory, x + i * 4, Math.min(n - i, BLOCK));
  return start;
}

/** Σ x over one block, in eight lanes: a to h turn as four do above. */
export function sumBlock(memory: Memory, x: number, n: number): number {
  const { f32 } = memory;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let e = 0;
  let f = 0;
  let g = 0;
  let h = 0;
  for (let i = x >>> 2, end = i + n; i < end; i++) {
    const sum = a + f32[i];
    a = b;
    b = c;
    c = d;
    d = e;
    e = f;
    f = g;
    g = h;
    h = sum;
  }
  return a + e + (c + g) + (b + f + (d + h));
}
