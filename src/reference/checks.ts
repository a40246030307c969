// Plain checks of option values. The kernels' wrapper has the thorough ones; these keep the judge from judging
// nonsense.

import type { Numbers } from "./arrays.js";

/** Throws unless the value is in [0, 1]. */
export function requireFraction(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} is ${value}, expected a number in [0, 1]`);
}

/** Throws unless the value is finite and above 0. */
export function requirePositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} is ${value}, expected a finite number above 0`);
}

/** Throws unless the value is finite and at least 0. */
export function requireWeight(name: string, value: number): void {
  if (!(value >= 0 && value < Infinity)) {
    throw new RangeError(`${name} is ${value}, expected a finite number of at least 0`);
  }
}

/** Throws unless every weight is finite and at least 0. */
export function requireWeights(name: string, weights: Numbers): void {
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0 && weights[i] < Infinity)) requireWeight(`${name}[${i}]`, weights[i]);
  }
}
