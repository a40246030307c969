// Softmax cross-entropy from logits, with its gradient. Per position, with targets t″ (targets.ts) and
// log-probabilities lp (row.ts):
//
//   l = v·(−Σ_c t″_c·lp_c + λ·logSumExp²)
//   ∂l/∂z_i = v·(Σ_c t″_c·p_i − t″_i + 2λ·logSumExp·p_i)
//
// Where p_i is nearly 1 and nearly all of the target's mass lies on i, the gradient as written cancels. It is formed as
//
//   Σ_{c≠i} t″_c·p_i − t″_i·(1 − p_i)        1 − p_i = −expm1(lp_i)
//
// so that for a label (t″ = 0 elsewhere) no subtraction is left.
//
// I. Goodfellow, Y. Bengio, A. Courville, "Deep Learning" (2016), section 6.2.2.3; the log-sum-exp penalty ("z-loss"):
// A. Chowdhery et al., PaLM (arXiv 2204.02311), section 5.

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
import { type Names, requireOptions, requireWeight } from "./checks.js";
import { gradientToLogits, LOGIT_OPTIONS, type LogitOptions, transformLogits } from "./logits.js";
import { gradientScales, type Loss, REDUCTION_OPTIONS, type ReductionOptions, toLoss } from "./reduction.js";
import { argmaxOfRow, logSoftmaxOfRow } from "./row.js";
import { Sum, weighted } from "./sum.js";
import { readTargets, TARGET_OPTIONS, type TargetOptions, targetOfRow } from "./targets.js";

export interface SoftmaxCrossEntropyOptions extends AxisOptions, LogitOptions, TargetOptions, ReductionOptions {
  /** λ ≥ 0: adds λ·logSumExp² per position, times its sample weight. Default 0. */
  readonly zLoss?: number | undefined;
  /** Whether to count the positions whose largest logit is the label's. Integer labels only. Default false. */
  readonly correct?: boolean | undefined;
  /** Whether to return the log-sum-exp of each position, ignored ones included. Default false. */
  readonly logSumExp?: boolean | undefined;
}

/** Returned beside the loss when asked for. */
export interface SoftmaxCrossEntropyExtras {
  /** Number of positions, not ignored, whose argmax equals the label. */
  correct?: number;
  /** Log-sum-exp (nats) of the logits after softcap and temperature, one per position. */
  logSumExp?: Float64Array;
}

export const SOFTMAX_CROSS_ENTROPY_OPTIONS: Names<SoftmaxCrossEntropyOptions> = {
  ...AXIS_OPTIONS,
  ...LOGIT_OPTIONS,
  ...TARGET_OPTIONS,
  ...REDUCTION_OPTIONS,
  zLoss: true,
  correct: true,
  logSumExp: true,
};

/**
 * Cross-entropy (nats) of softmax(logits) against integer labels or dense targets.
 *
 * Softcap comes first, then temperature, then the loss. A target of 0 on a class of log-probability −Infinity adds
 * nothing. The mean divides by Σ v·w_y over labels not ignored, or by Σ v with dense targets; with nothing to average
 * it is NaN and the gradient 0.
 *
 * @param logits logits of any shape with at least one axis
 * @param labels integers in the shape of `logits` without the class axis, or dense targets in the shape of `logits`. An
 * integer typed array is labels, a floating-point one dense targets; a plain array is labels unless only the dense
 * length fits.
 * @returns the loss, and with `grad` the gradient to the given logits, through softcap and temperature
 * @throws RangeError for shapes that don't match, an axis or label out of range, or an option out of its range.
 */
export function softmaxCrossEntropy<const O extends Only<SoftmaxCrossEntropyOptions, O> = object>(
  logits: Batch,
  labels: Labels,
  options: O = {} as O,
): Loss<O> & SoftmaxCrossEntropyExtras {
  requireOptions(options, SOFTMAX_CROSS_ENTROPY_OPTIONS);
  const { reduction = "mean", zLoss = 0 }: SoftmaxCrossEntropyOptions = options;
  requireWeight("zLoss", zLoss);
  const batch = readBatch(logits, options.shape);
  const rows = rowsAlong(batch.shape, options.axis);
  const targets = readTargets(labels, batch.shape, rows, options);
  if (options.correct && !targets.labels) throw new TypeError("correct needs integer labels, not dense targets");
  const z = transformLogits(batch.data, options);

  const losses = new Float64Array(rows.count);
  const grad = options.grad ? new Float64Array(z.length) : undefined;
  const scales = gradientScales(options.gradOutput, reduction, targets.divisor, rows.count);
  const nothing = reduction === "mean" && targets.divisor === 0;
  const logSumExps = new Float64Array(rows.count);
  let correct = 0;

  const row = new Float64Array(rows.length);
  const logProbs = new Float64Array(rows.length);
  const target = new Float64Array(rows.length);
  for (let r = 0; r < rows.count; r++) {
    gather(z, rows, r, row);
    const logSumExp = logSoftmaxOfRow(row, logProbs);
    logSumExps[r] = logSumExp;
    if (targets.labels && targets.labels[r] < 0) continue;
    if (options.correct && argmaxOfRow(row) === targets.labels?.[r]) correct++;
    const v = targets.sampleWeights[r];
    if (v === 0 || nothing) continue;

    targetOfRow(targets, rows, r, target);
    const loss = new Sum();
    for (let c = 0; c < target.length; c++) loss.add(weighted(target[c], -logProbs[c]));
    if (zLoss !== 0) loss.add(zLoss * logSumExp * logSumExp);
    losses[r] = weighted(v, loss.value);

    if (grad) {
      gradientOfRow(logProbs, target, 2 * zLoss * logSumExp, v * scales[r], row);
      scatter(row, rows, r, grad);
    }
  }
  if (grad) gradientToLogits(grad, batch.data, options);

  return {
    ...toLoss<O>(losses, reduction, targets.divisor, grad),
    ...(options.correct && { correct }),
    ...(options.logSumExp && { logSumExp: logSumExps }),
  };
}

/** Writes scale·(Σ_c t_c·p_i − t_i + penalty·p_i). */
function gradientOfRow(
  logProbs: Float64Array,
  target: Float64Array,
  penalty: number,
  scale: number,
  grad: Float64Array,
): void {
  // The mass beside the largest target is summed by itself; for the others subtracting from the total is harmless.
  const largest = argmaxOfRow(target);
  const beside = new Sum();
  for (let c = 0; c < target.length; c++) if (c !== largest) beside.add(target[c]);
  const besideLargest = beside.value;
  const total = besideLargest + (target[largest] ?? 0);

  for (let i = 0; i < grad.length; i++) {
    const others = i === largest ? besideLargest : total - target[i];
    grad[i] = scale * ((others + penalty) * Math.exp(logProbs[i]) + target[i] * Math.expm1(logProbs[i]));
  }
}
