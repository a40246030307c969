// softmax and log-softmax along an axis:
//
//   softmax(x)_i = exp(x_i − max) / Σ_j exp(x_j − max)        logSoftmax(x)_i = x_i − logSumExp(x)
//
// I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning" (2016), section 6.2.2.3. How the digits are kept: row.ts.

import { AXIS_OPTIONS, type AxisOptions, type Batch, gather, readBatch, rowsAlong, scatter } from "./arrays.js";
import { type Names, requireOptions } from "./checks.js";
import { transformLogits } from "./logits.js";
import { logSoftmaxOfRow } from "./row.js";

export interface LogSoftmaxOptions extends AxisOptions {
  /** Temperature T > 0: the logits become fround(x / T) first. Default: none. */
  readonly temperature?: number | undefined;
}

export interface SoftmaxOptions extends LogSoftmaxOptions {
  /** What a row that is all −Infinity gives: NaN throughout, or zeros. Default `"nan"`. */
  readonly emptyRow?: "nan" | "zero" | undefined;
}

const LOG_SOFTMAX_OPTIONS: Names<LogSoftmaxOptions> = { ...AXIS_OPTIONS, temperature: true };

const SOFTMAX_OPTIONS: Names<SoftmaxOptions> = { ...LOG_SOFTMAX_OPTIONS, emptyRow: true };

/**
 * Probabilities of logits along an axis.
 *
 * A row with a NaN or a +Infinity gives NaN throughout; −Infinity beside finite values gives exactly 0.
 *
 * @param x logits of any shape with at least one axis
 * @returns probabilities, in the shape of `x`
 * @throws RangeError for a shape that doesn't match the data, an axis out of range, or a temperature that is not above
 * 0.
 */
export function softmax(x: Batch, options: SoftmaxOptions = {}): Float64Array {
  requireOptions(options, SOFTMAX_OPTIONS);
  const { emptyRow = "nan" } = options;
  if (emptyRow !== "nan" && emptyRow !== "zero") {
    throw new RangeError(`emptyRow is "${emptyRow}", expected "nan" or "zero"`);
  }
  return mapRows(x, options, (row, p) => {
    const logSumExp = logSoftmaxOfRow(row, p);
    if (logSumExp === -Infinity && emptyRow === "zero") p.fill(0);
    else for (let i = 0; i < p.length; i++) p[i] = Math.exp(p[i]);
  });
}

/**
 * Log-probabilities (nats) of logits along an axis.
 *
 * A row with a NaN or a +Infinity, or all −Infinity, gives NaN throughout; −Infinity beside finite values gives
 * −Infinity.
 *
 * @param x logits of any shape with at least one axis
 * @returns log-probabilities, in the shape of `x`
 * @throws RangeError for a shape that doesn't match the data, an axis out of range, or a temperature that is not above
 * 0.
 */
export function logSoftmax(x: Batch, options: LogSoftmaxOptions = {}): Float64Array {
  requireOptions(options, LOG_SOFTMAX_OPTIONS);
  return mapRows(x, options, logSoftmaxOfRow);
}

function mapRows(
  x: Batch,
  options: LogSoftmaxOptions,
  map: (row: Float64Array, result: Float64Array) => void,
): Float64Array {
  const batch = readBatch(x, options.shape);
  const rows = rowsAlong(batch.shape, options.axis);
  const logits = transformLogits(batch.data, options);
  const row = new Float64Array(rows.length);
  const mapped = new Float64Array(rows.length);
  const result = new Float64Array(logits.length);
  for (let r = 0; r < rows.count; r++) {
    gather(logits, rows, r, row);
    map(row, mapped);
    scatter(mapped, rows, r, result);
  }
  return result;
}
