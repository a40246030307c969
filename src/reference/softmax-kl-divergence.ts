// Knowledge distillation: the divergence of a student's softmax from a teacher's, both given as logits. Per position,
// with p_t = softmax(teacher / T) and p_s = softmax(student / T),
//
//   l = T²·Σ p_t·(lp_t − lp_s)      ∂l/∂student = T·(p_s − p_t)
//
// For a student near its teacher the terms are of both signs and their sum is far smaller than they are. Since both
// rows sum to 1, p_s − p_t can be added to each term without changing the sum: p_t·(Δ + e^−Δ − 1) with Δ = lp_t − lp_s
// is never negative. Δ = (y − max y) − (x − max x) − c, with c the difference of the logarithms of both rows' sums: so c's
// error is the same for all classes. It is known from r = Σ (p_s − p_t), which would be 0: the true c is c + log(1 + r), and
// with that the sum would be r − log(1 + r) less.
//
// G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network" (arXiv 1503.02531), section 2.

import type { Only } from "../given.js";
import {
  AXIS_OPTIONS,
  type AxisOptions,
  type Batch,
  gather,
  readBatch,
  readLike,
  rowsAlong,
  scatter,
} from "./arrays.js";
import { type Names, requireOptions } from "./checks.js";
import { gradientToLogits, readTemperature, transformLogits } from "./logits.js";
import { gradientScales, type Loss, REDUCTION_OPTIONS, type ReductionOptions, toLoss } from "./reduction.js";
import { logSoftmaxOfRow } from "./row.js";
import { Sum, sum } from "./sum.js";

export interface SoftmaxKlDivergenceOptions extends AxisOptions, ReductionOptions {
  /**
   * Temperature T > 0: both logits become fround(z / T), and the loss is multiplied by T². Default: none,
   * as T = 1.
   */
  readonly temperature?: number | undefined;
}

const OPTIONS: Names<SoftmaxKlDivergenceOptions> = { ...AXIS_OPTIONS, ...REDUCTION_OPTIONS, temperature: true };

/**
 * T²·D_KL(softmax(teacher/T) ‖ softmax(student/T)) in nats. The mean divides by the number of positions.
 *
 * +Infinity where the teacher has mass on a class whose student logit is −Infinity; a row without a distribution (a
 * NaN, a +Infinity, all −Infinity) gives NaN.
 *
 * @param student logits of any shape with at least one axis
 * @param teacher logits in the same shape
 * @returns the loss, and with `grad` the gradient to the student's logits
 * @throws RangeError for shapes that don't match, an axis out of range, or a temperature that is not above 0.
 */
export function softmaxKlDivergence<const O extends Only<SoftmaxKlDivergenceOptions, O> = object>(
  student: Batch,
  teacher: Batch,
  options: O = {} as O,
): Loss<O> {
  requireOptions(options, OPTIONS);
  const { reduction = "mean" }: SoftmaxKlDivergenceOptions = options;
  const temperature = readTemperature(options.temperature ?? 1);
  const batch = readBatch(student, options.shape);
  const rows = rowsAlong(batch.shape, options.axis);
  const studentLogits = transformLogits(batch.data, options);
  const teacherLogits = transformLogits(readLike("teacher", teacher, batch.shape), options);

  const losses = new Float64Array(rows.count);
  const grad = options.grad ? new Float64Array(batch.data.length) : undefined;
  const scales = gradientScales(options.gradOutput, reduction, rows.count, rows.count);
  const row = new Float64Array(rows.length);
  const studentRow = new Float64Array(rows.length);
  const studentLog = new Float64Array(rows.length);
  const teacherLog = new Float64Array(rows.length);
  for (let r = 0; r < rows.count; r++) {
    gather(studentLogits, rows, r, studentRow);
    logSoftmaxOfRow(studentRow, studentLog);
    gather(teacherLogits, rows, r, row);
    logSoftmaxOfRow(row, teacherLog);

    const [maxStudent, maxTeacher] = [largest(studentRow), largest(row)];
    // At its largest logit the log-probability is −log Σ exp(z − max z): it adds no rounding but its own.
    const c = largest(studentLog) - largest(teacherLog);
    const total = new Sum();
    const rest = new Sum();
    for (let i = 0; i < row.length; i++) {
      const p = Math.exp(teacherLog[i]);
      const delta = sum(Float64Array.of(row[i], -maxTeacher, -studentRow[i], maxStudent, -c));
      const near = Math.abs(delta) < 1;
      // p_s − p_t, which keeps its digits for a small Δ only as a multiple of p_t.
      const difference = near ? p * Math.expm1(-delta) : Math.exp(studentLog[i]) - p;
      // Infinite where the student has no mass but the teacher has, be it too little for a float64.
      if (delta === Infinity) total.add(delta);
      else total.add(near ? p * excess(delta) : p === 0 ? difference : p * delta + difference);
      rest.add(difference);
      row[i] = difference;
    }
    const loss = Number.isFinite(total.value) ? total.value - excess(-Math.log1p(rest.value)) : total.value;
    losses[r] = temperature * temperature * loss;
    if (grad) {
      const scale = temperature * temperature * scales[r];
      for (let i = 0; i < row.length; i++) row[i] *= scale;
      scatter(row, rows, r, grad);
    }
  }
  if (grad) gradientToLogits(grad, batch.data, options);
  return toLoss<O>(losses, reduction, rows.count, grad);
}

function largest(row: Float64Array): number {
  return row.reduce((a, b) => Math.max(a, b), -Infinity);
}

/** x + e^−x − 1 for |x| < 1: Σ (−x)^k/k! from k = 2 on. */
function excess(x: number): number {
  let term = (x * x) / 2;
  let total = term;
  for (let k = 3; Math.abs(term) > 1e-18 * total; k++) {
    term *= -x / k;
    total += term;
  }
  return total;
}
