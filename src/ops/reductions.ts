import {
  type Batch,
  checkAxis,
  checkShape,
  type FloatBatch,
  type FloatOutput,
  isResident,
  readBatch,
  readFloats,
  readLength,
} from "../batch.js";
import { checkOptions, describe } from "../checks.js";
import { Columns, eachTile } from "../columns.js";
import type { Context } from "../context.js";
import { AxisError, OptionError, ShapeError } from "../errors.js";
import { readLogitOptions, Transform } from "../logits.js";
import type { BatchOptions, LogSumExpOptions } from "../options.js";
import { goesAcross, outputOf } from "./softmax.js";

/** Operations that take a position to a number or a few: logSumExp, argmax, topK. */

const LOG_SUM_EXP = new Set(["shape", "axis", "out", "temperature"]);
const INDEX = new Set(["shape", "axis"]);

export function logSumExp<O extends FloatOutput>(context: Context, x: FloatBatch, options: LogSumExpOptions<O>): O {
  checkOptions(options, LOG_SUM_EXP);
  const { shape, axis, out, temperature } = options;
  const { kernels, arena, work } = context;
  const transform = new Transform(context, readLogitOptions(undefined, temperature));
  const batch = Array.isArray(axis) ? mergeAxes(x, shape, axis, context) : readBatch(x, shape, axis, arena);
  const positions = batch.outer * batch.inner;
  const result = outputOf(out, positions);
  const output = readLength(result, positions, arena, "out", batch);
  const values = output.array ?? arena.f32.subarray(output.pointer >>> 2, (output.pointer >>> 2) + positions);
  const { state, exponentials } = work;
  const resident = isResident(batch) && !transform.some;
  if (goesAcross(batch)) {
    const tiles = context.tiles.across(batch, resident);
    while (tiles.next()) {
      const from = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
      kernels.logSumExpAcross(from, work.losses, tiles.classes, tiles.rows, tiles.stride, state, exponentials);
      work.copyOut(work.losses, tiles.rows, values, tiles.position);
    }
    return result;
  }
  const tiles = context.tiles.over(batch, resident);
  if (tiles.long) {
    for (let position = 0; position < positions; position++) {
      const input = new Columns(work, batch, batch, position, 0);
      let top = Number.NEGATIVE_INFINITY;
      kernels.begin(state);
      eachTile(batch.classes, (c, n) => {
        const from = transform.apply(input.read(c, n), n, 0);
        top = largestOf(context, from, n, top);
        kernels.accumulateOnly(state, from, exponentials, n);
      });
      kernels.finish(state);
      values[position] = kernels.logSumExpOf(state, top);
    }
    return result;
  }
  while (tiles.next()) {
    const from = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
    kernels.logSumExp(from, work.losses, tiles.rows, tiles.classes, state, exponentials);
    work.copyOut(work.losses, tiles.rows, values, tiles.position);
  }
  return result;
}

/** The larger of `top` and the largest of n floats; a NaN wins. */
function largestOf({ kernels, arena, work }: Context, x: number, n: number, top: number): number {
  kernels.argmax(x, work.hits, 1, n);
  const value = arena.f32[(x >>> 2) + arena.i32[work.hits >>> 2]];
  return value > top || Number.isNaN(value) ? value : top;
}

/**
 * A batch whose class axis is several axes taken as one. Where they lie side by side that is only another reading of the
 * shape; otherwise the elements are brought together in a copy. No axis at all is an axis of length 1.
 */
