import { BLOCK } from "../backend.js";
import { nan } from "./math/bits.js";
import { join, putParts, reduceLog, reduceRatio } from "./math/log-pass.js";
import type { Memory } from "./memory.js";

/**
 * Entropy and divergences of given distributions: assembly/divergence.ts has the formulas and the contract. Which
 * logarithm a loop takes a number says: a function that is handed over takes longer.
 */

const LOG = 0;
const RATIO = 1;

export function entropy(memory: Memory, p: number, parts: number, rows: number, cols: number, sums: number): void {
  sumsOf(memory, LOG, p, p, 0, parts, rows, cols, 0, sums);
}

export function crossEntropy(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  parts: number,
  rows: number,
  cols: number,
  scale: number,
  sums: number,
): void {
  sumsOf(memory, LOG, p, q, grad, parts, rows, cols, scale, sums);
}

export function klDivergence(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  parts: number,
  rows: number,
  cols: number,
  scale: number,
  sums: number,
): void {
  sumsOf(memory, RATIO, p, q, grad, parts, rows, cols, scale, sums);
}

function sumsOf(
  memory: Memory,
  kind: number,
  p: number,
  q: number,
  grad: number,
  parts: number,
  rows: number,
  cols: number,
  scale: number,
  sums: number,
): void {
  const { f64 } = memory;
  for (let row = 0; row < rows; row++) {
    const at = row * cols * 4;
    let sum = 0;
    for (let i = 0; i < cols; i += BLOCK) {
      const count = Math.min(cols - i, BLOCK);
      reduce(memory, kind, p + at + i * 4, q + at + i * 4, parts, count);
      sum += weigh(memory, p + at + i * 4, parts, count);
    }
    f64[(sums >>> 3) + row] = kind === RATIO ? sum : 0 - sum;
  }
  if (grad) gradientOfLog(memory, p, q, grad, rows * cols, scale);
}

/** The logarithm is taken for 0 where p is 0, for NaN where a number is negative. */
function reduce({ f32 }: Memory, kind: number, p: number, q: number, parts: number, n: number): void {
  const ps = p >>> 2;
  const qs = q >>> 2;
  const first = parts >>> 2;
  for (let i = 0; i < n; i++) {
    const x = f32[ps + i];
    const y = f32[qs + i];
    if (!(x > 0 && y >= 0)) putParts(f32, first + i, 0, x === 0 && y >= 0 ? 0 : nan());
    else if (kind === RATIO) reduceRatio(f32, first + i, x, y);
    else reduceLog(f32, first + i, y);
  }
}

/** Four lanes in turn: see math/sum.ts. */
function weigh({ f32 }: Memory, p: number, parts: number, n: number): number {
  const ps = p >>> 2;
  const first = parts >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const sum = a + f32[ps + i] * join(f32[first + i], f32[first + BLOCK + i]);
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

/** −p/q times scale, 0 where p has no mass. */
function gradientOfLog(memory: Memory, p: number, q: number, grad: number, n: number, scale: number): void {
  const { f32 } = memory;
  const ps = p >>> 2;
  const qs = q >>> 2;
  const to = grad >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = slopeOf(f32[ps + i], f32[qs + i], -scale);
}

function slopeOf(p: number, q: number, by: number): number {
  if (!(p >= 0 && q >= 0)) return nan();
  return p === 0 ? 0 : (p * by) / (q + 0); // 0 for −0
}
