import {
  type Batch,
  type ElementTargets,
  type FloatBatch,
  type FloatOutput,
  type Floats,
  isResident,
  readElements,
  readTargets,
} from "../batch.js";
import { checkOptions, readChoice, readNumber } from "../checks.js";
import type { Context } from "../context.js";
import { gradientOf, LossTotal, readReduction } from "../loss.js";
import type {
  BinaryCrossEntropyOptions,
  LossOptions,
  SigmoidCrossEntropyOptions,
  SigmoidFocalLossOptions,
} from "../options.js";
import { checkApart, checkOutputApart, readOutput } from "../outputs.js";
import { Broadcast, readGradOutput } from "../weights.js";
import { briefSigmoidCrossEntropy } from "./brief.js";

/** Losses of each element by itself: sigmoid cross-entropy, focal loss, binary cross-entropy. */

const SIGMOID = new Set(["shape", "reduction", "grad", "gradOutput", "labelSmoothing", "posWeight", "elementWeights"]);
const FOCAL = new Set(["shape", "reduction", "grad", "gradOutput", "alpha", "gamma"]);
const BINARY = new Set(["shape", "reduction", "grad", "unit"]);

interface Result {
  loss: number | Float32Array;
  grad?: FloatOutput;
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
): Result {
  return (
    briefSigmoidCrossEntropy(context, x, targets, options) ?? generalSigmoidCrossEntropy(context, x, targets, options)
  );
}

function generalSigmoidCrossEntropy(
  context: Context,
  x: FloatBatch,
  targets: ElementTargets,
  options: SigmoidCrossEntropyOptions,
): Result {
  checkOptions(options, SIGMOID);
  const { shape, labelSmoothing, posWeight, elementWeights } = options;
  const { kernels, arena, work } = context;
  const batch = readElements(x, shape, arena);
  const smoothing = readNumber(labelSmoothing, "labelSmoothing", 0, 0, 1);
  const positive = Broadcast.read(posWeight, batch, "posWeight", arena);
  const element = Broadcast.read(elementWeights, batch, "elementWeights", arena);
  const plain = smoothing === 0 && !positive && !element;
  return elements(
    context,
    batch,
    targets,
    options,
    ({ x, t, grad, losses, n, start, sum }, scale) => {
      const e = work.exponentials;
      if (plain) {
        if (losses) kernels.sigmoidCrossEntropyGeneral(x, t, 0, 0, 0, losses, e, n, 0, 1, 0);
        // The same kernel for every reduction, so that the gradient has the same bits.
        return losses && !grad ? 0 : kernels.sigmoidCrossEntropy(x, t, grad, e, n, scale, sum);
      }
      const pw = positive ? work.tile(3) : 0;
      const u = element ? work.tile(4) : 0;
      positive?.expand(start, n, arena.f32, pw >>> 2);
      element?.expand(start, n, arena.f32, u >>> 2);
      return kernels.sigmoidCrossEntropyGeneral(x, t, u, pw, grad, losses, e, n, smoothing, scale, sum);
    },
    { whole: plain, weights: [positive, element] },
  );
}

export function sigmoidFocalLoss(
  context: Context,
  x: FloatBatch,
  targets: ElementTargets,
  options: SigmoidFocalLossOptions,
): Result {
  checkOptions(options, FOCAL);
  const { shape, alpha, gamma } = options;
  const { kernels, arena, work } = context;
  const batch = readElements(x, shape, arena);
  const balance = readNumber(alpha, "alpha", -1, 0, 1);
  const focus = readNumber(gamma, "gamma", 2, 0);
  return elements(context, batch, targets, options, ({ x, t, grad, losses, n, sum }, scale) =>
    kernels.sigmoidFocalLoss(x, t, grad, losses, work.exponentials, n, balance, focus, scale, sum),
  );
}

/** In bits everything is divided by ln 2. */
export const NATS_PER_BIT = Math.LN2;

export function binaryCrossEntropy(
  context: Context,
  q: FloatBatch,
  targets: ElementTargets,
  options: BinaryCrossEntropyOptions,
): Float32Array | number | Result {
  checkOptions(options, BINARY);
  const { shape, reduction, grad, unit } = options;
  const { kernels, arena, work } = context;
  const batch = readElements(q, shape, arena, "q");
  const factor = readChoice(unit, "unit", ["nats", "bits"]) === "bits" ? 1 / NATS_PER_BIT : 1;
  const settings = { reduction: readReduction(reduction, "none"), grad };
  const result = elements(
    context,
    batch,
    targets,
    settings,
    ({ x, t, grad, losses, n, sum }, scale) =>
      kernels.binaryCrossEntropy(x, t, grad, losses, work.exponentials, n, scale, sum),
    { factor },
  );
  return grad === undefined || grad === false ? result.loss : result;
}

/**
 * Walks the elements in tiles; `run` computes one and returns the sum of the losses so far. Losses and gradient are
 * multiplied by `factor`. `whole`: a tile may be longer than the staging tiles if all operands are resident.
 */
function elements(
  context: Context,
  batch: Batch,
  targets: ElementTargets,
  options: LossOptions,
  run: (tile: Tile, scale: number) => number,
  { factor = 1, whole = true, weights = [] as (Broadcast | undefined)[] } = {},
): Result {
  const { reduction, grad, gradOutput } = options;
  const { arena, work } = context;
  const t: Floats = readTargets(targets, batch, arena);
  const { length } = batch;
  const reduce = readReduction(reduction);
  const upstream = readGradOutput(gradOutput, batch, reduce === "none", arena);
  const result = gradientOf(grad, length);
  const gradient = result && readOutput(result, batch, arena, "grad");
  if (gradient) {
    checkApart(gradient, t, arena, "grad and targets");
    checkOutputApart(gradient, arena, "grad", [upstream, ...weights.map((weight) => weight?.source)]);
  }
  const total = new LossTotal(reduce, length, length);
  const each = total.each && { array: total.each, pointer: 0 };
  // The kernel takes the largest upstream factor, so that what is left to multiply its rounded results by is at most 1:
  // more would magnify the rounding of subnormal ones.
  const peak = typeof upstream === "number" ? upstream : powerAbove(upstream);
  const scale = total.scale * factor * peak;
  const resident = isResident(batch) && isResident(t) && !each && (!gradient || isResident(gradient));
  const tiles = context.tiles.flat(length, resident && whole);
  if (typeof upstream === "number") tiles.streamed();
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
      if (typeof upstream !== "number") {
        const { f32 } = arena;
        for (let i = 0, at = to >>> 2; i < tiles.floats; i++) f32[at + i] *= upstream[tiles.position + i] / peak;
      }
      tiles.write(gradient, to);
    }
  }
  total.sum = sum * factor;
  if (total.each && factor !== 1) for (let i = 0; i < length; i++) total.each[i] *= factor;
  return total.result(result);
}

/** A power of two, at least 1, that no magnitude exceeds; NaNs aside. */
export function powerAbove(values: ArrayLike<number>): number {
  let most = 1;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(values[i]);
    if (size > most) most = size;
  }
  return 2 ** Math.min(127, Math.ceil(Math.log2(most)));
}
