// Binary cross-entropy of given probabilities, element by element:
//
//   l = −(t·log q + (1 − t)·log(1 − q))      ∂l/∂q = (q − t) / (q·(1 − q))
//
// log(1 − q) is log1p(−q), which keeps small q. From logits, use sigmoidCrossEntropy: a q that has rounded to 1 has
// lost what the loss depends on.

import type { Only } from "../given.js";
import { type Batch, type Labels, readBatch, readLike, SHAPE_OPTIONS, type ShapeOptions } from "./arrays.js";
import { type Names, requireOptions } from "./checks.js";
import { type Divergence, type GradientOptions, natsIn, type ValueOptions } from "./divergence.js";
import { reduce } from "./reduction.js";
import { weighted } from "./sum.js";

export interface BinaryCrossEntropyOptions extends ShapeOptions, ValueOptions, GradientOptions {}

const OPTIONS: Names<BinaryCrossEntropyOptions> = { ...SHAPE_OPTIONS, reduction: true, unit: true, grad: true };

/**
 * Binary cross-entropy of probabilities `q` against targets `t`. 0·log 0 = 0; +Infinity where the target has mass and q
 * has none; NaN where q, 1 − q, t or 1 − t is negative. The mean divides by the number of elements.
 *
 * @param q probabilities of any shape
 * @param t targets in [0, 1], in the same shape
 * @returns one value per element, or with a reduction a number; with `grad` also the gradient to `q`
 * @throws RangeError for shapes that don't match, or an unknown option value.
 */
export function binaryCrossEntropy<const O extends Only<BinaryCrossEntropyOptions, O> = object>(
  q: Batch,
  t: Labels,
  options: O = {} as O,
): Divergence<O> {
  requireOptions(options, OPTIONS);
  const { reduction = "none", unit = "nats" }: BinaryCrossEntropyOptions = options;
  const nats = natsIn(unit);
  const { data, shape } = readBatch(q, options.shape);
  const targets = readLike("targets", t, shape);
  const scale = reduction === "mean" ? 1 / data.length : 1;

  const values = new Float64Array(data.length);
  const grad = options.grad ? new Float64Array(data.length) : undefined;
  for (let i = 0; i < data.length; i++) {
    const valid = data[i] >= 0 && data[i] <= 1 && targets[i] >= 0 && targets[i] <= 1;
    values[i] = valid ? lossOf(data[i], targets[i]) / nats : Number.NaN;
    if (grad) grad[i] = valid ? (scale * gradientOf(data[i], targets[i])) / nats : Number.NaN;
  }
  const loss = reduce(values, reduction, data.length);
  return (grad ? { loss, grad } : loss) as Divergence<O>;
}

function lossOf(q: number, t: number): number {
  return weighted(t, -Math.log(q)) + weighted(1 - t, -Math.log1p(-q));
}

function gradientOf(q: number, t: number): number {
  // For a hard target one factor cancels, and with it the 0/0 where the prediction is right and certain.
  if (t === 0) return 1 / (1 - q);
  if (t === 1) return -1 / (q + 0); // 0 for −0
  return (q - t) / ((q + 0) * (1 - q));
}
