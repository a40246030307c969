import { type FloatBatch, type Labels, readBatch, viewOf } from "../batch.js";
import { checkOptions } from "../checks.js";
import type { Context } from "../context.js";
import { listedLabels } from "../labels.js";
import type { LossResult } from "../loss.js";
import { NLL_LOSS } from "../option-names.js";
import type { NllLossOptions } from "../options.js";
import { upstreamAt } from "../weights.js";
import { briefNllLoss } from "./brief-losses.js";
import { labelAt, placeGradient, readCrossEntropy, weighted } from "./cross-entropy-call.js";

/** nllLoss reads one element a position: it is computed where the arrays lie, without a kernel. */
export function nllLoss(context: Context, logProbs: FloatBatch, labels: Labels, options: NllLossOptions): LossResult {
  const given = listedLabels(labels) as Labels;
  return (
    briefNllLoss(context, logProbs, given, options) ?? generalNllLoss(context, logProbs, given, context.left(options))
  );
}

function generalNllLoss(context: Context, logProbs: FloatBatch, given: Labels, options: NllLossOptions): LossResult {
  checkOptions(options, NLL_LOSS);
  const { shape, axis, grad } = options;
  const { arena } = context;
  const readX = () => readBatch(logProbs, shape, axis, arena, "logProbs");
  const call = readCrossEntropy(context, readX, given, options, false);
  const { batch } = call;
  placeGradient(call, grad, batch, context);
  const { classWeights, sampleWeights, gradOutput, gradient, total } = call;
  const { classes, inner, length } = batch;
  const source = viewOf(batch, arena);
  const weightOf = (label: number, position: number) =>
    (classWeights ? classWeights[label] : 1) * (sampleWeights ? sampleWeights[position] : 1);
  // Losses first: the gradient may take the log-probabilities' place.
  for (let outer = 0, position = 0; outer < length; outer += classes * inner) {
    for (let i = outer; i < outer + inner; i++, position++) {
      const label = labelAt(call, position);
      total.add(position, label < 0 ? 0 : weighted(weightOf(label, position), 0 - source[i + label * inner]));
    }
  }
  if (!gradient) return total.result(gradient);
  const target = viewOf(gradient, arena);
  target.fill(0);
  for (let outer = 0, position = 0; outer < length; outer += classes * inner) {
    for (let i = outer; i < outer + inner; i++, position++) {
      const label = labelAt(call, position);
      if (label < 0) continue;
      const scale = upstreamAt(gradOutput, position) * total.scale;
      target[i + label * inner] = 0 - weightOf(label, position) * scale;
    }
  }
  return total.result(gradient);
}
