import type { FloatBatch, Labels } from "../batch.js";
import type { Context } from "../context.js";
import { LINEAR_SOFTMAX_CROSS_ENTROPY } from "../option-names.js";
import type { LinearSoftmaxCrossEntropyOptions } from "../options.js";
import { inputsOf, type Result, readCrossEntropy, resultOf } from "./cross-entropy-call.js";
import { type LayerGradients, withLayer } from "./linear-layer.js";
import { linearWalk } from "./linear-walk.js";

export function linearSoftmaxCrossEntropy(
  context: Context,
  features: FloatBatch,
  weights: FloatBatch,
  targets: Labels | FloatBatch,
  options: LinearSoftmaxCrossEntropyOptions,
): Result<LayerGradients["results"]> {
  const operands = { features, weights, targets };
  return withLayer(context, operands, options, LINEAR_SOFTMAX_CROSS_ENTROPY, (layer, given, chosen, place, scratch) => {
    const call = readCrossEntropy(context, () => layer.logits, given, chosen);
    const gradients = place(call.targets, inputsOf(call));
    const walk = linearWalk(context, call, layer, gradients, scratch);
    return () => {
      walk();
      return resultOf(call, gradients.results);
    };
  });
}
