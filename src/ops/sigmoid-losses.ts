import {
  areResident,
  type Batch,
  type ElementTargets,
  type FloatBatch,
  type FloatOutput,
  type Floats,
  readElements,
} from "../batch.js";
import { checkOptions, readNumber } from "../checks.js";
import type { Context } from "../context.js";
import { readTargets } from "../labels.js";
import { type LossResult, LossTotal, readGradient, readReduction, readUnit, readValues } from "../loss.js";
import type { Arena } from "../memory.js";
import { FOCAL, SIGMOID_CROSS_ENTROPY } from "../option-names.js";
import type {
  BinaryCrossEntropyOptions,
  LossOptions,
  OutputOptions,
  SigmoidCrossEntropyOptions,
  SigmoidFocalLossOptions,
} from "../options.js";
import { type Broadcast, readBroadcast, readGradOutput } from "../weights.js";
import { briefSigmoidCrossEntropy } from "./brief-losses.js";

/** Losses of each element by itself: sigmoid cross-entropy, focal loss, binary cross-entropy. */

/** The largest float32, which the kernel takes γ as. */
const LARGEST = (2 - 2 ** -23) * 2 ** 127;

/** The tiles that weights are expanded to. */
const POSITIVE = 3;
const ELEMENT = 4;

const BINARY = ["shape", "out", "reduction", "grad", "unit"];

/** What elements count. */
export interface Weighting {
  readonly smoothing: number;
  readonly positive: Broadcast | undefined;
  readonly element: Broadcast | undefined;
}

/** Addresses of a tile, and what a kernel needs besides. */
interface Tile {
  x: number;
  t: number;
  grad: number;
  losses: number;
  n: number;
  /** Index of the tile's first element. */
  start: number;
  sum: number;
}

export function sigmoidCrossEntropy(
  context: Context,
  x: FloatBatch,
  targets: ElementTargets,
  options: SigmoidCrossEntropyOptions,
): LossResult {
  return (
    briefSigmoidCrossEntropy(context, x, targets, options) ??
    generalSigmoidCrossEntropy(context, x, targets, context.left(options))
  );
}

function generalSigmoidCrossEntropy(
  context: Context,
  x: FloatBatch,
  targets: ElementTargets,
  options: SigmoidCrossEntropyOptions,
): LossResult {
  checkOptions(options, SIGMOID_CROSS_ENTROPY);
  const { kernels, arena, work } = context;
  const { shape, labelSmoothing, posWeight, elementWeights, reduction, grad, gradOutput } = options;
  const batch = readElements(x, shape, arena);
  const weighting = readWeighting({ labelSmoothing, posWeight, elementWeights }, batch, arena);
  const { smoothing, positive, element } = weighting;
  const plain = smoothing === 0 && !positive && !element;
  return elements(
    context,
    batch,
    targets,
    { reduction, grad, gradOutput },
    ({ x, t, grad, losses, n, start, sum }, scale) => {
      const e = work.exponentials;
      if (plain) {
        if (losses) kernels.sigmoidCrossEntropyGeneral(x, t, 0, 0, 0, losses, e, n, 0, 1, 0);
        // The same kernel for every reduction, so that the gradient has the same bits.
        return losses && !grad ? 0 : kernels.sigmoidCrossEntropy(x, t, grad, e, n, scale, sum);
      }
      const pw = positive ? work.tile(POSITIVE) : 0;
      const u = element ? work.tile(ELEMENT) : 0;
      positive?.expand(start, n, arena.f32, pw >>> 2);
      element?.expand(start, n, arena.f32, u >>> 2);
      return kernels.sigmoidCrossEntropyGeneral(x, t, u, pw, grad, losses, e, n, smoothing, scale, sum);
    },
    { whole: plain, positive, element },
  );
}

/** Reads what elements and their positive parts count. */
export function readWeighting(
  {
    labelSmoothing,
    posWeight,
    elementWeights,
  }: Pick<SigmoidCrossEntropyOptions, "labelSmoothing" | "posWeight" | "elementWeights">,
  batch: Batch,
  arena: Arena,
): Weighting {
  return {
    smoothing: readNumber(labelSmoothing, "labelSmoothing", 0, 0, 1),
    positive: readBroadcast(posWeight, batch, "posWeight", arena),
    element: readBroadcast(elementWeights, batch, "elementWeights", arena),
  };
}

export function sigmoidFocalLoss(
  context: Context,
  x: FloatBatch,
  targets: ElementTargets,
  options: SigmoidFocalLossOptions,
): LossResult {
  checkOptions(options, FOCAL);
  const { shape, alpha, gamma, reduction, grad, gradOutput } = options;
  const { kernels, arena, work } = context;
  const batch = readElements(x, shape, arena);
  const balance = readNumber(alpha, "alpha", -1, 0, 1);
  const focus = Math.fround(readNumber(gamma, "gamma", 2, 0, LARGEST));
  const settings = { reduction, grad, gradOutput };
  return elements(context, batch, targets, settings, ({ x, t, grad, losses, n, sum }, scale) =>
    kernels.sigmoidFocalLoss(x, t, grad, losses, work.exponentials, n, balance, focus, scale, sum),
  );
}

