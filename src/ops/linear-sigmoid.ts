import { BLOCK } from "../backend/backend.js";
import { type ElementTargets, type FloatBatch, type Floats, readTargets } from "../batch.js";
import { checkOptions, readNumber } from "../checks.js";
import type { Context } from "../context.js";
import { LossTotal, readReduction } from "../loss.js";
import type { LinearSigmoidCrossEntropyOptions } from "../options.js";
import { pinned, type Scratch, withScratch } from "../scratch.js";
import { Broadcast, readGradOutput } from "../weights.js";
import {
  checkGradientsApart,
  type Layer,
  type LayerGradients,
  readLayer,
  readLayerGradients,
  readWanted,
  type WantedGradients,
} from "./linear-layer.js";
import { clearGradients, LinearProducts } from "./linear-products.js";
import { powerAbove } from "./sigmoid-losses.js";

const OPTIONS = new Set([
  "shape",
  "bias",
  "reduction",
  "grad",
  "accumulate",
  "gradOutput",
  "labelSmoothing",
  "posWeight",
  "elementWeights",
]);

interface Result {
  loss: number | Float32Array;
  grad?: LayerGradients["results"];
}

/** A call after checking. */
interface Call {
  readonly layer: Layer;
  readonly targets: Floats;
  readonly smoothing: number;
  readonly positive: Broadcast | undefined;
  readonly element: Broadcast | undefined;
  readonly upstream: number | Float32Array;
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
  x: FloatBatch,
  w: FloatBatch,
  given: ElementTargets,
  options: LinearSigmoidCrossEntropyOptions,
): Result {
  checkOptions(options, OPTIONS);
  const { shape, bias, reduction, grad, accumulate, gradOutput, labelSmoothing, posWeight, elementWeights } = options;
  const settled = { shape, reduction, accumulate, labelSmoothing };
  const operands = pinned({ x, w, targets: given, bias, gradOutput, posWeight, elementWeights }, context.arena);
  const wanted = pinned(readWanted(grad), context.arena);
  return withScratch(context.arena, (scratch) => prepare(context, operands(), wanted(), settled, scratch));
}

/** What is or holds arrays. */
type Given = { x: FloatBatch; w: FloatBatch; targets: ElementTargets } & Pick<
  LinearSigmoidCrossEntropyOptions,
  "bias" | "gradOutput" | "posWeight" | "elementWeights"
>;

/** Reads and checks everything, takes the memory, and gives what does the work. */
function prepare(
  context: Context,
  { x, w, targets: given, bias, gradOutput, posWeight, elementWeights }: Given,
  places: WantedGradients,
  { shape, reduction, accumulate, labelSmoothing }: Omit<LinearSigmoidCrossEntropyOptions, keyof Given | "grad">,
  scratch: Scratch,
): () => Result {
  const { arena } = context;
  const layer = readLayer(x, w, { shape, bias }, arena);
  const { logits, positions, classes } = layer;
  const targets = readTargets(given, logits, arena);
  const reduce = readReduction(reduction);
  const gradients = readLayerGradients(places, accumulate, layer, targets, arena);
  const smoothing = readNumber(labelSmoothing, "labelSmoothing", 0, 0, 1);
  // For what there is one of for each logit.
  const elements = { ...logits, axis: -1, outer: logits.length, classes: 1 };
  const call = {
    layer,
    targets,
    smoothing,
    positive: Broadcast.read(posWeight, logits, "posWeight", arena),
    element: Broadcast.read(elementWeights, logits, "elementWeights", arena),
    upstream: readGradOutput(gradOutput, elements, reduce === "none", arena),
    total: new LossTotal(reduce, logits.length, logits.length),
    gradients,
  };
  checkGradientsApart(gradients, arena, [call.upstream, call.positive?.source, call.element?.source]);
  const products = new LinearProducts(context, layer, gradients, scratch);
  const room = (wanted: boolean) =>
    wanted ? scratch.take(Math.min(positions, products.group) * Math.min(classes, BLOCK) * 4) : 0;
  const rooms = {
    logits: room(true),
    targets: room(true),
    positive: room(posWeight !== undefined),
    element: room(elementWeights !== undefined),
    losses: room(reduce === "none"),
    sums: scratch.take(Math.min(positions, products.group) * 8),
  };
  return () => {
    if (positions === 0) clearGradients(gradients, arena);
    while (products.next()) group(context, call, products, rooms);
    return { loss: call.total.value, ...(gradients.results && { grad: gradients.results }) };
  };
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
  { layer, targets, smoothing, positive, element, upstream, total, gradients }: Call,
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
    if (targets.array) work.copyIn(targets.array, from, cols, rooms.targets + to * 4);
    else work.move(targets.pointer + from * 4, cols, rooms.targets + to * 4);
    positive?.expand(from, cols, arena.f32, (rooms.positive >>> 2) + to);
    element?.expand(from, cols, arena.f32, (rooms.element >>> 2) + to);
  }
  const wanted = gradients.results !== undefined;
  const peak = typeof upstream === "number" ? upstream : powerAbove(upstream);
  const scale = total.scale * peak;
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
    scale,
  );
  for (let i = 0; i < count; i++) {
    const from = (position + i) * classes + column;
    if (total.each) work.copyOut(rooms.losses + i * cols * 4, cols, total.each, from);
    if (!wanted || typeof upstream === "number") continue;
    const g = (rooms.logits >>> 2) + i * cols;
    for (let c = 0; c < cols; c++) arena.f32[g + c] *= upstream[from + c] / peak;
  }
}
