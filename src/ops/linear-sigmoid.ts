import { BLOCK } from "../backend/backend.js";
import type { ElementTargets, FloatBatch, Floats } from "../batch.js";
import type { Context } from "../context.js";
import { readTargets } from "../labels.js";
import { LossTotal, readReduction } from "../loss.js";
import { LINEAR_SIGMOID_CROSS_ENTROPY } from "../option-names.js";
import type { LinearSigmoidCrossEntropyOptions } from "../options.js";
import { readGradOutput } from "../weights.js";
import { type Layer, type LayerGradients, readLayer, readLayerGradients, withLayer } from "./linear-layer.js";
import { LinearProducts } from "./linear-products.js";
import { powerAbove, readWeighting, scaleRest, type Weighting } from "./sigmoid-losses.js";

interface Result {
  loss: number | Float32Array;
  grad?: LayerGradients["results"];
}

/** A call after checking. */
interface Call extends Weighting {
  readonly layer: Layer;
  readonly targets: Floats;
  readonly upstream: number | Float32Array;
  /** A power of two above it. */
  readonly peak: number;
  readonly total: LossTotal;
  readonly gradients: LayerGradients;
}

/** Rooms for a block of a group, 0 where there is no need. */
interface Rooms {
  readonly logits: number;
  readonly targets: number;
  readonly positive: number;
  readonly element: number;
  readonly losses: number;
  /** A float64 for each position: its losses so far. */
  readonly sums: number;
}

/** Each logit stands for itself, so one pass over blocks of 2048 classes does: logits, losses, gradients. */
export function linearSigmoidCrossEntropy(
  context: Context,
  features: FloatBatch,
  weights: FloatBatch,
  targets: ElementTargets,
  options: LinearSigmoidCrossEntropyOptions,
): Result {
  const operands = { features, weights, targets };
  const { arena } = context;
  return withLayer(context, operands, options, LINEAR_SIGMOID_CROSS_ENTROPY, (given, chosen, wanted, scratch) => {
    const layer = readLayer(given, chosen, arena);
    const { logits } = layer;
    const read = readTargets(given.targets, logits, arena);
    const reduction = readReduction(chosen.reduction);
    const weighting = readWeighting(chosen, logits, arena);
    // For what there is one of for each logit.
    const elements = { ...logits, axis: -1, outer: logits.length, classes: 1 };
    const upstream = readGradOutput(chosen.gradOutput, elements, reduction === "none", arena);
    const inputs = [upstream, weighting.positive?.source, weighting.element?.source];
    const gradients = readLayerGradients(wanted, chosen, layer, read, inputs, arena);
    const total = new LossTotal(reduction, logits.length, logits.length);
    const products = new LinearProducts(context, layer, gradients, scratch);
    const rows = Math.min(layer.positions, products.group);
    const room = (needed: unknown) => (needed ? scratch.take(rows * Math.min(layer.classes, BLOCK) * 4) : 0);
    const rooms = {
      logits: room(true),
      targets: room(true),
      positive: room(weighting.positive),
      element: room(weighting.element),
      losses: room(total.each),
      sums: scratch.take(rows * 8),
    };
    return () => {
      const call = {
        layer,
        targets: read,
        upstream,
        peak: powerAbove(upstream, [weighting.positive, weighting.element]),
        total,
        gradients,
        ...weighting,
      };
      while (products.next()) group(context, call, products, rooms);
      return { loss: total.value, ...(gradients.results && { grad: gradients.results }) };
    };
  });
}

function group(context: Context, call: Call, products: LinearProducts, rooms: Rooms): void {
  const { arena } = context;
  const { classes } = call.layer;
  const { count } = products;
  const from = rooms.sums >>> 3;
  arena.f64.fill(0, from, from + count);
  for (let column = 0; column < classes; column += BLOCK) {
    const cols = Math.min(BLOCK, classes - column);
    block(context, call, products, rooms, column, cols);
    if (!call.gradients.results) continue;
    for (let at = 0; at < cols; at += products.classes) {
      products.addGradient(rooms.logits + at * 4, cols * 4, column + at, Math.min(products.classes, cols - at));
    }
  }
  // A position's losses are added first, then the positions': so it doesn't matter how they were grouped.
  for (let i = 0; i < count; i++) call.total.sum += arena.f64[from + i];
  products.finish();
}

/** Logits, losses and gradient of a block of a group. */
function block(
  { kernels, arena, work }: Context,
  { layer, targets, smoothing, positive, element, upstream, peak, total, gradients }: Call,
  products: LinearProducts,
  rooms: Rooms,
  column: number,
  cols: number,
): void {
  const { classes } = layer;
  const { count, position } = products;
  for (let at = 0; at < cols; at += products.classes) {
    products.logits(column + at, Math.min(products.classes, cols - at), rooms.logits + at * 4, cols * 4);
  }
  for (let i = 0; i < count; i++) {
    const from = (position + i) * classes + column;
    const to = i * cols;
    work.bring(targets, from, cols, rooms.targets + to * 4);
    positive?.expand(from, cols, arena.f32, (rooms.positive >>> 2) + to);
    element?.expand(from, cols, arena.f32, (rooms.element >>> 2) + to);
  }
  const wanted = gradients.results !== undefined;
  kernels.linearSigmoid(
    rooms.logits,
    rooms.targets,
    rooms.element,
    rooms.positive,
    wanted,
    rooms.losses,
    rooms.sums,
    work.exponentials,
    count,
    cols,
    smoothing,
    total.scale * peak,
  );
  for (let i = 0; i < count; i++) {
    const from = (position + i) * classes + column;
    if (total.each) work.copyOut(rooms.losses + i * cols * 4, cols, total.each, from);
    if (wanted) scaleRest(arena.f32, (rooms.logits >>> 2) + i * cols, cols, upstream, from, peak);
  }
}
