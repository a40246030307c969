// Element by element.

import type { Rows } from "./rows.js";

export { sigmoid, sigmoidCrossEntropy } from "../../src/cli/rivals/sigmoid.js";

export function logSigmoid({ x, output }: Rows): number {
  for (let i = 0; i < x.length; i++) output[i] = Math.min(x[i], 0) - Math.log1p(Math.exp(-Math.abs(x[i])));
  return 0;
}

export function softplus({ x, output }: Rows): number {
  for (let i = 0; i < x.length; i++) output[i] = Math.max(x[i], 0) + Math.log1p(Math.exp(-Math.abs(x[i])));
  return 0;
}

export function logit({ x, output }: Rows): number {
  for (let i = 0; i < x.length; i++) output[i] = Math.log(x[i] / (1 - x[i]));
  return 0;
}

/** Focal loss with γ = 2 and no α: (1 − p)²·CE for each of the two classes, weighted by the target. */
export function sigmoidFocalLoss({ x, y: targets, output }: Rows, share: number): number {
  let loss = 0;
  for (let i = 0; i < x.length; i++) {
    const v = x[i];
    const t = targets[i];
    const e = Math.exp(-Math.abs(v));
    const log = Math.log1p(e);
    const large = 1 / (1 + e);
    const small = e * large;
    const p = v >= 0 ? large : small;
    const q = v >= 0 ? small : large;
    const ce = t * (Math.max(-v, 0) + log) + (1 - t) * (Math.max(v, 0) + log);
    const miss = t * q + (1 - t) * p;
    loss += miss * miss * ce;
    output[i] = miss * (miss * (p - t) + 2 * ce * (1 - 2 * t) * p * q) * share;
  }
  return loss;
}

/** −[t·log q + (1 − t)·log(1 − q)] and its gradient; x the probabilities q. */
export function binaryCrossEntropy({ x, y: targets, output }: Rows, share: number): number {
  let loss = 0;
  for (let i = 0; i < x.length; i++) {
    const q = x[i];
    const t = targets[i];
    loss -= t * Math.log(q) + (1 - t) * Math.log1p(-q);
    output[i] = (share * (q - t)) / (q * (1 - q));
  }
  return loss;
}
