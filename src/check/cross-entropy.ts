import { typedName } from "../checks.js";
import type { Xentropy } from "../kernels.js";
import { rowsAlong, scatter } from "../reference/arrays.js";
import * as reference from "../reference/index.js";
import { gradientToLogits, type LogitOptions, transformLogits } from "../reference/logits.js";
import { gradientScales, type Reduction } from "../reference/reduction.js";
import { logSoftmaxOfRow } from "../reference/row.js";
import { readTargets, targetOfRow } from "../reference/targets.js";
import { type Call, dataOf, numbers, shapeOf, type Values } from "./call.js";
import { distanceOf } from "./distance.js";
import { overRows, reduced } from "./rows.js";
import { logSumExpTerms } from "./softmax.js";
import type { Magnitudes, Truth } from "./truth.js";

/** What softmax cross-entropy and distillation are compared with. */

/**
 * Softmax cross-entropy is judged from the logits after softcap and temperature, as the kernels cap them: with one class a
 * position, the log-sum-exp is the logit. For t″ the smoothed and weighted targets and L = |max| + log Σ exp(z − max):
 *
 *   loss: v·(Σ |t″·lp| + λ·L²)        gradient: s·((Σ |t″| + 2λL)·p + |t″|)
 *
 * A label alone leaves one term, and so the true value.
 */
export function crossEntropyTruth(call: Call, k: Xentropy): Record<string, Truth> {
  const { operands, options } = call;
  const { softcap, temperature, ...rest } = options;
  const shape = shapeOf(call);
  const x = numbers(operands[0]);
  const z = softcap === undefined && temperature === undefined ? x : transformed(k, x, options as LogitOptions);
  const targets = operands[1] as never;
  const { grad, correct, ...truth } = reference.softmaxCrossEntropy(z, targets, { ...rest, shape });
  const terms = crossEntropyTerms({ operands: [z, targets], options: { ...rest, shape } });
  if (grad) {
    for (const gradient of [grad, terms.grad, terms.pull]) {
      gradientToLogits(gradient, x, { softcap, temperature } as LogitOptions);
    }
  }
  const single = typedName(dataOf(targets)) !== "Float32Array" && !options.labelSmoothing && !options.zLoss;
  return {
    loss: { values: truth.loss, magnitudes: single ? undefined : terms.loss },
    grad: { values: grad ?? [], magnitudes: single ? undefined : terms.grad, pull: terms.pull },
    correct: { values: correct ?? 0 },
    logSumExp: {
      values: truth.logSumExp ?? [],
      magnitudes: logSumExpTerms({ operands: [z], options: { shape, axis: options.axis } }).out,
    },
  };
}

function crossEntropyTerms(call: Call): { loss: Values; grad: Float64Array; pull: Float64Array } {
  const { operands, options } = call;
  const shape = shapeOf(call);
  const layout = rowsAlong(shape, options.axis as number | undefined);
  const targets = readTargets(operands[1] as never, shape, layout, options);
  const reduction = (options.reduction as Reduction | undefined) ?? "mean";
  const scales = gradientScales(options.gradOutput as never, reduction, targets.divisor, layout.count);
  const target = new Float64Array(layout.length);
  const lp = new Float64Array(layout.length);
  const pulls = new Float64Array(layout.length);
  const pull = new Float64Array(layout.count * layout.length);
  const zLoss = (options.zLoss as number | undefined) ?? 0;
  const { values, elements } = overRows(call, [operands[0]], ([z], result, r) => {
    result.fill(0);
    const v = targets.sampleWeights[r];
    if (v === 0 || (targets.labels && targets.labels[r] < 0)) return 0;
    targetOfRow(targets, layout, r, target);
    const lse = logSoftmaxOfRow(z, lp);
    const max = z.reduce((a, b) => Math.max(a, b), -Infinity);
    const size = Math.abs(max) + (lse - max);
    const mass = target.reduce((total, t) => total + Math.abs(t), 0);
    let loss = zLoss === 0 ? 0 : zLoss * size * size;
    for (let c = 0; c < lp.length; c++) {
      const t = Math.abs(target[c]);
      if (t !== 0) loss -= t * lp[c];
      const factor = v * Math.abs(scales[r]);
      pulls[c] = factor * 2 * zLoss * Math.exp(lp[c]);
      result[c] = factor * ((mass + 2 * zLoss * size) * Math.exp(lp[c]) + t);
    }
    scatter(pulls, layout, r, pull);
    return v * loss;
  });
  return { loss: reduced(values, call, "mean", targets.divisor), grad: elements, pull };
}

/** The logits after softcap and temperature. */
function transformed(k: Xentropy, x: Float64Array, { softcap, temperature = 1 }: LogitOptions): Float64Array {
  const logits = x.map(Math.fround);
  const z = softcap === undefined ? logits : capped(k, logits, softcap);
  return z.map((value) => Math.fround(value / temperature));
}

/** ULP that a capped logit may be off. */
const CAP_BOUND = 3;

/** Capped logits as the kernels have them; where those are further from the truth than they may be, the truth. */
function capped(k: Xentropy, x: Float64Array, softcap: number): Float64Array {
  const settings = { softcap, shape: [x.length, 1], logSumExp: true } as const;
  const { logSumExp } = k.softmaxCrossEntropy(Float32Array.from(x), new Uint8Array(x.length), settings);
  return x.map((value, i) => {
    const truth = softcap * Math.tanh(value / softcap);
    return distanceOf(logSumExp[i], truth) <= CAP_BOUND ? logSumExp[i] : truth;
  });
}

/** Teacher's probabilities below this count as none to the kernels where the student's are smaller still. */
const LEAST = 2 ** -200;

/** Loss: T²·Σ p·|log(p/q)|; gradient: s·T·(p + q). */
export function distillationTerms(call: Call): Magnitudes {
  const { operands, options } = call;
  const { temperature = 1 } = options as LogitOptions;
  const reduction = (options.reduction as Reduction | undefined) ?? "mean";
  const logits = operands.map((operand) => transformLogits(numbers(operand), options));
  const count = rowsAlong(shapeOf(call), options.axis as number | undefined).count;
  const scales = gradientScales(options.gradOutput as never, reduction, count, count);
  const { values, elements } = overRows(call, logits, ([x, y], result, r) => {
    const [q, p] = [x, y].map((row) => {
      const lp = new Float64Array(row.length);
      logSoftmaxOfRow(row, lp);
      return lp;
    });
    let total = 0;
    for (let c = 0; c < q.length; c++) {
      const mass = Math.exp(p[c]);
      // What is left out isn't judged.
      if (mass !== 0) total += mass * Math.abs(p[c] - q[c]) * (mass < LEAST && p[c] > q[c] ? 2 ** 24 : 1);
      result[c] = Math.abs(scales[r]) * temperature * (mass + Math.exp(q[c]));
    }
    return temperature * temperature * total;
  });
  return { loss: reduced(values, call, "mean"), grad: elements };
}
