import type { Options } from "./operation.js";

/** Units reduced as the losses are. */
export function reducedUnits(units: Float64Array, reduction: string, divisor: number): Float64Array | number {
  if (reduction === "none") return units;
  const sum = units.reduce((a, b) => a + b, 0);
  return reduction === "sum" ? sum : sum / divisor;
}

/** What the gradient of each loss is multiplied by: the upstream gradient, over the divisor of a mean. */
export function scalesOf(
  { reduction = "mean", gradOutput = 1 }: Options,
  losses: number,
  divisor: number,
): Float64Array {
  const scales = new Float64Array(losses);
  if (typeof gradOutput === "number") scales.fill(gradOutput);
  else scales.set(gradOutput as ArrayLike<number>);
  return reduction === "mean" ? scales.map((scale) => (divisor === 0 ? 0 : scale / divisor)) : scales;
}
