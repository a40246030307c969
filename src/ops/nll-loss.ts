import { type FloatBatch, type Labels, readBatch } from "../batch.js";
import { checkOptions } from "../checks.js";
import type { Context } from "../context.js";
import type { LossResult } from "../loss.js";
import { NLL_LOSS } from "../option-names.js";
import type { NllLossOptions } from "../options.js";
import { upstreamAt, viewOf } from "../weights.js";
import { briefNllLoss } from "./brief.js";
import { labelAt, placeGradient, readCrossEntropy, sampleWeight, spikeAt, weighted } from "./cross-entropy-call.js";

/** nllLoss reads one element a position: it is computed where the arrays lie, without a kernel. */
export function nllLoss(context: Context, logProbs: FloatBatch, labels: Labels, options: NllLossOptions): LossResult {
  return briefNllLoss(logProbs, labels, options) ?? generalNllLoss(context, logProbs, labels, options);
}

function generalNllLoss(context: Context, logProbs: FloatBatch, labels: Labels, options: NllLossOptions): LossResult {
  checkOptions(options, NLL_LOSS);
  const { shape, axis, grad } = options;
  const { arena } = context;
  const batch = readBatch(logProbs, shape, axis, arena, "logProbs");
  const call = readCrossEntropy(context, batch, labels, options, false);
  placeGradient(call, grad, batch, context);
  const { gradient, total, gradOutput } = call;
  const { classes, inner } = batch;
  /** Calls `visit` with the index of each position's label, and its weight, 0 where it is left out. */
  const each = (visit: (position: number, index: number, weight: number) => void) => {
    for (let position = 0; position < batch.outer * inner; position++) {
      const label = labelAt(call, position);
      const index = Math.floor(position / inner) * classes * inner + label * inner + (position % inner);
      visit(position, label < 0 ? -1 : index, spikeAt(call, label) * sampleWeight(call, position));
    }
  };
  // Losses first: the gradient may take the log-probabilities' place.
  const source = viewOf(batch, arena);
  each((position, index, weight) => total.add(position, index < 0 ? 0 : weighted(weight, -source[index])));
  if (gradient) {
    const target = viewOf(gradient, arena).fill(0);
    each((position, index, weight) => {
      if (index >= 0) target[index] = -weight * (upstreamAt(gradOutput, position) * total.scale);
    });
  }
  return total.result(gradient);
}
