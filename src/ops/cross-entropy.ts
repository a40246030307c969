import { type FloatBatch, type FloatOutput, isResident, type Labels, look, operandOf, readBatch } from "../batch.js";
import { checkOptions, readFlag, readNumber } from "../checks.js";
import type { Context } from "../context.js";
import { OptionError } from "../errors.js";
import { isDense, type LabelArray, labelOf, readIgnoreIndex, readLabels } from "../labels.js";
import { Transform } from "../logits.js";
import { gradientOf, LossTotal, readReduction } from "../loss.js";
import type { SoftmaxCrossEntropyOptions } from "../options.js";
import { checkApart, checkOutputApart, newFloats, readOutput } from "../outputs.js";
import { readClassWeights, readGradOutput, readSampleWeights } from "../weights.js";
import { briefCrossEntropy } from "./brief.js";
import {
  type CrossEntropy,
  divisorOf,
  gradientScale,
  labelAt,
  sampleWeight,
  spikeAt,
  unitOf,
  weighted,
} from "./cross-entropy-call.js";
import { longCrossEntropy } from "./cross-entropy-long.js";
import { shardCrossEntropy } from "./cross-entropy-shard.js";
import { goesAcross } from "./softmax.js";

const OPTIONS = new Set([
  "shape",
  "axis",
  "reduction",
  "grad",
  "gradOutput",
  "ignoreIndex",
  "labelSmoothing",
  "classWeights",
  "sampleWeights",
  "zLoss",
  "softcap",
  "temperature",
  "correct",
  "logSumExp",
  "state",
  "start",
]);

interface Result {
  loss: number | Float32Array;
  grad?: FloatOutput;
  correct?: number;
  logSumExp?: Float32Array;
}

export function softmaxCrossEntropy(
  context: Context,
  x: FloatBatch,
  targetsOrLabels: Labels | FloatBatch,
  options: SoftmaxCrossEntropyOptions,
): Result {
  return (
    briefCrossEntropy(context, x, targetsOrLabels, options) ?? generalCrossEntropy(context, x, targetsOrLabels, options)
  );
}

function generalCrossEntropy(
  context: Context,
  x: FloatBatch,
  targetsOrLabels: Labels | FloatBatch,
  options: SoftmaxCrossEntropyOptions,
): Result {
  checkOptions(options, OPTIONS);
  const { state, start } = options;
  if (state !== undefined) return shardCrossEntropy(context, x, targetsOrLabels as Labels, state, start, options);
  if (start !== undefined) throw new OptionError("start says where the columns stand that state is of; give both.");
  const { shape, axis, reduction, grad, gradOutput, ignoreIndex, labelSmoothing } = options;
  const { classWeights, sampleWeights, zLoss, softcap, temperature, correct, logSumExp } = options;
  const { arena } = context;
  const batch = readBatch(x, shape, axis, arena);
  const positions = batch.outer * batch.inner;
  const given = look(targetsOrLabels);
  const dense = isDense(given);
  const targets = dense ? operandOf(given, batch, arena, "targets") : undefined;
  const ignore = readIgnoreIndex(ignoreIndex, dense);
  const read = dense ? undefined : readLabels(given, batch, ignore, arena);
  const reduce = readReduction(reduction);
  const wanted = readFlag(correct, "correct");
  if (wanted && dense) throw new OptionError("correct counts labels that are hit; dense targets have none.");
  const smoothing = readNumber(labelSmoothing, "labelSmoothing", 0, 0, 1);
  const byClass = readClassWeights(classWeights, batch, arena);
  const bySample = readSampleWeights(sampleWeights, batch, arena);
  const squared = readNumber(zLoss, "zLoss", 0, 0);
  const upstream = readGradOutput(gradOutput, batch, reduce === "none", arena);
  const transform = Transform.read(context, softcap, temperature);
  const tops = readFlag(logSumExp, "logSumExp") ? newFloats(positions) : undefined;
  const result = gradientOf(grad, batch.length);
  const gradient = result && readOutput(result, batch, arena, "grad");
  if (gradient && targets) checkApart(gradient, targets, arena, "grad and targets");
  if (gradient) checkOutputApart(gradient, arena, "grad", [read?.labels, byClass, bySample, upstream]);
  const divisor = divisorOf(read, byClass, bySample, ignore, positions);
  const call: CrossEntropy = {
    batch,
    targets,
    labels: read?.labels,
    ignore,
    gradient,
    gradOutput: upstream,
    smoothing,
    classWeights: byClass,
    sampleWeights: bySample,
    zLoss: squared,
    unit: unitOf(smoothing, byClass),
    transform,
    total: new LossTotal(reduce, positions, divisor),
    tops,
    hits: wanted ? { count: 0 } : undefined,
  };
  const resident = isResident(batch) && (!targets || isResident(targets)) && (!gradient || isResident(gradient));
  // Whatever is made anew for the kernel passes through staging tiles.
  const asGiven = !transform.some && smoothing === 0 && !(targets && byClass);
  const plain = read && isPlain(call) ? read.labels : undefined;
  const across = plain !== undefined && goesAcross(batch) && softcap === undefined;
  const { tiles } = context;
  if (across) tiles.across(batch, resident && asGiven);
  else tiles.over(batch, resident && asGiven).streamed();
  if (!across && tiles.long)
    for (let position = 0; position < positions; position++) longCrossEntropy(context, call, position);
  else if (plain) plainRows(context, call, plain, across);
  else generalRows(context, call);
  const outputs: Result = call.total.result(result);
  if (call.hits) outputs.correct = call.hits.count;
  if (tops) outputs.logSumExp = tops;
  return outputs;
}

