import { exp, expMinus } from "./math/exp.js";
import { BLOCK } from "./math/exp-block.js";
import { log } from "./math/log.js";
import type { Memory } from "./memory.js";
import { lossOf, oddsOf } from "./sigmoid-cross-entropy.js";

/** Sigmoid focal loss: assembly/focal.ts has the formulas and the contract. */
const { fround } = Math;

export function sigmoidFocalLoss(
  memory: Memory,
  x: number,
  t: number,
  grad: number,
  losses: number,
  n: number,
  alpha: number,
  gamma: number,
  scale: number,
  start: number,
): number {
  const weight = fround(alpha);
  const power = fround(gamma);
  const by = fround(scale);
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    start += block(memory, x + at, t + at, grad ? grad + at : 0, losses ? losses + at : 0, count, weight, power, by);
  }
  return start;
}

/** The lanes turn: math/sum.ts. */
function block(
  memory: Memory,
  x: number,
  t: number,
  grad: number,
  losses: number,
  n: number,
  alpha: number,
  gamma: number,
  by: number,
): number {
  const { f32 } = memory;
  const xs = x >>> 2;
  const ts = t >>> 2;
  const toGrad = grad >>> 2;
  const toLosses = losses >>> 2;
  const rest = fround(1 - alpha);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const logit = f32[xs + i];
    const target = f32[ts + i];
    const e = expMinus(Math.abs(logit));
    const other = fround(1 - target);
    const r = fround(1 / fround(1 + e));
    const small = fround(e * r);
    const up = logit >= 0 ? r : small;
    const down = logit >= 0 ? small : r;
    const missing = fround(fround(other * up) + fround(target * down));
    const ce = lossOf(logit, target, other, e);
    const weight = alpha < 0 ? 1 : fround(fround(alpha * target) + fround(rest * other));
    const focus = power(missing, gamma);
    // A weight of 0 wins over an infinite loss.
    const factor = fround(weight * focus);
    const loss = factor !== 0 || Number.isNaN(ce) ? fround(factor * ce) : 0;
    if (toLosses) f32[toLosses + i] = loss;
    if (toGrad) {
      let g = fround(oddsOf(logit, target, other, e) / fround(1 + e));
      if (gamma !== 0) {
        const share = small !== 0 ? fround(small / missing) : 0;
        const bend = fround(fround(gamma * share) * fround(r * fround(fround(other - target) * ce)));
        g = fround(g + (share !== 0 || Number.isNaN(ce) ? bend : 0));
      }
      g = fround(focus * g);
      f32[toGrad + i] = fround(weight * g) * by;
    }
    const sum = a + loss;
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

/** m^γ for m ≥ 0. */
function power(m: number, gamma: number): number {
  if (gamma === 0) return 1;
  if (gamma === 1) return m;
  if (gamma === 2) return fround(m * m);
  return exp(fround(gamma * log(m)));
}
