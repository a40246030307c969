import type { FloatOutput } from "../batch.js";
import type { Context } from "../context.js";
import { newFloats } from "../outputs.js";
import { ResidentBatch } from "../resident.js";
import type { Shape } from "../shape.js";
import { POSITIONS } from "../workspace.js";
import { areLabels } from "./brief-plain.js";
import {
  type Backward,
  callBackward,
  callElements,
  type Elementwise,
  type Loss,
  meanOf,
  type Pair,
  pairLoss,
  putLabels,
} from "./brief-shared.js";

/**
 * Resident batches in their plainest form, as brief.ts reads arrays: of one or two axes, no more numbers than are few, and
 * no option but the last `axis` and where the result goes, which is another resident batch, an operand, or a new array.
 * What isn't so, or isn't right, is left to the general reading.
 */

/** Columns of the rows of a batch, 0 where it isn't plain. */
export function residentColumns(x: unknown, shape: unknown, axis: unknown, context: Context): number {
  if (addressOf(x, context) === 0) return 0;
  const { shape: sizes, length } = x as ResidentBatch;
  const last = sizes.length - 1;
  if (shape !== undefined && !isLike(shape, sizes)) return 0;
  if ((last !== 0 && last !== 1) || length === 0 || length > POSITIONS) return 0;
  return axis === undefined || axis === -1 || axis === last ? sizes[last] : 0;
}

/** Address of a batch of floats; 0 where it isn't one, or is one no longer: getters that were read since may have freed it. */
export function addressOf(x: unknown, { arena }: Context): number {
  return ResidentBatch.addressOf(x, arena, "float32");
}

/** Whether a shape is the batch's own, of one or two axes. */
function isLike(shape: unknown, sizes: Shape): boolean {
  if (!Array.isArray(shape) || shape.length !== sizes.length) return false;
  return shape[0] === sizes[0] && shape[shape.length - 1] === sizes[sizes.length - 1];
}

/** Address of a second batch of the first one's shape, 0 where it isn't plain. */
function addressLike(batch: unknown, x: ResidentBatch, context: Context): number {
  const at = addressOf(batch, context);
  if (at === 0) return 0;
  return isLike((batch as ResidentBatch).shape, x.shape) ? at : 0;
}

/** Whether so many floats at two addresses share some bytes and not all. */
function meet(a: number, b: number, length: number): boolean {
  return a !== b && a < b + length * 4 && b < a + length * 4;
}

/** Address where a result as long as the batch goes; 0 where that isn't plain. It may take an operand's place. */
function placeFor(out: unknown, x: ResidentBatch, from: number, other: number, context: Context): number {
  if (out === undefined) return context.work.tile(0);
  const to = addressLike(out, x, context);
  return meet(to, from, x.length) || (other !== 0 && meet(to, other, x.length)) ? 0 : to;
}

/** Hands the result over. */
function handOver(out: unknown, length: number, to: number, context: Context): FloatOutput {
  if (out !== undefined) return out as FloatOutput;
  const result = newFloats(length);
  context.work.copyOut(to, length, result, 0);
  return result;
}

/** softmax, logSoftmax and the operations on each element. */
export function residentArray(
  context: Context,
  operation: "softmax" | "logSoftmax" | Elementwise,
  x: unknown,
  shape: unknown,
  axis: unknown,
  out: unknown,
): FloatOutput | undefined {
  const columns = residentColumns(x, shape, axis, context);
  if (columns === 0) return undefined;
  const batch = x as ResidentBatch;
  const { length } = batch;
  const from = addressOf(x, context);
  const to = from === 0 ? 0 : placeFor(out, batch, from, 0, context);
  if (to === 0) return undefined;
  const { kernels } = context;
  const { state, maxima, exponentials } = context.work;
  if (operation === "softmax") kernels.softmax(from, to, length / columns, columns, state, maxima);
  else if (operation === "logSoftmax") kernels.logSoftmax(from, to, length / columns, columns, state, exponentials);
  else callElements(kernels, operation, from, to, length, exponentials);
  return handOver(out, length, to, context);
}

