import { goesAcross } from "../across.js";
import { BLOCK } from "../backend/backend.js";
import {
  areResident,
  type Batch,
  type FloatBatch,
  type FloatOutput,
  type IndexOutput,
  positionShape,
  readBatch,
  readFloats,
  viewOf,
} from "../batch.js";
import { checkOptions, readInteger } from "../checks.js";
import { Columns, eachTile } from "../columns.js";
import type { Context } from "../context.js";
import { ShapeError } from "../errors.js";
import type { FreshFloats, FreshIndices } from "../given.js";
import { Largest } from "../largest.js";
import { Transform } from "../logits.js";
import type { ArgmaxOptions, BatchOptions, LogSumExpOptions } from "../options.js";
import { newFloats, newIndices, readIndices, readOutput } from "../outputs.js";
import { copyStrided } from "../strided.js";
import { POSITIONS } from "../workspace.js";
import { briefArgmax, briefLogSumExp } from "./brief.js";
import { type MergedBatch, mergeAxes } from "./several-axes.js";

/** Operations that take a position to a number or a few: logSumExp, argmax, topK. */

const LOG_SUM_EXP = ["shape", "axis", "out", "temperature"];
const ARGMAX = ["shape", "axis", "out"];
const TOP_K = ["shape", "axis"];

export function logSumExp(context: Context, x: FloatBatch, options: LogSumExpOptions): FloatOutput {
  return briefLogSumExp(context, x, options) ?? generalLogSumExp(context, x, context.left(options));
}

function generalLogSumExp(context: Context, x: FloatBatch, options: LogSumExpOptions): FloatOutput {
  checkOptions(options, LOG_SUM_EXP);
  const { shape, axis, out, temperature } = options;
  const { kernels, arena, work } = context;
  const transform = Transform.read(context, undefined, temperature);
  const axes = Array.isArray(axis) ? [...axis] : undefined;
  const source = axes ? readFloats(x, arena, "x") : readBatch(x, shape, axis, arena);
  const read: MergedBatch = axes ? mergeAxes(source, shape, axes) : (source as Batch);
  const positions = read.outer * read.inner;
  const output = readOutput(out, positionShape(read), arena, "out", source);
  const { result } = output;
  const values = viewOf(output, arena);
  const { state, exponentials } = work;
  const resident = areResident(read) && !transform.active;
  if (axes?.length === 0 && !transform.active) {
    values.set(viewOf(source, arena));
    return result;
  }
  const { apart, classes } = read;
  if (apart) {
    const elements = viewOf(source, arena);
    const tile = work.tile(0);
    const bring = (start: number, n: number) => {
      copyStrided(elements, apart.sizes, apart.steps, start, n, arena.f32, tile >>> 2);
      return transform.apply(tile, n, 0);
    };
    apartLogSumExp(context, positions, classes, bring, values);
    return result;
  }
  const across = goesAcross(read);
  const tiles = context.tiles.over(read, resident, across);
  while (tiles.nextLong()) {
    const { position } = tiles;
    const input = new Columns(context, read, read, position, 0);
    values[position] = longLogSumExp(context, classes, (c, n) => transform.apply(input.read(c, n), n, 0));
  }
  while (tiles.next()) {
    const from = transform.apply(tiles.read(read, 0), tiles.floats, 0);
    const { rows, position } = tiles;
    if (across) kernels.logSumExpAcross(from, work.losses, classes, rows, tiles.stride, state, exponentials);
    else kernels.logSumExp(from, work.losses, rows, classes, state, exponentials);
    work.copyOut(work.losses, rows, values, position);
  }
  return result;
}

/**
 * logSumExp over axes that don't lie side by side. `bring` copies n elements together, at most a staging tile of them, in the
 * order of positions and then of classes, from the one at `start` on; it returns where.
 */
function apartLogSumExp(
  context: Context,
  positions: number,
  classes: number,
  bring: (start: number, n: number) => number,
  values: Float32Array,
): void {
  const { kernels, work } = context;
  const { tileFloats, losses, state, exponentials } = work;
  if (classes > BLOCK) {
    for (let p = 0; p < positions; p++) {
      values[p] = longLogSumExp(context, classes, (c, n) => bring(p * classes + c, n));
    }
    return;
  }
  const rows = Math.min(POSITIONS, Math.floor(tileFloats / classes));
  for (let p = 0; p < positions; p += rows) {
    const n = Math.min(rows, positions - p);
    kernels.logSumExp(bring(p * classes, n * classes), losses, n, classes, state, exponentials);
    work.copyOut(losses, n, values, p);
  }
}

/** logSumExp of a row in column tiles, whose addresses `read` gives. */
function longLogSumExp(context: Context, classes: number, read: (column: number, n: number) => number): number {
  const { kernels, work } = context;
  kernels.begin(work.state);
  eachTile(work, classes, (c, n) => kernels.accumulateSums(work.state, read(c, n), work.exponentials, n));
  kernels.finish(work.state);
  const value = kernels.logSumExpOf(work.state, 0);
  if (!Number.isNaN(value)) return value;
  // Infinite, or NaN: the largest element tells.
  const largest = new Largest();
  eachTile(work, classes, (c, n) => largest.see(context, read(c, n), n, c));
  return kernels.logSumExpOf(work.state, largest.value);
}

