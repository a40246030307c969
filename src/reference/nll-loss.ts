// Negative log-likelihood of labels under given log-probabilities: l = −v·w_y·lp_y per position y.
// Softmax cross-entropy is this after logSoftmax.

import type { Only } from "../given.js";
import {
  AXIS_OPTIONS,
  type AxisOptions,
  type Batch,
  gather,
  type Labels,
  readBatch,
  rowsAlong,
  scatter,
} from "./arrays.js";
import { type Names, requireOptions } from "./checks.js";
import { gradientScales, type Loss, REDUCTION_OPTIONS, type ReductionOptions, toLoss } from "./reduction.js";
import { weighted } from "./sum.js";
import { LABEL_OPTIONS, type LabelOptions, labelWeight, readLabels, readWeights } from "./targets.js";

export interface NllLossOptions extends AxisOptions, LabelOptions, ReductionOptions {}

const OPTIONS: Names<NllLossOptions> = { ...AXIS_OPTIONS, ...LABEL_OPTIONS, ...REDUCTION_OPTIONS };

/**
 * Negative log-likelihood (nats) of integer labels. The mean divides by Σ v·w_y over labels not ignored; with nothing
 * to average it is NaN and the gradient 0. Class weight 0 times −Infinity is 0; a sample weight of 0 leaves
 * its position out.
 *
 * @param logProbs log-probabilities (nats) of any shape with at least one axis
 * @param labels integers in the shape of `logProbs` without the class axis
 * @returns the loss, and with `grad` the gradient to `logProbs`
 * @throws RangeError for shapes that don't match, an axis or label out of range, or an option out of its range.
 */
export function nllLoss<const O extends Only<NllLossOptions, O> = object>(
  logProbs: Batch,
  labels: Labels,
  options: O = {} as O,
): Loss<O> {
  requireOptions(options, OPTIONS);
  const { reduction = "mean" }: NllLossOptions = options;
  const batch = readBatch(logProbs, options.shape);
  const rows = rowsAlong(batch.shape, options.axis);
  const classes = readLabels(labels, rows, options.ignoreIndex);
  const classWeights = readWeights("classWeights", options.classWeights, [rows.length], rows.length);
  const sampleWeights = readWeights("sampleWeights", options.sampleWeights, rows.shape, rows.count);
  const divisor = labelWeight(classes, classWeights, sampleWeights);

  const losses = new Float64Array(rows.count);
  const grad = options.grad ? new Float64Array(batch.data.length) : undefined;
  const scales = gradientScales(options.gradOutput, reduction, divisor, rows.count);
  const row = new Float64Array(rows.length);
  for (let r = 0; r < rows.count; r++) {
    const label = classes[r];
    if (label < 0 || sampleWeights[r] === 0) continue;
    gather(batch.data, rows, r, row);
    const weight = sampleWeights[r] * classWeights[label];
    losses[r] = weighted(weight, 0 - row[label]);
    if (grad) {
      row.fill(0);
      row[label] = 0 - weight * scales[r];
      scatter(row, rows, r, grad);
    }
  }
  return toLoss<O>(losses, reduction, divisor, grad);
}