export function binaryCrossEntropy(
  context: Context,
  q: FloatBatch,
  targets: ElementTargets,
  options: BinaryCrossEntropyOptions,
): FloatOutput | number | LossResult {
  checkOptions(options, BINARY);
  const { shape, out, reduction, grad, unit } = options;
  const { kernels, arena, work } = context;
  const batch = readElements(q, shape, arena, "q");
  const factor = readUnit(unit);
  const settings = { out, reduction: readReduction(reduction, "none"), grad };
  const result = elements(context, batch, targets, settings, ({ x, t, grad, losses, n, sum }, scale) =>
    kernels.binaryCrossEntropy(x, t, grad, losses, work.exponentials, n, scale * factor, factor, sum),
  );
  return result.grad ? result : result.loss;
}

/**
 * Walks the elements in tiles; `run` computes one and returns the sum of the losses so far. `whole`: a tile may be longer
 * than the staging tiles if all operands are resident.
 */
function elements(
  context: Context,
  batch: Batch,
  targets: ElementTargets,
  options: LossOptions & OutputOptions,
  run: (tile: Tile, scale: number) => number,
  { whole = true, positive, element }: { whole?: boolean } & Partial<Pick<Weighting, "positive" | "element">> = {},
): LossResult {
  const { out, reduction, grad, gradOutput } = options;
  const { arena, work } = context;
  const t: Floats = readTargets(targets, batch, arena);
  const { length } = batch;
  const reduce = readReduction(reduction);
  const upstream = readGradOutput(gradOutput, batch, reduce === "none", arena);
  const inputs = [upstream, positive?.source, element?.source];
  const gradient = readGradient(grad, batch.shape, arena, batch, inputs, t);
  const values = readValues(out, reduce, batch.shape, arena, batch, t, gradient);
  const total = new LossTotal(reduce, length, length, values);
  const each = total.each && { array: total.each, pointer: 0 };
  const applied = kernelFactor(upstream, [positive, element]);
  const scale = total.scale * applied;
  const resident = areResident(batch, t, each, gradient);
  const tiles = context.tiles.flat(length, resident && whole, typeof upstream === "number");
  let sum = 0;
  while (tiles.next()) {
    const to = gradient ? tiles.place(gradient, 0) : 0;
    const tile = {
      x: tiles.read(batch, 0),
      t: tiles.read(t, 1),
      grad: to,
      losses: each ? work.tile(2) : 0,
      n: tiles.floats,
      start: tiles.position,
      sum,
    };
    sum = run(tile, scale);
    if (each) tiles.write(each, work.tile(2));
    if (gradient) {
      scaleRest(arena.f32, to, tiles.floats, upstream, tiles.position, applied, element && work.tile(ELEMENT));
      tiles.write(gradient, to);
    }
  }
  total.sum = sum;
  return total.result(gradient);
}

/**
 * The part of the upstream factors that the kernel applies before it rounds; `scaleRest` applies the rest. One factor for all
 * elements: that. A factor for each: the power of two above them all, so that the rest is at most 1, since more would magnify
 * the rounding of subnormal gradients. Less than that only where one element's factor times another's weights might overflow.
 */
export function kernelFactor(upstream: number | Float32Array, weights: readonly (Broadcast | undefined)[]): number {
  if (typeof upstream === "number") return upstream;
  let room = 127;
  for (const weight of weights) if (weight) room -= exponentAbove(weight.source);
  return 2 ** Math.min(room, exponentAbove(upstream));
}

/** The exponent of the least power of two, from 1 up, that no value is larger than. */
function exponentAbove(values: Float32Array): number {
  let most = 1;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    // Not Math.max: a NaN is its own element's.
    if (size > most) most = size;
  }
  return Math.ceil(Math.log2(most));
}

/**
 * Multiplies the n gradients at an address by their upstream factors, from `from` on, over what the kernel has `applied` of
 * them; but not those of elements whose weight, at the address u if there are any, is 0: an infinite factor would make NaN of
 * what is left out.
 */
export function scaleRest(
  f32: Float32Array,
  gradients: number,
  n: number,
  upstream: number | Float32Array,
  from: number,
  applied: number,
  u = 0,
): void {
  if (typeof upstream === "number") return;
  const at = gradients >>> 2;
  const weights = u >>> 2;
  for (let i = 0; i < n; i++) if (!u || f32[weights + i] !== 0) f32[at + i] *= upstream[from + i] / applied;
}
