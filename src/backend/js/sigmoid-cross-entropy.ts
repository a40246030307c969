import { BLOCK } from "../backend.js";
import { expMinusAbs } from "./math/logistic.js";
import { log1p } from "./math/scalar.js";
import type { Memory } from "./memory.js";

/** Sigmoid cross-entropy from logits: assembly/sigmoid-cross-entropy.ts has the formulas and the contract. */
const { fround } = Math;

export function sigmoidCrossEntropy(
  memory: Memory,
  x: number,
  t: number,
  grad: number,
  _e: number,
  n: number,
  scale: number,
  start: number,
): number {
  for (let i = 0, count: number; i < n; i += count) {
    const at = i * 4;
    count = blockFrom(i, n);
    start += block(memory, x + at, t + at, grad ? grad + at : 0, count, scale);
  }
  return start;
}

/** The length of the block from element i on: the last n mod 4 elements are one of their own. */
export function blockFrom(i: number, n: number): number {
  return Math.min(BLOCK, n - i > 3 ? (n - i) & ~3 : n - i);
}

/** Four lanes in turn: see math/sum.ts. */
function block(memory: Memory, x: number, t: number, grad: number, n: number, scale: number): number {
  const { f32 } = memory;
  const xs = x >>> 2;
  const ts = t >>> 2;
  const toGrad = grad >>> 2;
  let even = 0;
  let odd = 0;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const logit = f32[xs + i];
    const positive = logit >= 0;
    const w = positive ? fround(1 - f32[ts + i]) : -(0 - f32[ts + i]); // −0 where t is 0
    const linear = w === 0 ? 0 : fround(w * Math.abs(logit));
    const sum = even + linear;
    even = odd;
    odd = sum;
    const e = expMinusAbs(logit);
    const product = a * (1 + e) + e;
    a = b;
    b = c;
    c = d;
    d = product;
    if (toGrad) {
      const g = (w - e / (1 + e)) * scale;
      f32[toGrad + i] = positive ? g : -g;
    }
  }
  return even + odd + (log1p(a) + log1p(c) + (log1p(b) + log1p(d)));
}
