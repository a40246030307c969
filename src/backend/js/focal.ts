import { exp } from "./math/exp.js";
import { log } from "./math/log.js";
import { expMinusAbs, log1pUnit64 } from "./math/logistic.js";
import type { Memory } from "./memory.js";
import { blockFrom } from "./sigmoid-cross-entropy.js";

/** Sigmoid focal loss: assembly/focal.ts has the formulas and the contract. */
const { fround } = Math;

export function sigmoidFocalLoss(
  memory: Memory,
  x: number,
  t: number,
  grad: number,
  losses: number,
  _e: number,
  n: number,
  alpha: number,
  gamma: number,
  scale: number,
  start: number,
): number {
  for (let i = 0, count: number; i < n; i += count) {
    const at = i * 4;
    count = blockFrom(i, n);
    start += block(memory, x + at, t + at, grad ? grad + at : 0, losses ? losses + at : 0, count, alpha, gamma, scale);
  }
  return start;
}

/** Four lanes in turn: see math/sum.ts. */
function block(
  memory: Memory,
  x: number,
  t: number,
  grad: number,
  losses: number,
  n: number,
  alpha: number,
  gamma: number,
  scale: number,
): number {
  const { f32 } = memory;
  const xs = x >>> 2;
  const ts = t >>> 2;
  const toGrad = grad >>> 2;
  const toLosses = losses >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const times = wholePower(gamma);
  for (let i = 0; i < n; i++) {
    const logit = f32[xs + i];
    const target = f32[ts + i];
    const e = expMinusAbs(logit);
    const positive = logit >= 0;
    const wrong = positive ? 1 - target : -(0 - target); // −0 where t is 0
    const right = 1 - wrong;
    const share = right * e;
    const odds = wrong + share;
    const inverse = 1 / (1 + e);
    const m = odds * inverse;
    // m^(γ−1) and m^γ
    let below = 1;
    let focus: number;
    if (times === 0) {
      focus = Math.max(power(m, gamma), LEAST_POWER);
      below = m === 0 ? 0 : focus / m;
    } else {
      for (let k = 1; k < times; k++) below *= m;
      focus = below * m;
    }
    const weight = alpha < 0 ? 1 : alpha * target + (1 - alpha) * (1 - target);
    // A weight of 0 wins over an infinite loss.
    const cost = log1pUnit64(e) + (wrong * weight === 0 ? 0 : wrong * Math.abs(logit));
    const loss = focus * (weight * cost);
    const sum = a + loss;
    a = b;
    b = c;
    c = d;
    d = sum;
    if (toLosses) f32[toLosses + i] = loss;
    if (toGrad) {
      // Where e is 0 so is e·CE, though CE may be infinite.
      const bend = e === 0 ? 0 : gamma * e * (wrong - right) * cost;
      const bracket = bend + odds * (wrong - share);
      const g = weight * scale * below * (inverse * inverse) * bracket;
      f32[toGrad + i] = positive ? g : -g;
    }
  }
  return a + c + (b + d);
}

/** Stands for a power that became 0. */
const LEAST_POWER = 1e-300;

/** γ where m^γ is a product of so many factors, else 0. */
function wholePower(gamma: number): number {
  return gamma <= 6 && Math.floor(gamma) === gamma ? gamma : 0;
}

/** m^γ = exp(γ·log m), in float32. */
function power(m: number, gamma: number): number {
  return gamma === 0 ? 1 : exp(fround(fround(gamma) * log(fround(m))));
}
