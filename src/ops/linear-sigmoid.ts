import { BLOCK } from "../backend/backend.js";
import type { ElementTargets, FloatBatch, FloatOutput } from "../batch.js";
import { eachPart } from "../columns.js";
import type { Context } from "../context.js";
import { readTargets } from "../labels.js";
import { LossTotal, readReduction } from "../loss.js";
import { LINEAR_SIGMOID_CROSS_ENTROPY } from "../option-names.js";
import type { LinearSigmoidCrossEntropyOptions } from "../options.js";
import { readGradOutput } from "../weights.js";
import { type LayerGradients, withLayer } from "./linear-layer.js";
import { linearProducts } from "./linear-products.js";
import { kernelFactor, readWeighting, scaleRest } from "./sigmoid-losses.js";

interface Result {
  loss: number | FloatOutput;
  grad?: LayerGradients["results"];
}

/** Each logit stands for itself, so one pass over blocks of 2048 classes does: logits, losses, gradients. */
export function linearSigmoidCrossEntropy(
  context: Context,
  features: FloatBatch,
  weights: FloatBatch,
  targets: ElementTargets,
  options: LinearSigmoidCrossEntropyOptions,
): Result {
  const { kernels, arena, work } = context;
  const operands = { features, weights, targets };
  return withLayer(context, operands, options, LINEAR_SIGMOID_CROSS_ENTROPY, (layer, given, chosen, place, scratch) => {
    const { logits, classes } = layer;
    const read = readTargets(given, logits, arena);
    const reduction = readReduction(chosen.reduction);
    const { smoothing, positive, element } = readWeighting(chosen, logits, arena);
    // For what there is one of for each logit.
    const elements = { ...logits, axis: -1, outer: logits.length, classes: 1 };
    const upstream = readGradOutput(chosen.gradOutput, elements, reduction === "none", arena);
    const gradients = place(read, [upstream, positive?.source, element?.source]);
    const { results } = gradients;
    const total = new LossTotal(reduction, logits.length, logits.length);
    const applied = kernelFactor(upstream, [positive, element]);
    const products = linearProducts(context, layer, gradients, scratch);
    // Rooms for a block of a group, 0 where there is no need; and a float64 for each position: its losses so far.
    const rows = Math.min(layer.positions, products.group);
    const room = (needed: unknown) => (needed ? scratch.take(rows * Math.min(classes, BLOCK) * 4) : 0);
    const z = room(true);
    const t = room(true);
    const pw = room(positive);
    const u = room(element);
    const losses = room(total.each);
    const sums = scratch.take(rows * 8);

    return () => {
      while (products.next()) {
        const { count } = products;
        const from = sums >>> 3;
        arena.f64.fill(0, from, from + count);
        eachPart(classes, BLOCK, block);
        // A position's losses are added first, then the positions': so it doesn't matter how they were grouped.
        for (let i = 0; i < count; i++) total.sum += arena.f64[from + i];
      }
      return results ? { loss: total.value, grad: results } : { loss: total.value };
    };

    /** Logits, losses and gradient of a block of a group. */
    function block(column: number, cols: number): void {
      const { count, position } = products;
      products.logits(column, cols, z, cols * 4);
      const { f32 } = arena;
      for (let i = 0; i < count; i++) {
        const from = (position + i) * classes + column;
        const to = i * cols;
        work.bring(read, from, cols, t + to * 4);
        positive?.expand(from, cols, f32, (pw >>> 2) + to);
        element?.expand(from, cols, f32, (u >>> 2) + to);
      }
      const e = work.exponentials;
      kernels.linearSigmoid(z, t, u, pw, !!results, losses, sums, e, count, cols, smoothing, total.scale * applied);
      for (let i = 0; i < count; i++) {
        const from = (position + i) * classes + column;
        if (total.each) work.copyOut(losses + i * cols * 4, cols, total.each, from);
        const to = i * cols * 4;
        if (results) scaleRest(f32, z + to, cols, upstream, from, applied, u && u + to);
      }
      if (results) products.addGradient(z, cols * 4, column, cols);
    }
  });
}
