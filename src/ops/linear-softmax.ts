import { type FloatBatch, type Labels, look, operandOf } from "../batch.js";
import { checkOptions, readFlag, readNumber } from "../checks.js";
import type { Context } from "../context.js";
import { OptionError } from "../errors.js";
import { isDense, readIgnoreIndex, readLabels } from "../labels.js";
import { Transform } from "../logits.js";
import { LossTotal, readReduction } from "../loss.js";
import type { LinearSoftmaxCrossEntropyOptions } from "../options.js";
import { newFloats } from "../outputs.js";
import { Scratch } from "../scratch.js";
import { readClassWeights, readGradOutput, readSampleWeights } from "../weights.js";
import { type CrossEntropy, divisorOf, unitOf } from "./cross-entropy.js";
import { checkGradientsApart, type LayerGradients, readLayer, readLayerGradients } from "./linear-layer.js";
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
  const { shape, bias, reduction, grad, accumulate, gradOutput, ignoreIndex, labelSmoothing } = options;
  const { classWeights, sampleWeights, zLoss, softcap, temperature, correct, logSumExp } = options;
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
  const gradients = readLayerGradients(grad, accumulate, layer, targets, arena);
  checkGradientsApart(gradients, arena, [read?.labels, byClass, bySample, upstream]);
  const tops = readFlag(logSumExp, "logSumExp") ? newFloats(positions) : undefined;
  const divisor = divisorOf(read, byClass, bySample, ignore, positions);
  const call: CrossEntropy = {
    batch,
    targets,
    labels: read && settled(read.labels),
    ignore,
    gradient: undefined,
    gradOutput: settled(upstream),
    smoothing,
    classWeights: byClass && settled(byClass),
    sampleWeights: bySample && settled(bySample),
    zLoss: squared,
    unit: unitOf(smoothing, byClass),
    transform,
    total: new LossTotal(reduce, positions, divisor),
    tops,
    hits: wanted ? { count: 0 } : undefined,
  };
  const scratch = new Scratch(arena);
  try {
    new LinearWalk(context, call, layer, gradients, scratch).run();
  } finally {
    scratch.release();
  }
  return {
    loss: call.total.value,
    ...(gradients.results && { grad: gradients.results }),
    ...(call.hits && { correct: call.hits.count }),
    ...(tops && { logSumExp: tops }),
  };

  /** What lies in linear memory, as its own copy: taking memory may leave views of it behind. */
  function settled<T>(values: T): T {
    const there = ArrayBuffer.isView(values) && values.buffer === arena.f32.buffer;
    return there ? ((values as unknown as Float32Array).slice() as T) : values;
  }
}
