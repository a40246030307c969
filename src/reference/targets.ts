// What softmax cross-entropy compares each position with: integer labels or dense targets, with label smoothing ε and
// class weights w worked in, and the sample weights v. For C classes the target of a position is
//
//   label y:          t″_c = w_c·((1 − ε)·[c = y] + ε/C)
//   dense targets t:  t″_c = w_c·((1 − ε)·t_c + ε/C)
//
// Label smoothing: C. Szegedy et al., "Rethinking the Inception Architecture" (arXiv 1512.00567), section 7.

import { type Batch, dataOf, fits, gather, type Labels, ownShape, type Rows, readLike, type Shape } from "./arrays.js";
import { type Names, requireFraction, requireInt32, requireWeights } from "./checks.js";
import { Sum } from "./sum.js";

export interface LabelOptions {
  /** The label of positions to leave out: loss 0, no weight in the mean, gradient 0. Default −100. */
  readonly ignoreIndex?: number | undefined;
  /** One weight w ≥ 0 per class. Default 1. */
  readonly classWeights?: Batch | undefined;
  /** One weight v ≥ 0 per position; 0 leaves it out of the loss. Default 1. */
  readonly sampleWeights?: Batch | undefined;
}

export interface TargetOptions extends LabelOptions {
  /** Label smoothing ε in [0, 1]. Default 0. */
  readonly labelSmoothing?: number | undefined;
}

export const LABEL_OPTIONS: Names<LabelOptions> = { ignoreIndex: true, classWeights: true, sampleWeights: true };
export const TARGET_OPTIONS: Names<TargetOptions> = { ...LABEL_OPTIONS, labelSmoothing: true };

export interface Targets {
  /** One class per position, −1 for an ignored one; or else `dense`. */
  readonly labels?: Int32Array | undefined;
  /** A target per element of the batch. */
  readonly dense?: Float64Array | undefined;
  readonly smoothing: number;
  readonly classWeights: Float64Array;
  readonly sampleWeights: Float64Array;
  /** What a mean divides by: Σ v·w_y over labels that are not ignored, Σ v for dense targets. */
  readonly divisor: number;
}

/** Labels as one class per position, −1 where ignored. Throws for any other value that is not a class. */
export function readLabels(labels: Labels, positions: Rows, ignoreIndex = -100): Int32Array {
  requireInt32("ignoreIndex", ignoreIndex);
  const data = dataOf(labels);
  const own = ownShape(labels);
  if (own !== undefined && !fits(own, positions.shape)) {
    throw new RangeError(`labels have shape [${own}], expected [${positions.shape}]`);
  }
  if (data.length !== positions.count) {
    throw new RangeError(`there are ${data.length} labels, expected ${positions.count}, one per position`);
  }
  const classes = new Int32Array(data.length);
  for (let r = 0; r < data.length; r++) {
    const label = Number(data[r]);
    if (label !== ignoreIndex && !(Number.isInteger(label) && label >= 0 && label < positions.length)) {
      throw new RangeError(`label ${data[r]} of position ${r} is no integer in [0, ${positions.length})`);
    }
    classes[r] = label === ignoreIndex ? -1 : label;
  }
  return classes;
}

/** Weights that must have a given shape, or ones. */
export function readWeights(name: string, weights: Batch | undefined, shape: Shape, count: number): Float64Array {
  if (weights === undefined) return new Float64Array(count).fill(1);
  const read = readLike(name, weights, shape);
  requireWeights(name, read);
  return read;
}

/** Σ v·w_y over the positions that are not ignored. */
export function labelWeight(labels: Int32Array, classWeights: Float64Array, sampleWeights: Float64Array): number {
  const total = new Sum();
  for (let r = 0; r < labels.length; r++) {
    if (labels[r] >= 0) total.add(sampleWeights[r] * classWeights[labels[r]]);
  }
  return total.value;
}

/**
 * Floating-point typed arrays are dense targets, integer and BigInt ones are labels. A plain array is labels, unless
 * only as dense targets has it the right length.
 */
function isDense(labels: Labels, rows: Rows): boolean {
  const data = dataOf(labels);
  // Of any realm, which `instanceof` doesn't know.
  if (/Float\d+Array/.test(Object.prototype.toString.call(data))) return true;
  return Array.isArray(data) && data.length !== rows.count && data.length === rows.count * rows.length;
}

/** Reads labels or dense targets for the rows of a batch. */
export function readTargets(labels: Labels, shape: Shape, rows: Rows, options: TargetOptions): Targets {
  const { ignoreIndex, labelSmoothing: smoothing = 0 } = options;
  requireFraction("labelSmoothing", smoothing);
  const classWeights = readWeights("classWeights", options.classWeights, [rows.length], rows.length);
  const sampleWeights = readWeights("sampleWeights", options.sampleWeights, rows.shape, rows.count);

  if (isDense(labels, rows)) {
    if (ignoreIndex !== undefined) requireInt32("ignoreIndex", ignoreIndex);
    if (ignoreIndex !== undefined && ignoreIndex >= 0) {
      throw new RangeError(`ignoreIndex ${ignoreIndex} has no meaning with dense targets`);
    }
    const dense = readLike("targets", labels, shape);
    const divisor = new Sum();
    for (let r = 0; r < rows.count; r++) divisor.add(sampleWeights[r]);
    return { dense, smoothing, classWeights, sampleWeights, divisor: divisor.value };
  }
  const classes = readLabels(labels, rows, ignoreIndex);
  const divisor = labelWeight(classes, classWeights, sampleWeights);
  return { labels: classes, smoothing, classWeights, sampleWeights, divisor };
}

/** Writes the target t″ of row `r`. */
export function targetOfRow(targets: Targets, rows: Rows, r: number, target: Float64Array): void {
  const { labels, dense, smoothing, classWeights } = targets;
  if (dense) gather(dense, rows, r, target);
  else {
    target.fill(0);
    if (labels) target[labels[r]] = 1;
  }
  const share = smoothing / rows.length;
  for (let c = 0; c < target.length; c++) target[c] = classWeights[c] * ((1 - smoothing) * target[c] + share);
}
