import type { Kernels } from "../backend/backend.js";
import type { FloatOutput } from "../batch.js";
import type { Context } from "../context.js";

/** What short calls have in common, of arrays (brief.ts, brief-losses.ts) and of resident batches (brief-resident.ts). */

/** A mean loss, as short calls return it. */
export interface Loss {
  loss: number;
  grad?: FloatOutput;
}

/** What a second batch is to the logits: targets of rows, a teacher's logits, or targets of elements. */
export type Pair = "dense targets" | "distillation" | "elements";

export type Elementwise = "sigmoid" | "logSigmoid" | "softplus" | "logit";
export type Backward = "softmaxBackward" | "logSoftmaxBackward";

/** The kernel on each element. Not by kernels[operation]: where names vary an engine looks that up, 30 ns of a short call. */
export function callElements(
  kernels: Kernels,
  operation: Elementwise,
  from: number,
  to: number,
  length: number,
  e: number,
): void {
  if (operation === "sigmoid") kernels.sigmoid(from, to, length, e);
  else if (operation === "logSigmoid") kernels.logSigmoid(from, to, length, e);
  else if (operation === "softplus") kernels.softplus(from, to, length, e);
  else kernels.logit(from, to, length, e);
}

/** The kernel of a backward pass. */
export function callBackward(
  kernels: Kernels,
  operation: Backward,
  forward: number,
  upstream: number,
  to: number,
  rows: number,
  columns: number,
): void {
  if (operation === "softmaxBackward") kernels.softmaxBackward(forward, upstream, to, rows, columns);
  else kernels.logSoftmaxBackward(forward, upstream, to, rows, columns);
}

/** Copies a label for each row, from an index on; false where one is none of the classes. */
export function putLabels(
  labels: Int32Array,
  from: number,
  rows: number,
  classes: number,
  to: Int32Array,
  at: number,
): boolean {
  for (let i = 0; i < rows; i++) {
    const label = labels[from + i];
    if (!(label >= 0 && label < classes)) return false;
    to[at + i] = label;
  }
  return true;
}

/** The mean of the rows' losses. */
export function meanOf(losses: Float64Array, at: number, rows: number): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += losses[at + i];
  return Math.fround(sum / rows);
}

/** The mean loss between two batches in linear memory, with a gradient at `to` unless that is 0. */
export function pairLoss(
  { kernels, arena, work }: Context,
  operation: Pair,
  a: number,
  b: number,
  to: number,
  length: number,
  columns: number,
): number {
  const { scales, spikes, losses, state, secondState, maxima, exponentials } = work;
  if (operation === "elements") {
    return Math.fround(kernels.sigmoidCrossEntropy(a, b, to, exponentials, length, 1 / length, 0) / length);
  }
  const rows = length / columns;
  const { f64 } = arena;
  for (let i = 0, at = scales >>> 3; i < rows; i++) f64[at + i] = 1 / rows;
  if (operation === "distillation") {
    const { pair, pairRoom } = work;
    kernels.softmaxKlDivergence(a, b, to, scales, losses, rows, columns, state, secondState, pair, pairRoom);
  } else {
    const step = columns * 4;
    // biome-ignore format: in the groups of the kernel's contract
    kernels.softmaxCrossEntropyGeneral(a, b, step, 0, spikes, scales, 0, to, losses, 0, rows, columns, state, maxima, exponentials);
  }
  return meanOf(f64, losses >>> 3, rows);
}
