import type { Shape, Xentropy } from "../../../src/index.js";
import * as reference from "../../../src/reference/index.js";
import { classesOf, labels, logits, positionsOf, probabilities, weights } from "./layout.js";
import { NONE, type Operation, type Options, type Truth, upstream, type Variant } from "./operation.js";
import { reducedUnits, scalesOf } from "./reduction.js";
import { rowsOver } from "./rows.js";
import { crossEntropyUnits, distillationUnits, logSumExpUnits } from "./units.js";

/** Losses along a class axis: softmax cross-entropy, negative log-likelihood, distillation. */

const CLASS_WEIGHTS: Variant = ["classWeights", (layout, seed) => ({ classWeights: weights(classesOf(layout), seed) })];
const SAMPLE_WEIGHTS: Variant = [
  "sampleWeights",
  (layout, seed) => ({ sampleWeights: weights(positionsOf(layout), seed) }),
];

const SHARED: readonly Variant[] = [
  NONE,
  ["labelSmoothing", () => ({ labelSmoothing: 0.1 })],
  CLASS_WEIGHTS,
  SAMPLE_WEIGHTS,
  ["zLoss", () => ({ zLoss: 0.01 })],
  ["temperature", () => ({ temperature: 2.5 })],
  ["softcap", () => ({ softcap: 20 })],
  ["softcap and zLoss", () => ({ softcap: 20, zLoss: 0.01 })],
  ["classWeights and labelSmoothing", (...args) => ({ ...CLASS_WEIGHTS[1](...args), labelSmoothing: 0.3 })],
  ["logSumExp", () => ({ logSumExp: true })],
  ["classWeights and logSumExp", (...args) => ({ ...CLASS_WEIGHTS[1](...args), logSumExp: true })],
  ...upstream(positionsOf),
];

type CrossEntropyOptions = Options & reference.SoftmaxCrossEntropyOptions & { readonly shape: Shape };

interface Weighting {
  readonly classWeights?: Float32Array;
  readonly sampleWeights?: Float32Array;
}

/** The logits after softcap and temperature, as the kernels form them: the log-sum-exp of one class is its logit. */
export function logitsAfter(
  k: Xentropy,
  x: Float32Array,
  { softcap, temperature }: { softcap?: number | undefined; temperature?: number | undefined },
): Float32Array {
  if (softcap === undefined && temperature === undefined) return x;
  const labels = new Uint8Array(x.length);
  return k.softmaxCrossEntropy(x, labels, { softcap, temperature, shape: [x.length, 1], logSumExp: true }).logSumExp;
}

/** Loss and gradient of softmaxCrossEntropy with any options, judged from the logits after softcap and temperature. */
function crossEntropyTruth(
  k: Xentropy,
  x: Float32Array,
  targets: Int32Array | Float32Array,
  options: Options,
): Record<string, Truth> {
  const { softcap, temperature = 1, ...rest } = options as CrossEntropyOptions & Weighting;
  const { shape, axis, reduction = "mean", labelSmoothing = 0, zLoss = 0, ignoreIndex = -100 } = rest;
  const { classWeights, sampleWeights } = rest;
  const z = logitsAfter(k, x, options);
  const truth = reference.softmaxCrossEntropy(z, targets, { ...rest, grad: true, logSumExp: true });

  const dense = targets instanceof Float32Array ? targets : undefined;
  const classes = dense ? undefined : (targets as Int32Array).map((label) => (label === ignoreIndex ? -1 : label));
  const terms = {
    z,
    shape,
    axis,
    labels: classes,
    dense,
    smoothing: labelSmoothing,
    classWeights,
    sampleWeights,
    zLoss,
  };
  const { losses, grad: units } = crossEntropyUnits(terms);

  const rows = rowsOver(shape, axis);
  let divisor = 0;
  for (let r = 0; r < rows.length; r++) {
    const label = classes ? classes[r] : 0;
    if (label >= 0) divisor += (sampleWeights?.[r] ?? 1) * (classes ? (classWeights?.[label] ?? 1) : 1);
  }
  const scales = scalesOf(options, rows.length, divisor);
  rows.forEach((row, r) => {
    for (const i of row) {
      // The slope of s·tanh(x/s) is 1/cosh²(x/s).
      const slope = (softcap === undefined ? 1 : 1 / Math.cosh(x[i] / softcap) ** 2) / temperature;
      units[i] *= Math.abs(scales[r]) * slope;
      if (slope !== 1) truth.grad[i] *= slope;
      // The gradient of an ignored position is 0 whatever its logits are.
      if (classes && classes[r] < 0) truth.grad[i] = 0;
    }
  });
  // With a label alone loss and gradient are one term each.
  const single = classes && labelSmoothing === 0 && zLoss === 0;
  return {
    loss: { values: truth.loss, units: single ? undefined : reducedUnits(losses, reduction, divisor) },
    grad: { values: truth.grad, units: single ? undefined : units },
    correct: { values: truth.correct ?? Number.NaN },
    logSumExp: { values: truth.logSumExp ?? [], units: logSumExpUnits(z, shape, axis) },
  };
}

