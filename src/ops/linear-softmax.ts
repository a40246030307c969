import { type FloatBatch, type Labels, look, operandOf } from "../batch.js";
import { checkOptions, readFlag, readNumber } from "../checks.js";
import type { Context } from "../context.js";
import { OptionError } from "../errors.js";
import { isDense, readIgnoreIndex, readLabels } from "../labels.js";
import { Transform } from "../logits.js";
import { LossTotal, readReduction } from "../loss.js";
import type { LinearSoftmaxCrossEntropyOptions } from "../options.js";
import { newFloats } from "../outputs.js";
import { pinned, type Scratch, withScratch } from "../scratch.js";
import { readClassWeights, readGradOutput, readSampleWeights } from "../weights.js";
import { type CrossEntropy, divisorOf, unitOf } from "./cross-entropy-call.js";
import {
  checkGradientsApart,
  type LayerGradients,
  readLayer,
  readLayerGradients,
  readWanted,
  type WantedGradients,
} from "./linear-layer.js";
import { LinearWalk } from "./linear-walk.js";

const OPTIONS = new Set([
  "shape",
  "bias",
  "reduction",
  "grad",
  "accumulate",
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
]);

interface Result {
  loss: number | Float32Array;
  grad?: LayerGradients["results"];
  correct?: number;
  logSumExp?: Float32Array;
}

export function linearSoftmaxCrossEntropy(
  context: Context,
  x: FloatBatch,
  w: FloatBatch,
  targetsOrLabels: Labels | FloatBatch,
  options: LinearSoftmaxCrossEntropyOptions,
): Result {
  checkOptions(options, OPTIONS);
  const { bias, grad, gradOutput, classWeights, sampleWeights } = options;
  const { shape, reduction, accumulate, ignoreIndex, labelSmoothing } = options;
  const { zLoss, softcap, temperature, correct, logSumExp } = options;
  const others = { shape, reduction, accumulate, ignoreIndex, labelSmoothing };
  const settled = { ...others, zLoss, softcap, temperature, correct, logSumExp };
  const given = pinned(
    { x, w, targets: targetsOrLabels, bias, gradOutput, classWeights, sampleWeights },
    context.arena,
  );
  const wanted = pinned(readWanted(grad), context.arena);
  return withScratch(context.arena, (scratch) => prepare(context, given(), wanted(), settled, scratch));
}

/** What is or holds arrays. */
type Given = { x: FloatBatch; w: FloatBatch; targets: Labels | FloatBatch } & Pick<
  LinearSoftmaxCrossEntropyOptions,
  "bias" | "gradOutput" | "classWeights" | "sampleWeights"
>;

/** Reads and checks everything, takes the memory, and gives what does the work. */
function prepare(
  context: Context,
  { x, w, targets: targetsOrLabels, bias, gradOutput, classWeights, sampleWeights }: Given,
  places: WantedGradients,
  options: Omit<LinearSoftmaxCrossEntropyOptions, keyof Given | "grad">,
  scratch: Scratch,
): () => Result {
  const { shape, reduction, accumulate, ignoreIndex, labelSmoothing } = options;
  const { zLoss, softcap, temperature, correct, logSumExp } = options;
  const { arena } = context;
  const layer = readLayer(x, w, { shape, bias }, arena);
  const { logits: batch, positions } = layer;
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
  const gradients = readLayerGradients(places, accumulate, layer, targets, arena);
  checkGradientsApart(gradients, arena, [read?.labels, byClass, bySample, upstream]);
  const tops = readFlag(logSumExp, "logSumExp") ? newFloats(positions) : undefined;
  const divisor = divisorOf(read, byClass, bySample, ignore, positions);
  const call: CrossEntropy = {
    batch,
    targets,
    labels: read?.labels,
    ignore,
    gradient: undefined,
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
  const walk = new LinearWalk(context, call, layer, gradients, scratch);
  return () => {
    walk.run();
    return {
      loss: call.total.value,
      ...(gradients.results && { grad: gradients.results }),
      ...(call.hits && { correct: call.hits.count }),
      ...(tops && { logSumExp: tops }),
    };
  };
}
