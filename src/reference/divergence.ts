// Entropy and divergences of given probabilities, one value per row:
//
//   entropy(p)         H(P) = −Σ p·log p
//   crossEntropy(p, q) H(P, Q) = −Σ p·log q                         gradient to q: −p/q
//   klDivergence(p, q) D(P‖Q) = Σ p·log(p/q)                        gradient to q: −p/q
//
// 0·log 0 = 0. H(P, Q) = H(P) + D(P‖Q). Nothing is normalised. A negative probability gives NaN.
//
// T. M. Cover, J. A. Thomas, "Elements of Information Theory" (2006), chapter 2.

import type { Given, Only } from "../given.js";
import {
  AXIS_OPTIONS,
  type AxisOptions,
  type Batch,
  float64,
  gather,
  readBatch,
  readLike,
  rowsAlong,
  scatter,
} from "./arrays.js";
import { type Names, requireOptions } from "./checks.js";
import { type Reduction, reduce } from "./reduction.js";
import { Sum, weighted } from "./sum.js";

/** Unit of information: 1 bit = log 2 nats. */
export type Unit = "nats" | "bits";

/** What is returned of given probabilities. */
export interface ValueOptions {
  /** Default `"none"`: each value. The mean divides by their number. */
  readonly reduction?: Reduction | undefined;
  /** Unit of the result and its gradient. Default `"nats"`. */
  readonly unit?: Unit | undefined;
}

export interface GradientOptions {
  /** Whether to return the gradient to `q` too; for reduction `"none"` it is that of the sum. Default false. */
  readonly grad?: boolean | undefined;
}

export interface EntropyOptions extends AxisOptions, ValueOptions {}

export interface DivergenceOptions extends EntropyOptions, GradientOptions {}

const ENTROPY_OPTIONS: Names<EntropyOptions> = { ...AXIS_OPTIONS, reduction: true, unit: true };

export const DIVERGENCE_OPTIONS: Names<DivergenceOptions> = { ...ENTROPY_OPTIONS, grad: true };

type Values<R> = R extends "mean" | "sum" ? number : Float64Array;

type DivergenceOf<V, G> = G extends true ? { loss: V; grad: Float64Array } : V;

/** The values alone, one a row or reduced, or with `grad: true` as a loss with its gradient; given the options. */
export type Divergence<O = object> = DivergenceOf<Values<Given<O, "reduction">>, Given<O, "grad">>;

/**
 * Entropy −Σ p·log p of each row.
 *
 * @param p probabilities of any shape with at least one axis
 * @returns one value per row, or with a reduction a number
 * @throws RangeError for a shape that doesn't match the data, an axis out of range, or an unknown option value.
 */
export function entropy<const O extends Only<EntropyOptions, O> = object>(
  p: Batch,
  options: O = {} as O,
): Divergence<O> {
  requireOptions(options, ENTROPY_OPTIONS);
  return compareRows<O>(p, float64(p), options, (row) => {
    const total = new Sum();
    for (let i = 0; i < row.length; i++) total.add(weighted(row[i], -Math.log(row[i])));
    return total.value;
  });
}

/**
 * Cross-entropy −Σ p·log q of each row; +Infinity where P has mass and Q has none.
 *
 * @param p probabilities of any shape with at least one axis
 * @param q probabilities in the same shape
 * @returns one value per row, or with a reduction a number; with `grad` also the gradient to `q`
 * @throws RangeError for shapes that don't match, an axis out of range, or an unknown option value.
 */
export function crossEntropy<const O extends Only<DivergenceOptions, O> = object>(
  p: Batch,
  q: Batch,
  options: O = {} as O,
): Divergence<O> {
  requireOptions(options, DIVERGENCE_OPTIONS);
  return compareRows<O>(p, q, options, (pRow, qRow, grad) => {
    const total = new Sum();
    for (let i = 0; i < pRow.length; i++) total.add(weighted(pRow[i], -Math.log(qRow[i])));
    gradientOfLog(pRow, qRow, grad);
    return total.value;
  });
}

/**
 * Kullback–Leibler divergence Σ p·log(p/q) of each row; +Infinity where P has mass and Q has none.
 *
 * @param p probabilities of any shape with at least one axis
 * @param q probabilities in the same shape
 * @returns one value per row, or with a reduction a number; with `grad` also the gradient to `q`
 * @throws RangeError for shapes that don't match, an axis out of range, or an unknown option value.
 */
export function klDivergence<const O extends Only<DivergenceOptions, O> = object>(
  p: Batch,
  q: Batch,
  options: O = {} as O,
): Divergence<O> {
  requireOptions(options, DIVERGENCE_OPTIONS);
  return compareRows<O>(p, q, options, (pRow, qRow, grad) => {
    const total = new Sum();
    for (let i = 0; i < pRow.length; i++) total.add(weighted(pRow[i], logRatio(pRow[i], qRow[i])));
    gradientOfLog(pRow, qRow, grad);
    return total.value;
  });
}

/** log(p/q), from the exact difference p − q where the ratio is nearly 1. */
function logRatio(p: number, q: number): number {
  if (p === 0) return q >= 0 ? -Infinity : Number.NaN;
  const ratio = p / q;
  return ratio > 0.5 && ratio < 2 ? Math.log1p((p - q) / q) : Math.log(p) - Math.log(q);
}

/** −p/q, and 0 where P has no mass. */
function gradientOfLog(p: Float64Array, q: Float64Array, grad: Float64Array | undefined): void {
  if (grad) for (let i = 0; i < grad.length; i++) grad[i] = p[i] === 0 && q[i] >= 0 ? 0 : -p[i] / q[i];
}

/** Evaluates `value` on the rows of p and q (in nats), puts negative probabilities right, converts and reduces. */
export function compareRows<O>(
  p: Batch,
  q: Batch,
  options: DivergenceOptions,
  value: (p: Float64Array, q: Float64Array, grad: Float64Array | undefined) => number,
): Divergence<O> {
  const { reduction = "none", unit = "nats" } = options;
  const nats = natsIn(unit);
  const batch = readBatch(p, options.shape);
  const other = readLike("q", q, batch.shape);
  const rows = rowsAlong(batch.shape, options.axis);
  const scale = reduction === "mean" ? 1 / rows.count : 1;

  const values = new Float64Array(rows.count);
  const grad = options.grad ? new Float64Array(batch.data.length) : undefined;
  const pRow = new Float64Array(rows.length);
  const qRow = new Float64Array(rows.length);
  const gradRow = grad && new Float64Array(rows.length);
  for (let r = 0; r < rows.count; r++) {
    gather(batch.data, rows, r, pRow);
    gather(other, rows, r, qRow);
    values[r] = value(nanWhereNegative(pRow), nanWhereNegative(qRow), gradRow) / nats;
    if (grad && gradRow) {
      for (let i = 0; i < gradRow.length; i++) gradRow[i] *= scale / nats;
      scatter(gradRow, rows, r, grad);
    }
  }
  const loss = reduce(values, reduction, rows.count);
  return (grad ? { loss, grad } : loss) as Divergence<O>;
}

/** How many nats one unit is. */
export function natsIn(unit: Unit): number {
  if (unit !== "nats" && unit !== "bits") throw new RangeError(`unit is "${unit}", expected "nats" or "bits"`);
  return unit === "bits" ? Math.LN2 : 1;
}

function nanWhereNegative(row: Float64Array): Float64Array {
  // And 0 of −0, which quotients would tell apart.
  for (let i = 0; i < row.length; i++) row[i] = row[i] < 0 ? Number.NaN : row[i] + 0;
  return row;
}