/** Classes up to which an argmax of a resident batch compares positions side by side. */
const MANY = 256;

export function argmax(context: Context, x: FloatBatch, options: ArgmaxOptions): IndexOutput {
  return briefArgmax(context, x, options) ?? generalArgmax(context, x, context.left(options));
}

function generalArgmax(context: Context, x: FloatBatch, options: ArgmaxOptions): IndexOutput {
  checkOptions(options, ARGMAX);
  const { shape, axis, out } = options;
  const { kernels, arena, work } = context;
  const batch = readBatch(x, shape, axis, arena);
  if (batch.classes === 0)
    throw new ShapeError(`The shape [${batch.shape}] has no classes: an argmax needs one at least.`);
  const { indices, result } = readIndices(out, positionShape(batch), arena, batch);
  const resident = areResident(batch);
  // With more, rows were measured to be as fast, and faster where classes stand a power of two apart.
  const across = goesAcross(batch) && !(resident && batch.classes > MANY);
  const tiles = context.tiles.over(batch, resident, across);
  while (tiles.nextLong()) {
    const { position } = tiles;
    const input = new Columns(context, batch, batch, position, 0);
    const largest = new Largest();
    eachTile(work, batch.classes, (c, n) => largest.see(context, input.read(c, n), n, c));
    indices[position] = largest.column;
  }
  while (tiles.next()) {
    const from = tiles.read(batch, 0);
    const { rows, classes } = tiles;
    if (across) kernels.argmaxAcross(from, work.indices, classes, rows, tiles.stride);
    else kernels.argmax(from, work.indices, rows, classes);
    const { i32 } = arena;
    const at = work.indices >>> 2;
    for (let i = 0; i < rows; i++) indices[tiles.position + i] = i32[at + i];
  }
  return result;
}

export function topK(
  context: Context,
  x: FloatBatch,
  k: number,
  options: BatchOptions,
): { values: FreshFloats; indices: FreshIndices } {
  checkOptions(options, TOP_K);
  const { shape, axis } = options;
  const { kernels, arena, work } = context;
  const batch = readBatch(x, shape, axis, arena);
  const { classes, inner } = batch;
  readInteger(k, "k", 0, classes);
  const positions = batch.outer * inner;
  const result = { values: newFloats(positions * k), indices: newIndices(positions * k) };
  const best = work.tile(1);
  const at = work.tile(3);
  const tiles = context.tiles.over(batch, false, false, false);
  while (tiles.nextLong()) {
    const { position } = tiles;
    const row = new Columns(context, batch, batch, position, 0);
    let found: Best = { values: new Float32Array(0), indices: new Int32Array(0) };
    eachTile(work, classes, (c, n) => {
      const taken = Math.min(k, n);
      kernels.topK(row.read(c, n), best, at, 1, n, taken);
      found = mergeBest(found, bestAt(context, best, at, taken), c, k);
    });
    putBest(result, found, position, 1, k, inner);
  }
  while (tiles.next()) {
    kernels.topK(tiles.read(batch, 0), best, at, tiles.rows, classes, k);
    putBest(result, bestAt(context, best, at, tiles.rows * k), tiles.position, tiles.rows, k, inner);
  }
  return result;
}

/** Elements in falling order, and where they are. */
interface Best {
  readonly values: Float32Array;
  readonly indices: Int32Array;
}

/** A view of what a kernel has found. */
function bestAt({ arena }: Context, values: number, indices: number, length: number): Best {
  return {
    values: arena.f32.subarray(values >>> 2, (values >>> 2) + length),
    indices: arena.i32.subarray(indices >>> 2, (indices >>> 2) + length),
  };
}

/** Hands over the k best of each of so many positions, which lie one after the other. */
function putBest(result: Best, found: Best, position: number, rows: number, k: number, inner: number): void {
  for (let row = 0, from = 0; row < rows; row++, position++) {
    let to = Math.floor(position / inner) * k * inner + (position % inner);
    for (let i = 0; i < k; i++, from++, to += inner) {
      result.values[to] = found.values[from];
      result.indices[to] = found.indices[from];
    }
  }
}

/** The best k of a row's beginning and of the tile that follows at `column`; of equal elements the first come first. */
function mergeBest(before: Best, tile: Best, column: number, k: number): Best {
  const length = Math.min(k, before.values.length + tile.values.length);
  const values = newFloats(length);
  const indices = newIndices(length);
  for (let i = 0, b = 0, t = 0; i < length; i++) {
    const left = before.values[b];
    const right = tile.values[t];
    const ahead = t === tile.values.length || Number.isNaN(left) || left >= right;
    if (b < before.values.length && ahead) {
      values[i] = left;
      indices[i] = before.indices[b++];
    } else {
      values[i] = right;
      indices[i] = tile.indices[t++] + column;
    }
  }
  return { values, indices };
}