export const CROSS_ENTROPY_OPERATIONS: readonly Operation[] = [
  {
    name: "softmaxCrossEntropy with labels",
    method: "softmaxCrossEntropy",
    works: "along an axis",
    writes: "grad",
    replaces: [0],
    bound: 4,
    variants: [...SHARED, ["correct", () => ({ correct: true })]],
    operands: (layout, seed) => [logits(layout, seed), labels(layout, seed)],
    truth: ([x, y], options, k) => crossEntropyTruth(k, x as Float32Array, y as Int32Array, options),
  },
  {
    name: "softmaxCrossEntropy with dense targets",
    method: "softmaxCrossEntropy",
    works: "along an axis",
    writes: "grad",
    replaces: [0],
    bound: 4,
    variants: SHARED,
    operands: (layout, seed) => [logits(layout, seed), probabilities(layout, seed + 1)],
    truth: ([x, t], options, k) => crossEntropyTruth(k, x as Float32Array, t as Float32Array, options),
  },
  {
    name: "nllLoss",
    method: "nllLoss",
    works: "along an axis",
    writes: "grad",
    replaces: [0],
    bound: 4,
    variants: [NONE, CLASS_WEIGHTS, SAMPLE_WEIGHTS, ...upstream(positionsOf)],
    operands: (layout, seed) => [logits(layout, seed).map((x) => -Math.abs(x)), labels(layout, seed)],
    truth: ([lp, y], options) => {
      const { loss, grad } = reference.nllLoss(lp as Float32Array, y as Int32Array, { ...options, grad: true });
      return { loss: { values: loss }, grad: { values: grad } };
    },
  },
  {
    name: "softmaxKlDivergence",
    method: "softmaxKlDivergence",
    works: "along an axis",
    writes: "grad",
    replaces: [0],
    bound: 4,
    variants: [NONE, ["temperature", () => ({ temperature: 2.5 })], ...upstream(positionsOf)],
    operands: (layout, seed) => [logits(layout, seed), logits(layout, seed + 1)],
    truth: (operands, options) => {
      const { shape, axis, temperature = 1, reduction = "mean" } = options as CrossEntropyOptions;
      const [student, teacher] = operands as Float32Array[];
      const { loss, grad } = reference.softmaxKlDivergence(student, teacher, { ...options, grad: true });
      const [x, y] = [student, teacher].map((values) => values.map((value) => value / temperature));
      const units = distillationUnits(x, y, temperature, shape, axis);
      const rows = rowsOver(shape, axis);
      const scales = scalesOf(options, rows.length, rows.length);
      rows.forEach((row, r) => {
        for (const i of row) units.grad[i] *= Math.abs(scales[r]);
      });
      return {
        loss: { values: loss, units: reducedUnits(units.losses, reduction, rows.length) },
        grad: { values: grad, units: units.grad },
      };
    },
  },
];
