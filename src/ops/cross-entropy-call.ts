import { type Batch, type FloatOutput, type Floats, look } from "../batch.js";
import { readFlag, readNumber } from "../checks.js";
import type { Context } from "../context.js";
import { OptionError } from "../errors.js";
import { isDense, type LabelArray, labelOf, readDense, readIgnoreIndex, readLabels } from "../labels.js";
import { Transform } from "../logits.js";
import { LossTotal, readGradient, readReduction } from "../loss.js";
import type { SoftmaxCrossEntropyOptions } from "../options.js";
import { newFloats, type Output } from "../outputs.js";
import { readClassWeights, readGradOutput, readSampleWeights, upstreamAt } from "../weights.js";

/**
 * What all cross-entropies of classes share, those of a linear layer, of shards and nllLoss among them: their arguments
 * after checking, and what the options mean for a position.
 */

/** A call after checking: what every position needs. */
export interface CrossEntropy {
  batch: Batch;
  /** Dense targets, or labels. */
  targets: Floats | undefined;
  labels: LabelArray | undefined;
  ignore: number;
  gradient: Output | undefined;
  gradOutput: number | Float32Array;
  smoothing: number;
  classWeights: Float32Array | undefined;
  sampleWeights: Float32Array | undefined;
  zLoss: number;
  /** The power of two that the kernel's targets are multiplied by, and its scales divided by: see unitOf. */
  unit: number;
  transform: Transform;
  total: LossTotal;
  /** Extra outputs. */
  lses: Float32Array | undefined;
  hits: { count: number } | undefined;
  /** What keeps a long position's logits under a softcap, while their gradient takes their place. */
  copy?: Float32Array;
  /** Where the base of every long position stands, if it is one for all. */
  base?: number;
}

/**
 * Reads all but where the gradient goes. Options come first, since their getters may do anything to what is read after
 * them; then x, by `readX`. Labels may stand for classes of more columns than x has: its batch has them all.
 */
export function readCrossEntropy(
  context: Context,
  readX: () => Batch,
  targetsOrLabels: unknown,
  options: Omit<SoftmaxCrossEntropyOptions, "shape" | "axis" | "grad" | "state" | "start">,
  takesDense = true,
): CrossEntropy {
  const { reduction, gradOutput, ignoreIndex, labelSmoothing, classWeights, sampleWeights } = options;
  const { zLoss, softcap, temperature, correct, logSumExp } = options;
  const { arena } = context;
  const batch = readX();
  const given = look(targetsOrLabels);
  const dense = takesDense && isDense(given);
  const targets = dense ? readDense(given, batch, arena) : undefined;
  const ignore = readIgnoreIndex(ignoreIndex, dense);
  const read = dense ? undefined : readLabels(given, batch, ignore, arena);
  const positions = batch.outer * batch.inner;
  const reduce = readReduction(reduction);
  const wanted = readFlag(correct, "correct");
  if (wanted && dense) throw new OptionError("correct counts labels that are hit; dense targets have none.");
  const smoothing = readNumber(labelSmoothing, "labelSmoothing", 0, 0, 1);
  const byClass = readClassWeights(classWeights, batch, arena);
  const bySample = readSampleWeights(sampleWeights, batch, arena);
  return {
    batch,
    targets,
    labels: read?.labels,
    ignore,
    gradient: undefined,
    gradOutput: readGradOutput(gradOutput, batch, reduce === "none", arena),
    smoothing,
    classWeights: byClass,
    sampleWeights: bySample,
    zLoss: readNumber(zLoss, "zLoss", 0, 0),
    unit: unitOf(smoothing, byClass),
    transform: Transform.read(context, softcap, temperature),
    total: new LossTotal(reduce, positions, divisorOf(read, byClass, bySample, ignore, positions)),
    lses: readFlag(logSumExp, "logSumExp") ? newFloats(positions) : undefined,
    hits: wanted ? { count: 0 } : undefined,
  };
}

/** Reads where the gradient to `x` goes. */
export function placeGradient(call: CrossEntropy, grad: unknown, x: Batch, { arena }: Context): void {
  call.gradient = readGradient(grad, x.shape, arena, x, inputsOf(call), call.targets);
}

/** Arrays that are read until the end. */
export function inputsOf({ labels, classWeights, sampleWeights, gradOutput }: CrossEntropy): readonly unknown[] {
  return [labels, classWeights, sampleWeights, gradOutput];
}

