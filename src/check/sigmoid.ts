import * as reference from "../reference/index.js";
import { gradientScales } from "../reference/reduction.js";
import { softplusOf } from "../reference/sigmoid.js";
import { weighted } from "../reference/sum.js";
import { type Call, dataOf, numbers, type Options, shapeOf } from "./call.js";
import { reduced } from "./rows.js";
import type { Magnitudes, Operation } from "./truth.js";

/** What is particular to losses of each element: their magnitudes, and targets in a list. */

/** The truth for the targets that the kernels see: numbers of a list are rounded to float32. */
export function floatTargets(truth: Operation["truth"]): Operation["truth"] {
  return ({ operands: [x, targets], options }, k) => {
    const data = dataOf(targets);
    const rounded = Array.isArray(data) ? data.map((target) => Math.fround(Number(target))) : data;
    const { shape } = targets as { shape?: unknown };
    return truth({ operands: [x, shape === undefined ? rounded : { data: rounded, shape }], options }, k);
  };
}

/**
 * The loss is u·(h·softplus(−x) + n·softplus(x)), n and h the weights of miss and hit, which have either sign where targets
 * are outside [0, 1]. The gradient is s·u·((n + h)·σ(x) − h): at x = ∞ it is s·u·n, at −∞ −s·u·h.
 */
export function sigmoidTerms(call: Call): Magnitudes {
  const { operands, options } = call;
  const { reduction = "mean", gradOutput } = options as reference.SigmoidCrossEntropyOptions;
  const x = numbers(operands[0]);
  const settings = { ...options, shape: shapeOf(call), reduction: "sum", gradOutput: 1, grad: true } as const;
  const slopesAt = (logit: number) => {
    const logits = x.map(() => logit);
    return reference.sigmoidCrossEntropy(logits, operands[1] as never, settings).grad.map(Math.abs);
  };
  const n = slopesAt(Infinity);
  const h = slopesAt(-Infinity);
  const scales = gradientScales(gradOutput, reduction, x.length, x.length);
  // What is below the smallest normal float is rounded there, each loss by itself.
  const losses = x.map((value, i) => Math.max(2 ** -126, costOf(value, n[i], h[i])));
  const grad = reference.sigmoid(x).map((up, i) => scales[i] * ((n[i] + h[i]) * up + h[i]));
  return { loss: reduced(losses, call, "mean"), grad };
}

/** n·softplus(x) + h·softplus(−x) */
function costOf(x: number, n: number, h: number): number {
  return weighted(n, softplusOf(x)) + weighted(h, softplusOf(-x));
}

/** Bounds for γ = 0 to 6, where the power is a product. */
const FOCAL_BOUNDS = [8, 8, 8, 8, 8, 10, 10];
const FOCAL_BOUND = 8;

export function focalBound({ gamma = 2 }: Options): number {
  return FOCAL_BOUNDS[gamma as number] ?? FOCAL_BOUND;
}

/**
 * m^γ; for other γ as many times it as their bound is above FOCAL_BOUND (docs/numerics.md, "focal loss"): what is within
 * FOCAL_BOUND of the larger number is then within theirs of m^γ. Where errors multiply it may exceed all floats.
 */
function powerTerm(m: number, gamma: number): number {
  if (FOCAL_BOUNDS[gamma] !== undefined) return m ** gamma;
  const bound = Math.max(8, 1.6 * (gamma + 1)) + 2 + gamma + 3 * weighted(gamma, Math.abs(Math.log(m)));
  const error = Math.expm1(bound * 2 ** -24) * 2 ** 24;
  return Math.min(2 ** 200, Math.max(2 ** -126, m ** gamma) * (error / FOCAL_BOUND));
}

/**
 * Of the loss α_t·m^γ·CE; of the gradient s·α_t·(γ·m^(γ−1)·|1 − 2t|·σ(x)·σ(−x)·CE + m^γ·((1 − t)·σ(x) + t·σ(−x))), with
 * m = (1 − t)·σ(x) + t·σ(−x). Every t and 1 − t by its magnitude.
 */
export function focalTerms(call: Call): Magnitudes {
  const { operands, options } = call;
  const { alpha, gamma = 2, reduction = "mean", gradOutput } = options as reference.SigmoidFocalLossOptions;
  const x = numbers(operands[0]);
  const targets = numbers(operands[1]);
  const scales = gradientScales(gradOutput, reduction, x.length, x.length);
  const up = reference.sigmoid(x);
  const down = reference.sigmoid(x.map((value) => -value));
  const losses = new Float64Array(x.length);
  const grad = x.map((value, i) => {
    const [t, other] = [Math.abs(targets[i]), Math.abs(1 - targets[i])];
    const m = other * up[i] + t * down[i];
    const ce = costOf(value, other, t);
    const weight = alpha === undefined ? 1 : alpha * t + (1 - alpha) * other;
    const power = powerTerm(m, gamma);
    const bend = m === 0 ? 0 : weighted(gamma * (power / m) * Math.abs(1 - 2 * targets[i]) * up[i] * down[i], ce);
    losses[i] = weighted(weight * power, ce);
    return scales[i] * weight * (bend + power * m);
  });
  return { loss: reduced(losses, call, "mean"), grad };
}
