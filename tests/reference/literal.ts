// The rules as they are written in the documentation, term by term, in high precision. No stable forms here.

import { abs, div, dot, exp, type Fixed, fixed, log, mul, ONE, sum } from "./high-precision.js";

export const logSumExp = (z: readonly number[]): Fixed => log(sum(z.map((x) => exp(fixed(x)))));

export const logSoftmax = (z: readonly number[]): Fixed[] => {
  const total = logSumExp(z);
  return z.map((x) => fixed(x) - total);
};

export const softmax = (z: readonly number[]): Fixed[] => {
  const exps = z.map((x) => exp(fixed(x)));
  const total = sum(exps);
  return exps.map((e) => div(e, total));
};

/** What float64 can resolve of a log-sum-exp: |max| + log Σ exp(x − max). */
export const logSumExpUnit = (z: readonly number[]): Fixed => {
  const max = Math.max(...z);
  return abs(fixed(max)) + logSumExp(z) - fixed(max);
};

export interface PositionOptions {
  readonly labelSmoothing?: number;
  readonly classWeights?: readonly number[];
  readonly sampleWeight?: number;
  readonly zLoss?: number;
}

/** Loss and gradient of one position, and the units that the gradient is judged in: v·((Σt″)·p + t″ + |2λ·lse|·p). */
export function softmaxCrossEntropy(z: readonly number[], targets: readonly number[], options: PositionOptions = {}) {
  const { labelSmoothing = 0, classWeights, sampleWeight = 1, zLoss = 0 } = options;
  const epsilon = fixed(labelSmoothing);
  const v = fixed(sampleWeight);
  const t = targets.map((target, c) => {
    const smoothed = mul(fixed(target), ONE - epsilon) + epsilon / BigInt(z.length);
    return mul(fixed(classWeights?.[c] ?? 1), smoothed);
  });
  const lse = logSumExp(z);
  const penalty = 2n * mul(fixed(zLoss), lse);
  const unitOfPenalty = 2n * mul(fixed(zLoss), logSumExpUnit(z));
  const p = softmax(z);
  return {
    loss: mul(v, mul(fixed(zLoss), mul(lse, lse)) - dot(t, logSoftmax(z))),
    grad: p.map((probability, i) => mul(v, mul(sum(t) + penalty, probability) - t[i])),
    units: p.map((probability, i) => mul(v, mul(sum(t) + unitOfPenalty, probability) + t[i])),
  };
}

export const sigmoid = (x: number): Fixed => div(ONE, ONE + exp(-fixed(x)));
export const softplus = (x: number): Fixed => log(ONE + exp(fixed(x)));
export const logit = (p: number): Fixed => log(div(fixed(p), ONE - fixed(p)));

export interface ElementOptions {
  readonly labelSmoothing?: number;
  readonly posWeight?: number;
  readonly elementWeight?: number;
}

/** Loss and gradient of one element, and the unit of the gradient: u·((1 − t)·σ(x) + pw·t·σ(−x)). */
export function sigmoidCrossEntropy(x: number, target: number, options: ElementOptions = {}) {
  const { labelSmoothing = 0, posWeight = 1, elementWeight = 1 } = options;
  const epsilon = fixed(labelSmoothing);
  const t = mul(fixed(target), ONE - epsilon) + epsilon / 2n;
  const positive = mul(fixed(posWeight), t);
  const u = fixed(elementWeight);
  return {
    loss: mul(u, mul(positive, softplus(-x)) + mul(ONE - t, softplus(x))),
    grad: mul(u, mul(ONE - t, sigmoid(x)) - mul(positive, sigmoid(-x))),
    unit: mul(u, mul(ONE - t, sigmoid(x)) + mul(positive, sigmoid(-x))),
  };
}

const power = (base: Fixed, exponent: number): Fixed => (exponent === 0 ? ONE : exp(mul(fixed(exponent), log(base))));

/** α_t·(1 − p_t)^γ·CE, with the derivative by the product rule and the magnitudes of its two terms. */
export function sigmoidFocalLoss(x: number, target: number, gamma: number, alpha?: number) {
  const t = fixed(target);
  const p = sigmoid(x);
  const pt = mul(t, p) + mul(ONE - t, ONE - p);
  const alphaT = alpha === undefined ? ONE : mul(fixed(alpha), t) + mul(ONE - fixed(alpha), ONE - t);
  const ce = sigmoidCrossEntropy(x, target);
  const slopeOfPt = mul(2n * t - ONE, mul(p, ONE - p));
  const focus = power(ONE - pt, gamma);
  const viaFocus = mul(ce.loss, mul(fixed(gamma), mul(div(focus, ONE - pt), -slopeOfPt)));
  const viaLoss = mul(focus, ce.grad);
  return {
    loss: mul(alphaT, mul(focus, ce.loss)),
    grad: mul(alphaT, viaFocus + viaLoss),
    unit: mul(alphaT, abs(viaFocus) + mul(focus, ce.unit)),
  };
}

/** Terms p·log(p/q) of the divergence of two rows; both must be above 0. */
export const klTerms = (p: readonly Fixed[], q: readonly Fixed[]): Fixed[] =>
  p.map((probability, i) => mul(probability, log(div(probability, q[i]))));

export const entropyTerms = (p: readonly Fixed[]): Fixed[] => p.map((value) => -mul(value, log(value)));

export const crossEntropyTerms = (p: readonly Fixed[], q: readonly Fixed[]): Fixed[] =>
  p.map((value, i) => -mul(value, log(q[i])));

/** ½·D(P‖M) + ½·D(Q‖M). */
export function jensenShannon(p: readonly Fixed[], q: readonly Fixed[]): Fixed {
  const m = p.map((value, i) => (value + q[i]) / 2n);
  return (sum(klTerms(p, m)) + sum(klTerms(q, m))) / 2n;
}
