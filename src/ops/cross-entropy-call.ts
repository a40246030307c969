import type { Batch, Floats } from "../batch.js";
import { type LabelArray, labelOf } from "../labels.js";
import type { Transform } from "../logits.js";
import type { LossTotal } from "../loss.js";

/** A cross-entropy's arguments after checking, and what its options mean for a position. */

/** A call of softmaxCrossEntropy after checking: what every position needs. */
export interface CrossEntropy {
  batch: Batch;
  /** Dense targets, or labels. */
  targets: Floats | undefined;
  labels: LabelArray | undefined;
  ignore: number;
  gradient: Floats | undefined;
  gradOutput: number | Float32Array;
  smoothing: number;
  classWeights: Float32Array | undefined;
  sampleWeights: Float32Array | undefined;
  zLoss: number;
  /** What the kernel's targets are made larger by, and its scales smaller: see unitOf. */
  unit: number;
  transform: Transform;
  total: LossTotal;
  /** Extra outputs. */
  tops: Float32Array | undefined;
  hits: { count: number } | undefined;
}

/** The label of a position, −1 where it is left out, 0 where targets are dense. */
export function labelAt({ labels, ignore, batch }: CrossEntropy, position: number): number {
  return labels ? labelOf(labels, position, ignore, batch.classes) : 0;
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
 * Targets that are multiplied by a weight or spread may be subnormal, and a scale above 1 would then magnify the rounding.
 * So they are made 2^32 too large, with all that stands beside them, and the scales as much too small.
 */
export function unitOf(smoothing: number, classWeights: Float32Array | undefined): number {
  if (smoothing === 0 && !classWeights) return 1;
  return classWeights?.some((weight) => weight > 2 ** 30) ? 1 : 2 ** 32;
}

/** What a position's gradient is multiplied by. */
export function gradientScale(call: CrossEntropy, position: number): number {
  const { gradOutput, total, transform } = call;
  const upstream = typeof gradOutput === "number" ? gradOutput : gradOutput[position];
  return sampleWeight(call, position) * upstream * total.scale * transform.slope;
}

/** A loss times its weight; a weight of 0 wins over an infinite loss. */
export function weighted(weight: number, loss: number): number {
  return weight === 0 && !Number.isNaN(loss) ? 0 : weight * loss;
}

/** What the mean divides by: the weights of the positions that count. */
export function divisorOf(
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
