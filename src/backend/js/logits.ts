import { scaledTanh } from "./math/tanh.js";
import { wideExp } from "./math/wide-exp.js";
import type { Memory } from "./memory.js";

/** What is done to logits before a softmax: assembly/logits.ts has the formulas and the contract. */
const { fround } = Math;

/** x / T in float64, rounded to float32 */
export function temper(memory: Memory, x: number, out: number, n: number, temperature: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = f32[from + i] / temperature;
}

/** s·tanh(x/s) */
export function softcap(memory: Memory, x: number, out: number, n: number, cap: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  const by = fround(cap);
  for (let i = 0; i < n; i++) f32[to + i] = scaledTanh(f32[from + i], by);
}

/** 2|x|/s from which on the slope is 0. */
const MOST = 1024;

/** grad ← grad·(1 − tanh²(x/s)), 0 staying 0 */
export function softcapBackward(memory: Memory, x: number, grad: number, n: number, cap: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = grad >>> 2;
  const by = 2 / fround(cap);
  for (let i = 0; i < n; i++) if (f32[to + i] !== 0) f32[to + i] *= slope(Math.min(Math.abs(f32[from + i]) * by, MOST));
}

/** 4e/(1 + e)², e = exp(−exact) made from the float32 exponent and what that lost. */
function slope(exact: number): number {
  const d = fround(exact);
  const lost = exact - d;
  const e = wideExp(-d) * (1 - lost);
  const sum = 1 + e;
  return (4 * e) / (sum * sum);
}
