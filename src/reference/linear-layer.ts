// The linear layer under a classifier's loss: logits Z = X·Wᵀ + b for features X [N, D], weights W [C, D], bias b [C],
// and, from the gradient G = ∂l/∂Z, the gradients
//
//   to X: G·W        to W: Gᵀ·X        to b: Σ_n G_n
//
// The N×C logits are held, and every dot product is compensated. That they need not be held is the kernels' business.

import { type Batch, float64, ownShape, readBatch, readLike, SHAPE_OPTIONS, type Shape, sizeOf } from "./arrays.js";
import type { Names } from "./checks.js";
import { Sum } from "./sum.js";

export interface LayerOptions {
  /** Shape of the features, the last axis of length D. Default: the features' own, or one position. */
  readonly shape?: Shape | undefined;
  /** One number per class, added to its logit. Default 0. */
  readonly bias?: Batch | undefined;
}

export const LAYER_OPTIONS: Names<LayerOptions> = { ...SHAPE_OPTIONS, bias: true };

/** Gradients of a linear classifier's loss, each in the shape of what it belongs to. */
export interface LinearGradients {
  features: Float64Array;
  weights: Float64Array;
  /** One number per class, whether or not a bias was given. */
  bias: Float64Array;
}

export interface Layer {
  readonly x: Float64Array;
  readonly w: Float64Array;
  /** Shape of the positions: that of the features without the last axis. */
  readonly positions: Shape;
  readonly classes: number;
  readonly depth: number;
  readonly logits: Float64Array;
}

/** Reads the operands and forms the logits. */
export function readLayer(features: Batch, weights: Batch, options: LayerOptions): Layer {
  const { data: x, shape } = readBatch(features, options.shape);
  if (shape.length === 0) throw new RangeError("features of shape [] have no axis of features");
  const positions = shape.slice(0, -1);
  const depth = shape[shape.length - 1];
  const w = float64(weights);
  const classes = ownShape(weights)?.[0] ?? (depth === 0 ? 0 : w.length / depth);
  readLike("weights", weights, [classes, depth]);
  const bias = options.bias === undefined ? undefined : readLike("bias", options.bias, [classes]);

  const count = sizeOf(positions);
  const logits = new Float64Array(count * classes);
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < classes; c++) {
      logits[n * classes + c] = dot(x, n * depth, 1, w, c * depth, 1, depth, bias ? bias[c] : 0);
    }
  }
  return { x, w, positions, classes, depth, logits };
}

/** Carries the gradient to the logits on to features, weights and bias. */
export function layerGradients({ x, w, positions, classes, depth }: Layer, g: Float64Array): LinearGradients {
  const count = sizeOf(positions);
  const features = new Float64Array(count * depth);
  for (let n = 0; n < count; n++) {
    for (let d = 0; d < depth; d++) features[n * depth + d] = dot(g, n * classes, 1, w, d, depth, classes, 0);
  }
  const weights = new Float64Array(classes * depth);
  const bias = new Float64Array(classes);
  for (let c = 0; c < classes; c++) {
    for (let d = 0; d < depth; d++) weights[c * depth + d] = dot(g, c, classes, x, d, depth, count, 0);
    const total = new Sum();
    for (let n = 0; n < count; n++) total.add(g[n * classes + c]);
    bias[c] = total.value;
  }
  return { features, weights, bias };
}

/** start + Σ_i a[aStart + i·aStep]·b[bStart + i·bStep]. Products of float32 numbers are exact. */
function dot(
  a: Float64Array,
  aStart: number,
  aStep: number,
  b: Float64Array,
  bStart: number,
  bStep: number,
  length: number,
  start: number,
): number {
  const total = new Sum();
  total.add(start);
  for (let i = 0, ai = aStart, bi = bStart; i < length; i++, ai += aStep, bi += bStep) total.add(a[ai] * b[bi]);
  return total.value;
}
