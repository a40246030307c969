import * as reference from "../reference/index.js";
import { gradientScales } from "../reference/reduction.js";
import { type Call, dataOf, numbers, type Options, shapeOf } from "./call.js";
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
 * The gradient is s·u·((n + h)·σ(x) − h), n and h the weights of miss and hit; at x = −∞ it is −s·u·h. So the sum of the
 * magnitudes, s·u·((n + h)·σ(x) + h), is the one less twice the other.
 */
export function sigmoidTerms(call: Call): Magnitudes {
  const { operands, options } = call;
  const shape = shapeOf(call);
  const settings = { ...options, shape, grad: true as const };
  const x = numbers(operands[0]);
  const { grad } = reference.sigmoidCrossEntropy(x, operands[1] as never, settings);
  const hits = reference.sigmoidCrossEntropy(x.fill(-Infinity), operands[1] as never, settings).grad;
  return { grad: grad.map((value, i) => value - 2 * hits[i]) };
}

export function focalBound({ gamma = 2 }: Options): number {
  return [0, 1, 2].includes(gamma as number) ? 8 : Infinity;
}

/** s·α_t·(γ·m^(γ−1)·|1 − 2t|·σ(x)·σ(−x)·CE + m^γ·((1 − t)·σ(x) + t·σ(−x))), m = (1 − t)·σ(x) + t·σ(−x) */
export function focalTerms({ operands, options }: Call): Magnitudes {
  const { alpha, gamma = 2, reduction = "mean", gradOutput } = options as reference.SigmoidFocalLossOptions;
  const x = numbers(operands[0]);
  const t = numbers(operands[1]);
  const scales = gradientScales(gradOutput, reduction, x.length, x.length);
  const up = reference.sigmoid(x);
  const down = reference.sigmoid(x.map((value) => -value));
  const ce = reference.sigmoidCrossEntropy(x, t, { reduction: "none" }).loss;
  const grad = x.map((_, i) => {
    const m = (1 - t[i]) * up[i] + t[i] * down[i];
    const weight = alpha === undefined ? 1 : alpha * t[i] + (1 - alpha) * (1 - t[i]);
    const bend = gamma === 0 ? 0 : gamma * m ** (gamma - 1) * Math.abs(1 - 2 * t[i]) * up[i] * down[i] * ce[i];
    return scales[i] * weight * (bend + m ** (gamma + 1));
  });
  return { grad };
}
