import type { Summing } from "../backend/backend.js";
import type { FloatOutput } from "../batch.js";
import type { Context } from "../context.js";
import { leastOf } from "../loss.js";
import { beginUnlike, newFloats, newIndices } from "../outputs.js";
import type { ResidentBatch } from "../resident.js";
import { areLabels, arePlain, columnsOf, haveOneBuffer, isPlain } from "./brief-plain.js";
import { addressOf, residentArray, residentBackward, residentColumns } from "./brief-resident.js";
import { type Backward, callBackward, callElements, type Elementwise } from "./brief-shared.js";

/**
 * The short path, for calls of few numbers in their plainest form: Float32Arrays that begin where their buffers do (or resident
 * batches: brief-resident.ts), and no option but `shape`, the last `axis` and where the result goes. Reading all that arguments
 * may be takes several times as long as a kernel takes for ten numbers.
 *
 * Each function here gives the result, or undefined where a call isn't plain or isn't right: then its caller goes the general
 * path, which has the words for errors. Each option is read once, so those that were read here are left to that path
 * (Context.leave). Options are read first, since their getters may do anything to what is read after them.
 */

/** An array as long as the batch, from one along the rows or of each element. */
export function briefArray(
  context: Context,
  operation: "softmax" | "logSoftmax" | Elementwise,
  x: unknown,
  options: unknown,
): FloatOutput | undefined {
  const ofRows = operation === "softmax" || operation === "logSoftmax";
  if (!arePlain(options, ofRows ? "rows" : "elements", "out")) return undefined;
  const { shape, axis, out, temperature, emptyRow } = options;
  const { kernels, work } = context;
  const columns = temperature === undefined && emptyRow === undefined ? columnsOf(x, shape, axis) : 0;
  const length = columns === 0 ? 0 : (x as Float32Array).length;
  const result = out === undefined && columns > 0 ? newFloats(length) : out;
  if (columns === 0 || !isPlain(result, length)) {
    if (temperature === undefined && emptyRow === undefined) {
      const quick = residentArray(context, operation, x, shape, axis, out);
      if (quick) return quick;
    }
    if (!ofRows) return context.leave({ shape, out });
    // Not by a spread, which takes V8 11 two microseconds.
    if (operation === "softmax") return context.leave({ shape, axis, out, temperature, emptyRow });
    return context.leave({ shape, axis, out, temperature });
  }
  const tile = work.tile(0);
  const { state, maxima, exponentials } = work;
  work.copyIn(x as Float32Array, 0, length, tile);
  if (!ofRows) callElements(kernels, operation, tile, tile, length, exponentials);
  else if (operation === "softmax") kernels.softmax(tile, tile, length / columns, columns, state, maxima);
  else kernels.logSoftmax(tile, tile, length / columns, columns, state, exponentials);
  work.copyOut(tile, length, result, 0);
  return result;
}

export function briefLogSumExp(context: Context, x: unknown, options: unknown): FloatOutput | undefined {
  if (!arePlain(options, "rows", "out")) return undefined;
  const { shape, axis, out, temperature } = options;
  const { kernels, work } = context;
  const columns = temperature === undefined ? columnsOf(x, shape, axis) : 0;
  if (columns === 0) {
    const quick = temperature === undefined ? residentLogSumExp(context, x, shape, axis, out) : undefined;
    return quick ?? context.leave({ shape, axis, out, temperature });
  }
  const { length } = x as Float32Array;
  const rows = length / columns;
  const result = out === undefined ? newFloats(rows) : out;
  if (!isPlain(result, rows) || haveOneBuffer(result, x as Float32Array, (x as Float32Array)[0])) {
    return context.leave({ shape, axis, out, temperature });
  }
  const tile = work.tile(0);
  work.copyIn(x as Float32Array, 0, length, tile);
  kernels.logSumExp(tile, work.losses, rows, columns, work.state, work.exponentials);
  work.copyOut(work.losses, rows, result, 0);
  return result;
}

/** briefLogSumExp of a resident batch, to an array or to another batch with room for the results, apart from it. */
function residentLogSumExp(
  context: Context,
  x: unknown,
  shape: unknown,
  axis: unknown,
  out: unknown,
): FloatOutput | undefined {
  const { kernels, work } = context;
  const columns = residentColumns(x, shape, axis, context);
  if (columns === 0) return undefined;
  const { length } = x as ResidentBatch;
  const rows = length / columns;
  const result = out === undefined ? newFloats(rows) : (out as FloatOutput);
  const isArray = isPlain(result, rows);
  const to = isArray ? work.losses : addressOf(result, context);
  // Last, since getters of what was read may free the batch.
  const from = addressOf(x, context);
  if (to === 0 || from === 0 || result.length !== rows || (from < to + rows * 4 && to < from + length * 4)) {
    return undefined;
  }
  kernels.logSumExp(from, to, rows, columns, work.state, work.exponentials);
  if (isArray) work.copyOut(to, rows, result, 0);
  return result;
}

