import { liftedExp, loweredExp } from "./math/exp-pass.js";
import { log } from "./math/log.js";
import { log1pUnit } from "./math/log1p.js";
import { logOdds } from "./math/logit.js";
import type { Memory } from "./memory.js";

/** The sigmoid and its kin, element by element: assembly/sigmoid.ts has the formulas and the contract. */
const { fround } = Math;

const FACTOR = 2 ** -32;
const LOWER = 2 ** -96;
const MOST = 2 ** 94;
const LIFTED = 2 ** 117;
const LEAST = 2 ** -149;
const SMALLEST_NORMAL = 1.1754943508222875e-38;

export function sigmoid(memory: Memory, x: number, out: number, n: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = sigmoidOf(f32[from + i]);
}

export function sigmoidOf(x: number): number {
  const e = loweredExp(x);
  const sum = fround(FACTOR + e);
  // A subnormal result is rounded twice.
  return e > MOST ? fround(fround(LIFTED / sum) * LEAST) : fround(FACTOR / sum);
}

export function softplus(memory: Memory, x: number, out: number, n: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = softplusOf(f32[from + i]);
}

export function softplusOf(x: number): number {
  return fround(Math.max(0, x) + log1pUnit(fround(liftedExp(x) * LOWER)));
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
  const odds = fround(p / fround(1 - p));
  return p >= SMALLEST_NORMAL && p < 1 ? logOdds(p, odds) : log(odds);
}
