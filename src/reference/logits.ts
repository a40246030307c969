// The logits a loss works on, when `softcap` or `temperature` is given:
//
//   z′ = fround(s·tanh(z / s))   softcap s > 0, first (Gemma 2, arXiv 2408.00118)
//   z′ = fround(z / T)           temperature T > 0, second
//
// s is a float32 too: where another number is given, the one next to it.
//
// Each defines new float32 logits; whatever follows is judged from those. That is why rounding belongs to the rule
// here, and why the step stands alone: another implementation's own z′ can be judged from the same point on.

import { type Names, requireNumber, requirePositive } from "./checks.js";

export interface LogitOptions {
  /** Softcap s > 0, taken as a float32: logits are squashed into (−s, s). Default: none. */
  readonly softcap?: number | undefined;
  /** Temperature T > 0, applied after the softcap. Default: none. */
  readonly temperature?: number | undefined;
}

export const LOGIT_OPTIONS: Names<LogitOptions> = { softcap: true, temperature: true };

/** The logits z′. Without options it is `z` itself, not a copy. */
export function transformLogits(z: Float64Array, { softcap, temperature }: LogitOptions): Float64Array {
  if (softcap === undefined && temperature === undefined) return z;
  const s = readSoftcap(softcap);
  const t = readTemperature(temperature);

  const transformed = new Float64Array(z.length);
  for (let i = 0; i < z.length; i++) {
    let value = z[i];
    if (s !== undefined) value = Math.fround(s * Math.tanh(value / s));
    if (t !== undefined) value = Math.fround(value / t);
    transformed[i] = value;
  }
  return transformed;
}

/**
 * Turns the gradient to z′ into the gradient to the given logits z, in place: times 1/T, times 1 − tanh²(z/s).
 * The latter is written 4e/(1 + e)² with e = exp(−2|z/s|), which keeps its digits where tanh is nearly ±1. A gradient
 * of 0 stays 0: an ignored position may hold a NaN.
 */
export function gradientToLogits(grad: Float64Array, z: Float64Array, { softcap, temperature }: LogitOptions): void {
  const s = readSoftcap(softcap);
  const t = readTemperature(temperature);
  if (s !== undefined) {
    for (let i = 0; i < grad.length; i++) {
      const e = Math.exp(-2 * Math.abs(z[i] / s));
      if (grad[i] !== 0) grad[i] *= (4 * e) / (1 + e) ** 2;
    }
  }
  if (t !== undefined) {
    for (let i = 0; i < grad.length; i++) grad[i] /= t;
  }
}

/** Throws unless s is finite and above 0. */
function readSoftcap(value: number | undefined): number | undefined {
  if (value === undefined) return value;
  requireNumber("softcap", value);
  const single = Math.fround(value);
  requirePositive("softcap", single);
  return single;
}

/** Throws unless T is, as a float32, finite and above 0. */
export function readTemperature<T extends number | undefined>(value: T): T {
  if (value === undefined) return value;
  requireNumber("temperature", value);
  requirePositive("temperature", Math.fround(value));
  return value;
}
