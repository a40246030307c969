// How `xentropy check` judges logSumExpState, whose sums are of columns that come in parts.

import { distanceOf } from "../check/distance.js";
import { CrossCheckError, show } from "../check/error.js";
import type { Measurement } from "../check.js";
import type { LogSumExpState, StateData, Xentropy } from "../index.js";
import * as reference from "../reference/index.js";
import type { Batch } from "./batches.js";

const BOUND = 4;

/** Columns of a shard: where they are multiples of 2048, a state has the bits of logSumExp. */
const WIDTHS = [2048, 700] as const;

/**
 * Sums the columns in shards, which merge, one of them and the result by way of JSON. Tells `onMeasure` how far log-sum-exp
 * and loss are from the reference. Throws CrossCheckError where that is more than 4 ULP, or where bits differ: from
 * logSumExp's if shards start at multiples of 2048 columns, from those of `js`, or after JSON.
 */
export function checkState(k: Xentropy, js: Xentropy, batch: Batch, onMeasure: (found: Measurement) => void): void {
  const { x, labels, shape } = batch;
  const logits = Float32Array.from(labels, (label, row) => x[row * shape[1] + label]);
  const { values, magnitudes } = logSumExpOf(batch);
  const losses = reference.softmaxCrossEntropy(x, labels, { shape, reduction: "none" }).loss;
  for (const width of WIDTHS) {
    const state = merged(k, batch, width);
    const [value, loss] = [state.value(), state.loss(logits)];
    const again = k.logSumExpState(throughJson(state));
    requireBits("value", again.value(), value, "before JSON it was");
    requireBits("loss", again.loss(logits), loss, "before JSON it was");
    if (width % 2048 === 0) requireBits("value", value, k.logSumExp(x, { shape }), "logSumExp has");
    if (k.backend !== "relaxed") {
      const other = merged(js, batch, width);
      requireBits("value", value, other.value(), "the js backend has");
      requireBits("loss", loss, other.loss(logits), "the js backend has");
    }
    onMeasure(measure("value", value, values, magnitudes));
    onMeasure(measure("loss", loss, losses, losses));
  }
}

/** The state of all columns, from shards of so many. */
function merged(k: Xentropy, { x, shape }: Batch, width: number): LogSumExpState {
  const [rows, columns] = shape;
  const whole = k.logSumExpState(rows);
  for (let start = 0; start < columns; start += width) {
    const shard = k.logSumExpState(rows, { start });
    const end = Math.min(columns, start + width);
    const middle = Math.ceil((start + end) / 2);
    shard.add(columnsOf(x, columns, start, middle)).add(columnsOf(x, columns, middle, end));
    whole.merge(start === width ? throughJson(shard) : shard);
  }
  return whole;
}

function throughJson(state: LogSumExpState): StateData {
  return JSON.parse(JSON.stringify(state));
}

function columnsOf(x: Float32Array, columns: number, from: number, to: number): Float32Array {
  return x.filter((_, i) => i % columns >= from && i % columns < to);
}

/** log Σ exp of each row, and |max| + log Σ exp(x − max), by which its error is measured. */
function logSumExpOf({ x, shape }: Batch): { values: Float64Array; magnitudes: Float64Array } {
  const values = reference.logSumExp(x, { shape });
  const magnitudes = values.map((value, row) => {
    const max = x.subarray(row * shape[1], (row + 1) * shape[1]).reduce((a, b) => Math.max(a, b));
    return Math.abs(max) + (value - max);
  });
  return { values, magnitudes };
}

function requireBits(output: string, values: Float32Array, expected: Float32Array, whose: string): void {
  values.forEach((value, row) => {
    if (!Object.is(value, expected[row]))
      throw wrong(output, row, value, expected[row], `${whose} ${show(expected[row])}`);
  });
}

function measure(output: string, values: Float32Array, truth: Float64Array, magnitudes: Float64Array): Measurement {
  let largest = 0;
  values.forEach((value, row) => {
    const distance = distanceOf(value, truth[row], magnitudes[row]);
    if (!(distance <= BOUND)) throw wrong(output, row, value, truth[row], `the reference has ${truth[row]}`, distance);
    largest = Math.max(largest, distance);
  });
  return { operation: "logSumExpState", output, values: values.length, distance: largest, bound: BOUND };
}

function wrong(output: string, row: number, value: number, expected: number, said: string, distance?: number) {
  const place = { operation: "logSumExpState", output, row, column: 0 };
  return new CrossCheckError(place, value, expected, distance ?? distanceOf(value, expected), said);
}
