// Rows that are hard for a softmax: each breaks one of the usual ways to compute it.

import { uniform } from "../../src/cli/random.js";

export { uniform };

/** Float32 samples of a normal distribution (Box–Muller). */
export function normals(seed: number, length: number, mean = 0, deviation = 1): number[] {
  const next = uniform(seed);
  return Array.from({ length }, () => {
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    return Math.fround(mean + deviation * radius * Math.cos(2 * Math.PI * next()));
  });
}

/** Float32 samples, uniform between two bounds. */
export function uniforms(seed: number, length: number, low: number, high: number): number[] {
  const next = uniform(seed);
  return Array.from({ length }, () => Math.fround(low + (high - low) * next()));
}

/** Float32 probabilities that sum to 1 but for rounding. */
export function probabilities(seed: number, length: number, spread = 3): number[] {
  const exps = normals(seed, length, 0, spread).map(Math.exp);
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((e) => Math.fround(e / total));
}

export const hardRows: readonly (readonly [string, readonly number[]])[] = [
  ["confident by 20", [20, 0, 0]],
  ["confident by 30", [30, 0, 0]],
  ["confident by 100", [0, 100, -5]],
  ["equal", [1, 1, 1, 1, 1]],
  ["two ties at the top", [7, -2, 7, 6.999]],
  ["all within rounding of each other", [1, 1 + 2 ** -23, 1 - 2 ** -24]],
  ["spread of 200", uniforms(1, 64, -100, 100)],
  ["two of spread 200", [-100, 100]],
  ["N(0, 1)", normals(2, 100)],
  ["N(1e4, 1): a common offset", normals(3, 32, 1e4)],
  ["N(−200, 1)", normals(4, 32, -200)],
  ["peaked", [...normals(5, 63), 18]],
  ["log-sum-exp near 0", [Math.fround(-Math.log(3)), Math.fround(-Math.log(3)), Math.fround(-Math.log(3))]],
  ["log-sum-exp near 0, peaked", [Math.fround(-1e-6), -14, -15, -16]],
  ["subnormal inputs", [2 ** -149, -(2 ** -140), 0]],
];