/** Labels with nothing but weights that scale whole rows: the kernel that most calls want. */
function isPlain({ smoothing, zLoss, tops, hits }: CrossEntropy): boolean {
  return smoothing === 0 && zLoss === 0 && !tops && !hits;
}

function plainRows(
  { kernels, arena, work, tiles }: Context,
  call: CrossEntropy,
  labels: LabelArray,
  across: boolean,
): void {
  const { batch, ignore, gradient, total, transform, classWeights, sampleWeights, gradOutput } = call;
  const uniform = !classWeights && !sampleWeights && typeof gradOutput === "number";
  const scale = uniform ? gradientScale(call, 0) : 0;
  while (tiles.next()) {
    const { rows, position } = tiles;
    const { i32, f64 } = arena;
    const at = work.labels >>> 2;
    for (let i = 0; i < rows; i++) i32[at + i] = labelOf(labels, position + i, ignore, batch.classes);
    if (!uniform) {
      for (let i = 0; i < rows; i++) {
        f64[(work.scales >>> 3) + i] = gradientScale(call, position + i) * spikeAt(call, i32[at + i]);
      }
    }
    const from = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
    const to = gradient ? (transform.some ? from : tiles.place(gradient, 0)) : 0;
    const { classes } = batch;
    const { state, maxima, exponentials, losses } = work;
    const by = uniform ? 0 : work.scales;
    if (across) {
      const { stride } = tiles;
      kernels.softmaxCrossEntropyAcross(
        from,
        to,
        work.labels,
        by,
        scale,
        losses,
        classes,
        rows,
        stride,
        state,
        exponentials,
      );
    } else {
      kernels.softmaxCrossEntropy(from, to, work.labels, by, scale, losses, rows, classes, state, maxima, exponentials);
    }
    if (!uniform) {
      for (let i = 0; i < rows; i++) {
        const weight = sampleWeight(call, position + i) * spikeAt(call, i32[at + i]);
        f64[(work.losses >>> 3) + i] = weighted(weight, f64[(work.losses >>> 3) + i]);
      }
    }
    total.addAll(f64, work.losses >>> 3, position, rows);
    if (gradient) {
      if (transform.softcap !== undefined) transform.back(tiles.read(batch, 1), to, tiles.floats);
      tiles.write(gradient, to);
    }
  }
}

function generalRows({ kernels, arena, work, tiles }: Context, call: CrossEntropy): void {
  const { batch, targets, labels, gradient, total, transform, smoothing, classWeights, unit, tops, hits } = call;
  const { classes } = batch;
  const spread = Math.fround(smoothing / classes) * unit;
  const changed = smoothing !== 0 || classWeights !== undefined;
  // Dense targets alone need them in memory, and never as rows longer than a tile.
  const weightsAt = classWeights && targets ? work.tile(3) : 0;
  if (classWeights && targets) work.copyIn(classWeights, 0, classes, weightsAt);
  while (tiles.next()) {
    const { rows, position } = tiles;
    const { i32, f32, f64 } = arena;
    for (let i = 0; i < rows; i++) {
      const label = labelAt(call, position + i);
      i32[(work.labels >>> 2) + i] = label;
      f64[(work.spikes >>> 3) + i] = spikeAt(call, label) * unit;
      f64[(work.scales >>> 3) + i] = gradientScale(call, position + i) / unit;
    }
    let base = 0;
    let step = 0;
    if (targets) {
      base = tiles.read(targets, 1);
      step = classes * 4;
      if (changed) {
        const to = work.tile(1);
        kernels.smoothTargets(base, to, weightsAt, rows, classes, (1 - smoothing) * unit, spread);
        base = to;
      }
    } else if (smoothing !== 0) {
      base = work.tile(1);
      for (let c = 0; c < classes; c++) f32[(base >>> 2) + c] = spread * (classWeights ? classWeights[c] : 1);
    }
    const from = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
    const to = gradient ? (transform.some ? from : tiles.place(gradient, 0)) : 0;
    kernels.softmaxCrossEntropyGeneral(
      from,
      base,
      step,
      labels ? work.labels : 0,
      work.spikes,
      work.scales,
      call.zLoss * unit,
      to,
      work.losses,
      tops ? work.tops : 0,
      hits ? work.hits : 0,
      rows,
      classes,
      work.state,
      work.maxima,
      work.exponentials,
    );
    for (let i = 0; i < rows; i++) {
      const at = (work.losses >>> 3) + i;
      f64[at] = weighted(sampleWeight(call, position + i), f64[at] / unit);
      if (tops) tops[position + i] = f64[(work.tops >>> 3) + i];
      if (hits) hits.count += i32[(work.hits >>> 2) + i];
    }
    total.addAll(f64, work.losses >>> 3, position, rows);
    if (gradient) {
      if (transform.softcap !== undefined) transform.back(tiles.read(batch, 1), to, tiles.floats);
      tiles.write(gradient, to);
    }
  }
}
