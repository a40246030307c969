import type { LogSumExpState } from "../log-sum-exp-state.js";
import { rowsAlong } from "../reference/arrays.js";
import { gradientScales, type Reduction } from "../reference/reduction.js";
import { readTargets } from "../reference/targets.js";
import { type Call, numbers, shapeOf } from "./call.js";
import { reduced } from "./rows.js";
import type { Truth } from "./truth.js";

/**
 * The truth of softmax cross-entropy over some columns of rows, given their log-sum-exp L as the state has it:
 *
 *   loss, where the label y is among the columns: v·(w_y·(L − x_y) + λ·L²)
 *   gradient: s·v·((w_y + 2λL)·exp(x − L) − w_y·[c = y])
 *
 * Both are judged by the sum of their terms' magnitudes. Where L is not finite there is nothing to judge by.
 */
export function shardTruth(call: Call, state: LogSumExpState, outputs: Results): Record<string, Truth> {
  const { start = 0, zLoss = 0, reduction = "mean", gradOutput, ...options } = call.options as ShardOptions;
  const { operands } = call;
  const x = numbers(operands[0]);
  const shape = [...shapeOf(call).slice(0, -1), state.end];
  const rows = rowsAlong(shape);
  const targets = readTargets(operands[1] as never, shape, rows, options);
  const scales = gradientScales(gradOutput, reduction, targets.divisor, rows.count);
  const cols = rows.count === 0 ? 0 : x.length / rows.count;
  const top = logSumExpOf(state);
  const loss = { values: new Float64Array(rows.count), magnitudes: new Float64Array(rows.count) };
  const grad = { values: new Float64Array(x.length), magnitudes: new Float64Array(x.length) };
  let known = true;
  for (let row = 0; row < rows.count; row++) {
    const label = targets.labels?.[row] ?? -1;
    const v = targets.sampleWeights[row];
    if (label < 0 || v === 0) continue;
    const { max, above } = top[row];
    const lse = max + above;
    const at = label - start;
    const w = targets.classWeights[label];
    if (!Number.isFinite(lse)) {
      known = false;
      for (let i = row * cols; i < (row + 1) * cols; i++) grad.values[i] = outputs.grad?.[i] ?? 0;
      continue;
    }
    if (at >= 0 && at < cols) {
      const y = x[row * cols + at];
      const terms = zLoss === 0 ? 0 : zLoss * lse * lse;
      loss.values[row] = v * ((w === 0 ? 0 : w * (max - y + above)) + terms);
      loss.magnitudes[row] = v * ((w === 0 ? 0 : w * (Math.abs(lse) + Math.abs(y))) + terms);
    }
    const factor = v * scales[row];
    for (let c = 0; c < cols; c++) {
      const i = row * cols + c;
      const p = Math.exp(x[i] - max - above);
      const spike = c === at ? w : 0;
      grad.values[i] = factor * ((w + 2 * zLoss * lse) * p - spike);
      grad.magnitudes[i] = Math.abs(factor) * ((w + 2 * zLoss * Math.abs(lse)) * p + spike);
    }
  }
  const over = (values: Float64Array) => reduced(values, { operands, options: { reduction } }, "mean", targets.divisor);
  return {
    loss: known ? { values: over(loss.values), magnitudes: over(loss.magnitudes) } : { values: outputs.loss ?? [] },
    grad,
  };
}

/** What a call gave. */
type Results = { readonly [name: string]: ArrayLike<number> | undefined };

interface ShardOptions {
  readonly start?: number;
  readonly zLoss?: number;
  readonly reduction?: Reduction;
  readonly gradOutput?: number | ArrayLike<number>;
}

/**
 * The state's log-sum-exps in float64, as a maximum and what is above it, which a large maximum would swallow. Of each node
 * the state has the maximum, the exponential of that, and the sum of the others.
 */
function logSumExpOf(state: LogSumExpState): { max: number; above: number }[] {
  const { rows, nodes } = state.toJSON();
  return Array.from({ length: rows }, (_, row) => {
    const own = nodes.map(({ values }) => values.slice(row * 3, row * 3 + 3).map(Number));
    const max = own.reduce((largest, [value]) => Math.max(largest, value), -Infinity);
    const first = own.findIndex(([value]) => value === max);
    // The first maximum's own term is 1, beside which the others may be too small: log1p takes it.
    const above = own.reduce((sum, [m, peak, rest], i) => {
      return m === -Infinity ? sum : sum + Math.exp(m - max) * ((i === first ? 0 : 1) + rest / peak);
    }, 0);
    return { max, above: Math.log1p(above) };
  });
}
