// What the measured sizes come to in one figure.

import { ROWS } from "./sizes.js";
import type { Measured } from "./worker.js";

/** Smaller batches take little more than the call itself. */
const LEAST_NUMBERS = 1000;

export function ratioOf({ kernels, javascript }: Measured): number {
  return kernels / javascript;
}

/** The median speed-up, which one disturbed size doesn't move, and the range; nothing before a size counts. */
export function summary(measured: readonly Measured[]): { median: number; least: number; most: number } | undefined {
  const ratios = measured
    .filter(({ columns }) => ROWS * columns >= LEAST_NUMBERS)
    .map(ratioOf)
    .sort((a, b) => a - b);
  if (ratios.length === 0) return undefined;
  const middle = (ratios.length - 1) / 2;
  const median = (ratios[Math.floor(middle)] + ratios[Math.ceil(middle)]) / 2;
  return { median, least: ratios[0], most: ratios[ratios.length - 1] };
}
