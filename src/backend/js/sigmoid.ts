import { atanhTwice } from "./math/atanh.js";
import { expMinus } from "./math/exp.js";
import { log } from "./math/log.js";
import { log1pExact } from "./math/log1p.js";
import type { Memory } from "./memory.js";

/** The sigmoid and its kin, element by element: assembly/sigmoid.ts has the formulas and the contract. */
const { fround } = Math;

export function sigmoid(memory: Memory, x: number, out: number, n: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = sigmoidOf(f32[from + i]);
}

export function sigmoidOf(x: number): number {
  const e = expMinus(Math.abs(x));
  return fround((x < 0 ? e : 1) / fround(1 + e));
}

export function softplus(memory: Memory, x: number, out: number, n: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = softplusOf(f32[from + i]);
}

export function softplusOf(x: number): number {
  return fround(Math.max(0, x) + log1pExact(expMinus(Math.abs(x))));
}

export function logSigmoid(memory: Memory, x: number, out: number, n: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = -softplusOf(-f32[from + i]);
}

export function logit(memory: Memory, x: number, out: number, n: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = logitOf(f32[from + i]);
}

export function logitOf(p: number): number {
  const s = fround(fround(p + p) - 1);
  return Math.abs(s) <= 0.5 ? atanhTwice(s) : log(fround(p / fround(1 - p)));
}
