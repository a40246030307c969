import { expMinusAbs, log1pUnit64 } from "./math/logistic.js";
import type { Memory } from "./memory.js";
import { blockFrom } from "./sigmoid-cross-entropy.js";

/** Sigmoid cross-entropy with weights: assembly/sigmoid-cross-entropy-general.ts has the formulas and the contract. */

export function sigmoidCrossEntropyGeneral(
  memory: Memory,
  x: number,
  t: number,
  u: number,
  pw: number,
  grad: number,
  losses: number,
  _e: number,
  n: number,
  smoothing: number,
  scale: number,
  start: number,
): number {
  for (let i = 0, count: number; i < n; i += count) {
    count = blockFrom(i, n);
    start += block(memory, x, t, u, pw, grad, losses, i, i + count, smoothing, scale);
  }
  return start;
}

/** Four lanes in turn: see math/sum.ts. */
function block(
  memory: Memory,
  x: number,
  t: number,
  u: number,
  pw: number,
  grad: number,
  losses: number,
  from: number,
  to: number,
  smoothing: number,
  scale: number,
): number {
  const { f32 } = memory;
  const xs = x >>> 2;
  const ts = t >>> 2;
  const us = u >>> 2;
  const pws = pw >>> 2;
  const toGrad = grad >>> 2;
  const toLosses = losses >>> 2;
  const keep = 1 - smoothing;
  const floor = smoothing * 0.5;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = from; i < to; i++) {
    const logit = f32[xs + i];
    const target = f32[ts + i];
    const weight = us ? f32[us + i] : 1;
    const e = expMinusAbs(logit);
    const positive = logit >= 0;
    const smooth = target * keep + floor;
    const hit = pws ? f32[pws + i] * smooth : smooth;
    const miss = (1 - target) * keep + floor;
    const wrong = positive ? miss : hit;
    const right = positive ? hit : miss;
    const linear = wrong === 0 ? 0 : wrong * Math.abs(logit);
    const loss = weight === 0 ? 0 : weight * ((wrong + right) * log1pUnit64(e) + linear);
    const sum = a + loss;
    a = b;
    b = c;
    c = d;
    d = sum;
    if (toLosses) f32[toLosses + i] = loss;
    if (toGrad) {
      const g = weight * ((wrong - right * e) / (1 + e)) * scale;
      f32[toGrad + i] = weight === 0 ? 0 : positive ? g : -g;
    }
  }
  return a + c + (b + d);
}