export function briefBackward(
  context: Context,
  operation: Backward,
  forward: unknown,
  upstream: unknown,
  options: unknown,
): FloatOutput | undefined {
  if (!arePlain(options, "rows", "out")) return undefined;
  const { shape, axis, out } = options;
  const { kernels, work } = context;
  const columns = columnsOf(forward, shape, axis);
  const length = columns === 0 ? 0 : (forward as Float32Array).length;
  const result = out === undefined && columns > 0 ? newFloats(length) : out;
  if (columns === 0 || !isPlain(upstream, length) || !isPlain(result, length)) {
    const quick = residentBackward(context, operation, forward, upstream, shape, axis, out);
    return quick ?? context.leave({ shape, axis, out });
  }
  const a = work.tile(0);
  const b = work.tile(1);
  work.copyIn(forward as Float32Array, 0, length, a);
  work.copyIn(upstream, 0, length, b);
  callBackward(kernels, operation, a, b, a, length / columns, columns);
  work.copyOut(a, length, result, 0);
  return result;
}

/** Entropy of each row, or a divergence of two, in nats. */
export function briefDivergence(
  context: Context,
  operation: Summing,
  p: unknown,
  q: unknown,
  options: unknown,
): FloatOutput | undefined {
  if (!arePlain(options, "rows", "out")) return undefined;
  const { shape, axis, out, reduction, unit } = options;
  const other = operation !== "entropy";
  const grad = other ? options.grad : undefined;
  const { kernels, arena, work } = context;
  const columns = reduction === undefined && unit === undefined && grad === undefined ? columnsOf(p, shape, axis) : 0;
  const x = p as Float32Array;
  const y = q as Float32Array;
  const length = columns === 0 ? 0 : x.length;
  const rows = length / columns;
  const plain = columns > 0 && (!other || isPlain(q, length));
  const result = out === undefined && plain ? newFloats(rows) : out;
  if (!plain || !isPlain(result, rows) || haveOneBuffer(result, x, x[0]) || (other && haveOneBuffer(result, y, y[0]))) {
    return context.leave(other ? { shape, axis, out, reduction, unit, grad } : { shape, axis, out, reduction, unit });
  }
  const { losses, exponentials } = work;
  const a = work.tile(0);
  const b = work.tile(1);
  work.copyIn(x, 0, length, a);
  if (other) work.copyIn(y, 0, length, b);
  if (operation === "entropy") kernels.entropy(a, exponentials, rows, columns, losses);
  else if (operation === "crossEntropy") kernels.crossEntropy(a, b, 0, exponentials, rows, columns, 1, losses);
  else if (operation === "klDivergence") kernels.klDivergence(a, b, 0, exponentials, rows, columns, 1, losses);
  else kernels.jensenShannon(a, b, 0, exponentials, rows, columns, 1, losses);
  const least = leastOf(operation);
  const { f64 } = arena;
  for (let i = 0, at = losses >>> 3; i < rows; i++) result[i] = Math.max(f64[at + i], least);
  return result;
}

/** For each row the index of its largest element. */
export function briefArgmax(context: Context, x: unknown, options: unknown): Int32Array | undefined {
  if (!arePlain(options, "rows", "out")) return undefined;
  const { shape, axis, out } = options;
  const { work } = context;
  const columns = columnsOf(x, shape, axis);
  if (columns === 0) {
    const classes = out === undefined ? residentColumns(x, shape, axis, context) : 0;
    const from = classes === 0 ? 0 : addressOf(x, context);
    if (from === 0) return context.leave({ shape, axis, out });
    const rows = (x as ResidentBatch).length / classes;
    return argmaxAt(context, from, newIndices(rows), rows, classes);
  }
  const array = x as Float32Array;
  const { length } = array;
  const rows = length / columns;
  const result = out === undefined ? newIndices(rows) : out;
  if (!areLabels(result, rows) || (result === out && !beginUnlike(array, result) && array.buffer === result.buffer)) {
    return context.leave({ shape, axis, out });
  }
  const tile = work.tile(0);
  work.copyIn(array, 0, length, tile);
  return argmaxAt(context, tile, result, rows, columns);
}

function argmaxAt(
  { kernels, arena, work }: Context,
  from: number,
  result: Int32Array,
  rows: number,
  columns: number,
): Int32Array {
  kernels.argmax(from, work.indices, rows, columns);
  const { i32 } = arena;
  for (let i = 0, at = work.indices >>> 2; i < rows; i++) result[i] = i32[at + i];
  return result;
}