function mergeAxes(x: FloatBatch, shape: unknown, axes: readonly unknown[], { arena }: Context): Batch {
  const floats = readFloats(x, arena, "x");
  const sizes = checkShape(shape ?? floats.own ?? [floats.length], floats.length, "x");
  const reduced = axes.map((axis) => checkAxis(axis, sizes)).sort((a, b) => a - b);
  if (new Set(reduced).size !== reduced.length) throw new AxisError(`An axis is named twice among [${axes}].`);
  const product = (from: number, to: number) => sizes.slice(from, to).reduce((a, b) => a * b, 1);
  if (reduced.length === 0) {
    return { ...floats, shape: sizes, axis: sizes.length, outer: floats.length, classes: 1, inner: 1 };
  }
  const first = reduced[0];
  const last = reduced[reduced.length - 1];
  if (last - first + 1 === reduced.length) {
    const layout = {
      outer: product(0, first),
      classes: product(first, last + 1),
      inner: product(last + 1, sizes.length),
    };
    return { ...floats, shape: sizes, axis: first, ...layout };
  }
  const kept = sizes.map((_, i) => i).filter((i) => !reduced.includes(i));
  const order = [...kept, ...reduced];
  const steps = order.map((i) => product(i + 1, sizes.length));
  const lengths = order.map((i) => sizes[i]);
  const source = floats.array ?? arena.f32.subarray(floats.pointer >>> 2, (floats.pointer >>> 2) + floats.length);
  const array = new Float32Array(floats.length);
  const index = new Array<number>(order.length).fill(0);
  for (let i = 0, at = 0; i < array.length; i++) {
    array[i] = source[at];
    for (let k = order.length - 1; k >= 0; k--) {
      at += steps[k];
      if (++index[k] < lengths[k]) break;
      index[k] = 0;
      at -= lengths[k] * steps[k];
    }
  }
  const classes = reduced.reduce((a, i) => a * sizes[i], 1);
  const outer = kept.reduce((a, i) => a * sizes[i], 1);
  return {
    array,
    pointer: 0,
    length: array.length,
    own: undefined,
    shape: lengths,
    axis: kept.length,
    outer,
    classes,
    inner: 1,
  };
}

export function argmax(context: Context, x: FloatBatch, options: BatchOptions): Int32Array {
  checkOptions(options, INDEX);
  const { shape, axis } = options;
  const { kernels, arena, work } = context;
  const batch = readBatch(x, shape, axis, arena);
  const positions = batch.outer * batch.inner;
  if (batch.classes === 0)
    throw new ShapeError(`The shape [${batch.shape}] has no classes: an argmax needs one at least.`);
  const result = new Int32Array(positions);
  const tiles = context.tiles.over(batch, isResident(batch));
  if (tiles.long) {
    for (let position = 0; position < positions; position++) {
      const input = new Columns(work, batch, batch, position, 0);
      let top = Number.NEGATIVE_INFINITY;
      eachTile(batch.classes, (c, n) => {
        const from = input.read(c, n);
        kernels.argmax(from, work.hits, 1, n);
        const at = arena.i32[work.hits >>> 2];
        const value = arena.f32[(from >>> 2) + at];
        if (!Number.isNaN(top) && (value > top || Number.isNaN(value) || c === 0)) {
          top = value;
          result[position] = c + at;
        }
      });
    }
    return result;
  }
  while (tiles.next()) {
    kernels.argmax(tiles.read(batch, 0), work.hits, tiles.rows, tiles.classes);
    const at = work.hits >>> 2;
    for (let i = 0; i < tiles.rows; i++) result[tiles.position + i] = arena.i32[at + i];
  }
  return result;
}

export function topK(
  context: Context,
  x: FloatBatch,
  k: number,
  options: BatchOptions,
): { values: Float32Array; indices: Int32Array } {
  checkOptions(options, INDEX);
  const { shape, axis } = options;
  const { kernels, arena, work } = context;
  const batch = readBatch(x, shape, axis, arena);
  const { classes, inner } = batch;
  if (!Number.isInteger(k) || k < 0 || k > classes) {
    throw new OptionError(`k is an integer from 0 to the ${classes} classes there are, not ${describe(k)}.`);
  }
  const positions = batch.outer * inner;
  const values = new Float32Array(positions * k);
  const indices = new Int32Array(positions * k);
  const result = { values, indices };
  const put = (position: number, from: number, at: number) => {
    const start = Math.floor(position / inner) * k * inner + (position % inner);
    for (let i = 0; i < k; i++) {
      values[start + i * inner] = arena.f32[(from >>> 2) + i];
      indices[start + i * inner] = arena.i32[(at >>> 2) + i];
    }
  };
  const tiles = context.tiles.over(batch, false);
  if (tiles.long) {
    // A row that fits no tile is given room of its own for the call.
    const row = arena.allocate((classes + 2 * k) * 4);
    const best = row + classes * 4;
    const at = best + k * 4;
    try {
      for (let position = 0; position < positions; position++) {
        const input = new Columns(work, batch, batch, position, 0);
        eachTile(classes, (c, n) => work.move(input.read(c, n), n, row + c * 4));
        kernels.topK(row, best, at, 1, classes, k);
        put(position, best, at);
      }
    } finally {
      arena.free(row);
    }
    return result;
  }
  while (tiles.next()) {
    const from = tiles.read(batch, 0);
    for (let i = 0; i < tiles.rows; i++) {
      kernels.topK(from + i * classes * 4, work.tile(1), work.tile(3), 1, classes, k);
      put(tiles.position + i, work.tile(1), work.tile(3));
    }
  }
  return result;
}
