import type { FloatBatch, Labels } from "../batch.js";
import type { Context } from "../context.js";
import { LINEAR_SOFTMAX_CROSS_ENTROPY } from "../option-names.js";
import type { LinearSoftmaxCrossEntropyOptions } from "../options.js";
import { inputsOf, type Result, readCrossEntropy, resultOf } from "./cross-entropy-call.js";
import { type LayerGradients, readLayer, readLayerGradients, withLayer } from "./linear-layer.js";
import { LinearWalk } from "./linear-walk.js";

export function linearSoftmaxCrossEntropy(
  context: Context,
  features: FloatBatch,
  weights: FloatBatch,
  targets: Labels | FloatBatch,
  options: LinearSoftmaxCrossEntropyOptions,
): Result<LayerGradients["results"]> {
  const operands = { features, weights, targets };
  return withLayer(context, operands, options, LINEAR_SOFTMAX_CROSS_ENTROPY, (given, chosen, wanted, scratch) => {
    const layer = readLayer(given, chosen, context.arena);
    const call = readCrossEntropy(context, () => layer.logits, given.targets, chosen);
    const gradients = readLayerGradients(wanted, chosen, layer, call.targets, inputsOf(call), context.arena);
    const walk = new LinearWalk(context, call, layer, gradients, scratch);
    return () => {
      walk.run();
      return resultOf(call, gradients.results);
    };
  });
}
