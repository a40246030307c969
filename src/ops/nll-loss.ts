import { type FloatBatch, type FloatOutput, type Labels, look, readBatch } from "../batch.js";
import { checkOptions } from "../checks.js";
import type { Context } from "../context.js";
import { labelOf, readIgnoreIndex, readLabels } from "../labels.js";
import { gradientOf, LossTotal, readReduction } from "../loss.js";
import type { NllLossOptions } from "../options.js";
import { checkOutputApart, readOutput } from "../outputs.js";
import { readClassWeights, readGradOutput, readSampleWeights } from "../weights.js";
import { briefNllLoss } from "./brief.js";
import { divisorOf, weighted } from "./cross-entropy-call.js";

const OPTIONS = new Set([
  "shape",
  "axis",
  "reduction",
  "grad",
  "gradOutput",
  "ignoreIndex",
  "classWeights",
  "sampleWeights",
]);

interface Result {
  loss: number | Float32Array;
  grad?: FloatOutput;
}

/** nllLoss reads one element a position: it is computed where the arrays lie, without a kernel. */
export function nllLoss(context: Context, logProbs: FloatBatch, labels: Labels, options: NllLossOptions): Result {
  return briefNllLoss(logProbs, labels, options) ?? generalNllLoss(context, logProbs, labels, options);
}

function generalNllLoss({ arena }: Context, logProbs: FloatBatch, given: Labels, options: NllLossOptions): Result {
  checkOptions(options, OPTIONS);
  const { shape, axis, reduction, grad, gradOutput, ignoreIndex, classWeights, sampleWeights } = options;
  const batch = readBatch(logProbs, shape, axis, arena, "logProbs");
  const { classes, inner } = batch;
  const positions = batch.outer * inner;
  const ignore = readIgnoreIndex(ignoreIndex, false);
  const read = readLabels(look(given), batch, ignore, arena);
  const { labels } = read;
  const reduce = readReduction(reduction);
  const byClass = readClassWeights(classWeights, batch, arena);
  const bySample = readSampleWeights(sampleWeights, batch, arena);
  const upstream = readGradOutput(gradOutput, batch, reduce === "none", arena);
  const result = gradientOf(grad, batch.length);
  const gradient = result && readOutput(result, batch, arena, "grad");
  if (gradient) checkOutputApart(gradient, arena, "grad", [labels, byClass, bySample, upstream]);
  const total = new LossTotal(reduce, positions, divisorOf(read, byClass, bySample, ignore, positions));
  const source = batch.array ?? arena.f32;
  const target = gradient && (gradient.array ?? arena.f32);
  const shift = batch.pointer >>> 2;
  // Losses first: the gradient may take the log-probabilities' place.
  for (let position = 0; position < positions; position++) {
    const label = labelOf(labels, position, ignore, classes);
    if (label < 0) {
      total.add(position, 0);
      continue;
    }
    const weight = (byClass ? byClass[label] : 1) * (bySample ? bySample[position] : 1);
    total.add(position, weighted(weight, -source[shift + indexOf(position, label, classes, inner)]));
  }
  if (gradient && target) {
    const start = gradient.pointer >>> 2;
    target.fill(0, start, start + batch.length);
    for (let position = 0; position < positions; position++) {
      const label = labelOf(labels, position, ignore, classes);
      if (label < 0) continue;
      const weight = (byClass ? byClass[label] : 1) * (bySample ? bySample[position] : 1);
      const scale = (typeof upstream === "number" ? upstream : upstream[position]) * total.scale;
      target[start + indexOf(position, label, classes, inner)] = -weight * scale;
    }
  }
  return total.result(result);
}

/** Index of a class of a position. */
function indexOf(position: number, label: number, classes: number, inner: number): number {
  if (inner === 1) return position * classes + label;
  return Math.floor(position / inner) * classes * inner + label * inner + (position % inner);
}
