import { expMinus } from "./math/exp.js";
import { BLOCK } from "./math/exp-block.js";
import { log1pUnit } from "./math/log1p.js";
import type { Memory } from "./memory.js";

/** Sigmoid cross-entropy from logits: assembly/sigmoid-cross-entropy.ts has the formulas and the contract. */
const { fround } = Math;

export function sigmoidCrossEntropy(
  memory: Memory,
  x: number,
  t: number,
  grad: number,
  losses: number,
  n: number,
  scale: number,
  sum: number,
): number {
  const by = fround(scale);
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    sum += block(memory, x + at, t + at, grad ? grad + at : 0, losses ? losses + at : 0, count, by);
  }
  return sum;
}

/** The lanes turn: math/sum.ts. */
function block(memory: Memory, x: number, t: number, grad: number, losses: number, n: number, by: number): number {
  const { f32 } = memory;
  const xs = x >>> 2;
  const ts = t >>> 2;
  const toGrad = grad >>> 2;
  const toLosses = losses >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const logit = f32[xs + i];
    const target = f32[ts + i];
    const other = fround(1 - target);
    const e = expMinus(Math.abs(logit));
    const loss = lossOf(logit, target, other, e);
    if (toGrad) f32[toGrad + i] = fround(oddsOf(logit, target, other, e) / fround(1 + e)) * by;
    if (toLosses) f32[toLosses + i] = loss;
    const sum = a + loss;
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

/** The loss; other = 1 − t. An infinite logit times a target or its complement of 0 is 0: the limit. */
export function lossOf(x: number, t: number, other: number, e: number): number {
  const weight = x >= 0 ? other : t;
  const linear = weight === 0 ? 0 : fround(weight * Math.abs(x));
  return fround(log1pUnit(e) + linear);
}

/** (1 − t)·σ(x) − t·σ(−x), times 1 + e. */
export function oddsOf(x: number, t: number, other: number, e: number): number {
  return fround(x >= 0 ? other - fround(t * e) : fround(other * e) - t);
}

/** As above with label smoothing, element weights u and weights pw of the positive class. */
export function sigmoidCrossEntropyWeighted(
  memory: Memory,
  x: number,
  t: number,
  u: number,
  pw: number,
  grad: number,
  losses: number,
  n: number,
  smoothing: number,
  scale: number,
  sum: number,
): number {
  const keep = fround(1 - fround(smoothing));
  const half = fround(fround(smoothing) * 0.5);
  const by = fround(scale);
  for (let i = 0; i < n; i += BLOCK) {
    sum += weightedBlock(memory, x, t, u, pw, grad, losses, i, Math.min(n, i + BLOCK), keep, half, by);
  }
  return sum;
}

/** The lanes turn: math/sum.ts. */
function weightedBlock(
  memory: Memory,
  x: number,
  t: number,
  u: number,
  pw: number,
  grad: number,
  losses: number,
  from: number,
  to: number,
  keep: number,
  half: number,
  by: number,
): number {
  const { f32 } = memory;
  const xs = x >>> 2;
  const ts = t >>> 2;
  const us = u >>> 2;
  const pws = pw >>> 2;
  const toGrad = grad >>> 2;
  const toLosses = losses >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = from; i < to; i++) {
    const logit = f32[xs + i];
    const weight = us ? f32[us + i] : 1;
    const target = fround(fround(f32[ts + i] * keep) + half);
    const other = fround(fround(fround(1 - f32[ts + i]) * keep) + half);
    const hit = pws ? fround(f32[pws + i] * target) : target;
    const positive = logit >= 0;
    const size = Math.abs(logit);
    const e = expMinus(size);
    const small = log1pUnit(e);
    const large = fround(small + size);
    // Weights of 0 silence an infinity, but no NaN.
    const nan = Number.isNaN(logit);
    const hitLoss = hit !== 0 || nan ? fround(hit * (positive ? small : large)) : 0;
    const missLoss = other !== 0 || nan ? fround(other * (positive ? large : small)) : 0;
    const loss = weight !== 0 || nan ? fround(weight * fround(hitLoss + missLoss)) : 0;
    if (toGrad) {
      const odds = fround(positive ? other - fround(hit * e) : fround(other * e) - hit);
      f32[toGrad + i] = fround(weight * fround(odds / fround(1 + e))) * by;
    }
    if (toLosses) f32[toLosses + i] = loss;
    const sum = a + loss;
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}
