// From losses of positions to the loss that is returned, and the factor that the gradient of each position carries.
// A position is a row of a row-wise loss, an element of an elementwise one.

import type { Given, Property } from "../given.js";
import { float64, type Numbers } from "./arrays.js";
import type { Names } from "./checks.js";
import { sum } from "./sum.js";

/** `"none"`: one loss per position. `"sum"`: their sum. `"mean"`: the sum over the divisor that the loss defines. */
export type Reduction = "none" | "mean" | "sum";

/** Options of losses. */
export interface ReductionOptions {
  /** Default `"mean"`. */
  readonly reduction?: Reduction | undefined;
  /** Whether to return the gradient too; for `"none"` it is that of the sum. Default false. */
  readonly grad?: boolean | undefined;
  /** Upstream gradient: a number, or with reduction `"none"` also one number per position. Default 1. */
  readonly gradOutput?: number | Numbers | undefined;
}

export const REDUCTION_OPTIONS: Names<ReductionOptions> = { reduction: true, grad: true, gradOutput: true };

/** One value per position for `"none"`, otherwise a number. */
export type Reduced<R> = R extends "none" ? Float64Array : number;

/** A gradient of type V, if `grad` is true. */
export type Gradient<O, V> = Property<
  "grad",
  Given<O, "grad"> extends infer G ? (G extends true ? V : undefined) : never
>;

/** A loss, given its options; with `grad: true` the gradient in the shape of the operand it belongs to. */
export type Loss<O = object> = { loss: Reduced<Given<O, "reduction">> } & Gradient<O, Float64Array>;

/** Reduces the losses of all positions. A divisor of 0 means there is nothing to average: the mean is NaN. */
export function reduce(losses: Float64Array, reduction: Reduction, divisor: number): number | Float64Array {
  switch (reduction) {
    case "none":
      return losses;
    case "sum":
      return sum(losses);
    case "mean":
      return divisor === 0 ? Number.NaN : sum(losses) / divisor;
    default:
      throw new RangeError(`reduction is "${reduction}", expected "none", "mean" or "sum"`);
  }
}

/** The result of a loss. */
export function toLoss<O>(
  losses: Float64Array,
  reduction: Reduction,
  divisor: number,
  grad: Float64Array | undefined,
): Loss<O> {
  return { loss: reduce(losses, reduction, divisor), ...(grad && { grad }) } as Loss<O>;
}

/**
 * What multiplies the gradient of each position: the upstream gradient, in float32, over the divisor for a mean. All 0 when
 * there is nothing to average.
 */
export function gradientScales(
  gradOutput: number | Numbers | undefined,
  reduction: Reduction,
  divisor: number,
  positions: number,
): Float64Array {
  const scales = new Float64Array(positions);
  if (gradOutput === undefined || typeof gradOutput === "number") {
    scales.fill(Math.fround(gradOutput ?? 1));
  } else {
    if (reduction !== "none") throw new TypeError(`gradOutput for reduction "${reduction}" must be a number`);
    if (gradOutput.length !== positions) {
      throw new RangeError(`gradOutput has ${gradOutput.length} elements, expected ${positions}, one per position`);
    }
    scales.set(Float32Array.from(float64(gradOutput)));
  }
  if (reduction === "mean") {
    for (let r = 0; r < positions; r++) scales[r] = divisor === 0 ? 0 : scales[r] / divisor;
  }
  return scales;
}