export function residentBackward(
  context: Context,
  operation: Backward,
  forward: unknown,
  upstream: unknown,
  shape: unknown,
  axis: unknown,
  out: unknown,
): FloatOutput | undefined {
  const columns = residentColumns(forward, shape, axis, context);
  if (columns === 0) return undefined;
  const batch = forward as ResidentBatch;
  const { length } = batch;
  const a = addressOf(forward, context);
  const b = addressLike(upstream, batch, context);
  const to = a === 0 || b === 0 ? 0 : placeFor(out, batch, a, b, context);
  if (to === 0) return undefined;
  callBackward(context.kernels, operation, a, b, to, length / columns, columns);
  return handOver(out, length, to, context);
}

/** Address where a gradient goes, 0 where none is wanted, −1 where that isn't plain. */
function gradientPlace(grad: unknown, x: ResidentBatch, from: number, context: Context): number {
  if (grad === undefined || grad === false) return 0;
  return placeFor(grad === true ? undefined : grad, x, from, 0, context) || -1;
}

/** The loss, with the gradient handed over. */
function lossOf(context: Context, loss: number, grad: unknown, length: number, to: number): Loss {
  if (to === 0) return { loss };
  return { loss, grad: handOver(grad === true ? undefined : grad, length, to, context) };
}

/** The mean loss of labels that all count, in an Int32Array or resident. */
export function residentCrossEntropy(
  context: Context,
  x: unknown,
  targets: unknown,
  shape: unknown,
  axis: unknown,
  grad: unknown,
): Loss | undefined {
  const { kernels, arena, work } = context;
  if (addressOf(targets, context) !== 0) {
    return residentPair(context, "dense targets", x, targets, shape, axis, grad);
  }
  const columns = residentColumns(x, shape, axis, context);
  if (columns === 0) return undefined;
  const batch = x as ResidentBatch;
  const { length } = batch;
  const from = addressOf(x, context);
  const rows = length / columns;
  const to = gradientPlace(grad, batch, from, context);
  const at = labelsAt(targets, batch, rows, context);
  if (from === 0 || to < 0 || at < 0) return undefined;
  const labels = at === 0 ? (targets as Int32Array) : arena.i32;
  if (!putLabels(labels, at >>> 2, rows, columns, arena.i32, work.labels >>> 2)) return undefined;
  const { losses, state, maxima, exponentials } = work;
  kernels.softmaxCrossEntropy(from, to, work.labels, 0, 1 / rows, losses, rows, columns, state, maxima, exponentials);
  return lossOf(context, meanOf(arena.f64, losses >>> 3, rows), grad, length, to);
}

/** Address of labels, one a row; 0 in an array, −1 where they aren't plain. */
function labelsAt(labels: unknown, x: ResidentBatch, rows: number, context: Context): number {
  if (areLabels(labels, rows)) return 0;
  const at = ResidentBatch.addressOf(labels, context.arena, "int32");
  if (at === 0 || x.shape.length !== 2) return -1;
  const { shape } = labels as ResidentBatch<Int32Array>;
  return shape.length === 1 && shape[0] === rows ? at : -1;
}

/** The mean loss between logits and a second batch; the gradient must lie apart from that. */
export function residentPair(
  context: Context,
  operation: Pair,
  x: unknown,
  other: unknown,
  shape: unknown,
  axis: unknown,
  grad: unknown,
): Loss | undefined {
  const columns = residentColumns(x, shape, axis, context);
  if (columns === 0) return undefined;
  const batch = x as ResidentBatch;
  const { length } = batch;
  const a = addressOf(x, context);
  const b = addressLike(other, batch, context);
  const to = gradientPlace(grad, batch, a, context);
  if (a === 0 || b === 0 || to < 0 || to === b || (to !== 0 && meet(to, b, length))) return undefined;
  const loss = pairLoss(context, operation, a, b, to, length, columns);
  return lossOf(context, loss, grad, length, to);
}
