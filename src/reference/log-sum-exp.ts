// log-sum-exp along one axis or several: log Σ exp(x), never overflowing. How the digits are kept: row.ts.

import { type Batch, frontAxis, readBatch, SHAPE_OPTIONS, type Shape, type ShapeOptions } from "./arrays.js";
import { type Names, requireOptions } from "./checks.js";
import { transformLogits } from "./logits.js";
import { logSumExpOfRow } from "./row.js";

export interface LogSumExpOptions extends ShapeOptions {
  /** The axis or axes to reduce, negative from the end; `[]` reduces none. Default −1. */
  readonly axis?: number | readonly number[] | undefined;
  /** Temperature T > 0: the logits become fround(x / T) first. Default: none. */
  readonly temperature?: number | undefined;
}

const OPTIONS: Names<LogSumExpOptions> = { ...SHAPE_OPTIONS, axis: true, temperature: true };

/**
 * Log-sum-exp of logits, in nats.
 *
 * All −Infinity gives −Infinity, as does a reduction over nothing; any +Infinity gives +Infinity; any NaN gives NaN.
 *
 * @param x logits of any shape
 * @returns one value for each index of the axes that remain, flat
 * @throws RangeError for a shape that doesn't match the data, an axis out of range or given twice, or a temperature
 * that is not above 0.
 */
export function logSumExp(x: Batch, options: LogSumExpOptions = {}): Float64Array {
  requireOptions(options, OPTIONS);
  const { axis = -1 } = options;
  const batch = readBatch(x, options.shape);
  const reduced = Array.from(typeof axis === "number" ? [axis] : axis, (one) => frontAxis(one, batch.shape));
  if (new Set(reduced).size !== reduced.length) throw new RangeError(`axis [${axis}] names an axis twice`);
  const kept = batch.shape.map((_, index) => index).filter((index) => !reduced.includes(index));

  const logits = transformLogits(batch.data, options);
  const starts = offsets(batch.shape, kept);
  const steps = offsets(batch.shape, reduced);
  const row = new Float64Array(steps.length);
  return starts.map((start) => {
    for (let i = 0; i < steps.length; i++) row[i] = logits[start + steps[i]];
    // Over no axis there is nothing to sum: each number is its own log-sum-exp, +Infinity and NaN included.
    return logSumExpOfRow(row);
  });
}

/** Flat offsets of all index combinations of some axes of a shape. For no axes: the one offset 0. */
function offsets(shape: Shape, axes: readonly number[]): Float64Array {
  let all = Float64Array.of(0);
  for (const axis of axes) {
    const stride = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1);
    const longer = new Float64Array(all.length * shape[axis]);
    for (let i = 0, at = 0; i < all.length; i++) {
      for (let j = 0; j < shape[axis]; j++) longer[at++] = all[i] + j * stride;
    }
    all = longer;
  }
  return all;
}