/** What the call returns. */
export function resultOf<G = FloatOutput>({ total, lses, hits }: CrossEntropy, grad: G | undefined): Result<G> {
  const result: Result<G> = { loss: total.value };
  if (grad) result.grad = grad;
  if (hits) result.correct = hits.count;
  if (lses) result.logSumExp = lses;
  return result;
}

export interface Result<G = FloatOutput> {
  loss: number | FloatOutput;
  grad?: G;
  correct?: number;
  logSumExp?: Float32Array;
}

/** The label of a position, −1 where it is ignored, 0 where targets are dense. */
export function givenLabelAt({ labels, ignore, batch }: CrossEntropy, position: number): number {
  return labels ? labelOf(labels, position, ignore, batch.classes) : 0;
}

/**
 * The label as the loss takes it: −1 also where the sample weight is 0, and where a mean has nothing to average, whose gradient
 * is 0 whatever the row. `correct` counts such a position nevertheless.
 */
export function labelAt(call: CrossEntropy, position: number): number {
  const nothing = call.total.scale === 0 || call.sampleWeights?.[position] === 0;
  return nothing ? -1 : givenLabelAt(call, position);
}

/** What a position's loss and gradient are multiplied by before the reduction. */
export function sampleWeight({ sampleWeights }: CrossEntropy, position: number): number {
  return sampleWeights ? sampleWeights[position] : 1;
}

/** The part of the target that the label adds: its class weight, less what smoothing spreads. */
export function spikeAt(call: CrossEntropy, label: number): number {
  if (!call.labels || label < 0) return 0;
  return (1 - call.smoothing) * (call.classWeights ? call.classWeights[label] : 1);
}

/**
 * Targets times a class weight, or a smoothing spread over many classes, may be subnormal; a scale above 1 would then magnify
 * their rounding. So targets, and what is added to them, are made 2^32 times too large, the scales as much too small.
 */
function unitOf(smoothing: number, classWeights: Float32Array | undefined): number {
  if (smoothing === 0 && !classWeights) return 1;
  const count = classWeights?.length ?? 0;
  // Not by `some`, which takes 16 ns a weight.
  for (let i = 0; i < count; i++) if ((classWeights as Float32Array)[i] > 2 ** 30) return 1;
  return 2 ** 32;
}

/** What a position's gradient is multiplied by. */
export function gradientScale(call: CrossEntropy, position: number): number {
  const { gradOutput, total, transform } = call;
  return sampleWeight(call, position) * upstreamAt(gradOutput, position) * total.scale * transform.slope;
}

/** A loss times the weight of its class; a weight of 0 wins over an infinite loss. */
export function weighted(weight: number, loss: number): number {
  return weight === 0 && !Number.isNaN(loss) ? 0 : weight * loss;
}

/** What the mean divides by: the weights of the positions that count. */
function divisorOf(
  read: { labels: LabelArray; counted: number } | undefined,
  classWeights: Float32Array | undefined,
  sampleWeights: Float32Array | undefined,
  ignore: number,
  positions: number,
): number {
  if (!sampleWeights && (!read || !classWeights)) return read ? read.counted : positions;
  let divisor = 0;
  for (let i = 0; i < positions; i++) {
    const label = read ? Number(read.labels[i]) : 0;
    if (read && label === ignore) continue;
    divisor += (sampleWeights ? sampleWeights[i] : 1) * (read && classWeights ? classWeights[label] : 1);
  }
  return divisor;
}

/**
 * The address of the base of some rows (the part of the targets that doesn't come from labels), for `cols` classes from
 * `column` on, at most a tile; 0 where there is none. `targets`: the address of dense targets, a row for each; they are the
 * base, or it is made of them at `to` by smoothing and class weights. 0 with labels: then smoothing gives one row for all.
 */
export function baseOf(
  { kernels, arena, work }: Context,
  { batch, smoothing, classWeights, unit }: CrossEntropy,
  targets: number,
  column: number,
  rows: number,
  cols: number,
  to = work.tile(1),
): number {
  if (smoothing === 0 && !(targets && classWeights)) return targets;
  const spread = (smoothing / batch.classes) * unit;
  if (targets) {
    const weights = classWeights ? work.tile(3) : 0;
    if (classWeights) work.copyIn(classWeights, column, cols, weights);
    kernels.smoothTargets(targets, to, weights, rows, cols, (1 - smoothing) * unit, spread);
  } else {
    const { f32 } = arena;
    const at = to >>> 2;
    if (classWeights) for (let c = 0; c < cols; c++) f32[at + c] = spread * classWeights[column + c];
    else f32.fill(spread, at, at + cols);
  }
  return to;
}
