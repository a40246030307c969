import { BLOCK } from "./math/exp-block.js";
import { log } from "./math/log.js";
import { logRatio } from "./math/log-ratio.js";
import { log1p } from "./math/log1p.js";
import type { Memory } from "./memory.js";

/**
 * Entropy and divergences of given distributions: assembly/divergence.ts has the formulas and the contract. There one
 * loop is compiled for each term; here it is told by a number which to take (measured: half the time of a function that
 * is handed over).
 */
const { fround } = Math;

const ENTROPY = 0;
const CROSS = 1;
const KL = 2;
const JENSEN = 3;

export function entropy(memory: Memory, p: number, n: number, start: number): number {
  return sumOf(memory, ENTROPY, p, p, n, start);
}

export function crossEntropy(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  n: number,
  scale: number,
  start: number,
): number {
  const sum = sumOf(memory, CROSS, p, q, n, start);
  if (grad) gradientOf(memory, CROSS, p, q, grad, n, scale);
  return sum;
}

export function klDivergence(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  n: number,
  scale: number,
  start: number,
): number {
  const sum = sumOf(memory, KL, p, q, n, start);
  if (grad) gradientOf(memory, KL, p, q, grad, n, scale);
  return sum;
}

export function jensenShannon(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  n: number,
  scale: number,
  start: number,
): number {
  const sum = sumOf(memory, JENSEN, p, q, n, start);
  if (grad) gradientOf(memory, JENSEN, p, q, grad, n, scale);
  return sum;
}

function sumOf(memory: Memory, kind: number, p: number, q: number, n: number, start: number): number {
  for (let i = 0; i < n; i += BLOCK) start += blockOf(memory, kind, p + i * 4, q + i * 4, Math.min(n - i, BLOCK));
  return start;
}

/** The lanes turn: math/sum.ts. */
function blockOf(memory: Memory, kind: number, p: number, q: number, n: number): number {
  const { f32 } = memory;
  const ps = p >>> 2;
  const qs = q >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const sum = a + termOf(kind, f32[ps + i], f32[qs + i]);
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function termOf(kind: number, p: number, q: number): number {
  if (kind === ENTROPY) return p === 0 ? 0 : -fround(p * log(p));
  if (p < 0 || q < 0 || Number.isNaN(q)) return Number.NaN;
  if (kind === JENSEN) {
    const ofP = p === 0 ? 0 : fround(p * logToMean(p, q));
    const ofQ = q === 0 ? 0 : fround(q * logToMean(q, p));
    return fround(0.5 * fround(ofP + ofQ));
  }
  return p === 0 ? 0 : fround(p * (kind === KL ? logRatio(p, q) : -log(q)));
}

/** log(p/m), m = (p + q)/2 */
function logToMean(p: number, q: number): number {
  const sum = fround(p + q);
  const d = fround(fround(p - q) / sum);
  return Math.abs(d) < 0.5 ? log1p(d) : logRatio(fround(p + p), sum);
}

function gradientOf(memory: Memory, kind: number, p: number, q: number, grad: number, n: number, scale: number): void {
  const { f32 } = memory;
  const ps = p >>> 2;
  const qs = q >>> 2;
  const to = grad >>> 2;
  const by = fround(scale);
  for (let i = 0; i < n; i++) f32[to + i] = slopeOf(kind, f32[ps + i], f32[qs + i]) * by;
}

/** Where neither has mass nothing changes: 0. */
function slopeOf(kind: number, p: number, q: number): number {
  if (p < 0 || q < 0) return Number.NaN;
  if (kind === JENSEN) return p === 0 && q === 0 ? 0 : fround(0.5 * logToMean(q, p));
  return p === 0 ? 0 : -fround(p / q);
}

export function binaryCrossEntropy(
  memory: Memory,
  q: number,
  t: number,
  grad: number,
  losses: number,
  n: number,
  scale: number,
  start: number,
): number {
  const by = fround(scale);
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    start += binaryBlock(memory, q + at, t + at, grad ? grad + at : 0, losses ? losses + at : 0, count, by);
  }
  return start;
}

/** The lanes turn: math/sum.ts. */
function binaryBlock(
  memory: Memory,
  q: number,
  t: number,
  grad: number,
  losses: number,
  n: number,
  by: number,
): number {
  const { f32 } = memory;
  const qs = q >>> 2;
  const ts = t >>> 2;
  const toGrad = grad >>> 2;
  const toLosses = losses >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const chance = f32[qs + i];
    const target = f32[ts + i];
    const loss = binaryLoss(chance, target);
    if (toGrad) f32[toGrad + i] = binarySlope(chance, target) * by;
    if (toLosses) f32[toLosses + i] = loss;
    const sum = a + loss;
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function binaryLoss(q: number, t: number): number {
  if (noChance(q, t)) return Number.NaN;
  const other = fround(1 - t);
  const hit = t === 0 ? 0 : fround(t * log(q));
  const miss = other === 0 ? 0 : fround(other * log1p(-q));
  return 0 - fround(hit + miss);
}

function binarySlope(q: number, t: number): number {
  if (noChance(q, t)) return Number.NaN;
  const rest = fround(1 - q);
  if (t === 0) return fround(1 / rest);
  if (t === 1) return -fround(1 / q);
  return fround(fround(q - t) / fround(q * rest));
}

/** Whether q or t lies outside [0, 1] or is a NaN. */
function noChance(q: number, t: number): boolean {
  return !(q >= 0 && q <= 1 && t >= 0 && t <= 1);
}
