import { BLOCK } from "../backend.js";
import { sum } from "./math/sum.js";
import { wideExp } from "./math/wide-exp.js";
import type { Memory } from "./memory.js";

/** The backward passes of softmax and log-softmax: assembly/backward.ts has the formulas and the contract. */
const { fround } = Math;

const MODERATE = 2 ** 100;
const LEAST = 2 ** -126;

export function softmaxBackward(memory: Memory, p: number, dp: number, out: number, rows: number, cols: number): void {
  const bytes = cols * 4;
  for (const end = p + rows * bytes; p < end; p += bytes, dp += bytes, out += bytes) {
    softmaxBackwardApply(memory, p, dp, out, cols, dot(memory, p, dp, cols, 0));
  }
}

/** start + Σ a·b: blocks of BLOCK are summed on their own and added in order. */
export function dot(memory: Memory, a: number, b: number, n: number, start: number): number {
  for (let i = 0; i < n; i += BLOCK) start += dotBlock(memory, a + i * 4, b + i * 4, Math.min(n - i, BLOCK));
  return start;
}

/** Four lanes in turn: see math/sum.ts. */
function dotBlock(memory: Memory, left: number, right: number, n: number): number {
  const { f32 } = memory;
  const ls = left >>> 2;
  const rs = right >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const sum = a + f32[ls + i] * f32[rs + i];
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

/** p·(dp − s) */
export function softmaxBackwardApply(memory: Memory, p: number, dp: number, out: number, n: number, s: number): void {
  const { f32 } = memory;
  const ps = p >>> 2;
  const from = dp >>> 2;
  const to = out >>> 2;
  const size = Math.abs(s);
  if (!(size < MODERATE) || (size > 0 && size < LEAST)) {
    for (let i = 0; i < n; i++) f32[to + i] = f32[ps + i] * (f32[from + i] - s);
    return;
  }
  const single = fround(s);
  for (let i = 0; i < n; i++) f32[to + i] = f32[ps + i] * fround(f32[from + i] - single);
}

export function logSoftmaxBackward(
  memory: Memory,
  lp: number,
  dlp: number,
  out: number,
  rows: number,
  cols: number,
): void {
  const bytes = cols * 4;
  for (const end = lp + rows * bytes; lp < end; lp += bytes, dlp += bytes, out += bytes) {
    logSoftmaxBackwardApply(memory, lp, dlp, out, cols, sum(memory, dlp, cols, 0));
  }
}

/** dlp − exp(lp)·s */
export function logSoftmaxBackwardApply(
  memory: Memory,
  lp: number,
  dlp: number,
  out: number,
  n: number,
  s: number,
): void {
  const { f32 } = memory;
  const lps = lp >>> 2;
  const from = dlp >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = f32[from + i] - wideExp(f32[lps + i]) * s;
}
