import { BLOCK } from "../backend/backend.js";
import {
  type Batch,
  type FloatBatch,
  type FloatOutput,
  type Floats,
  isResident,
  type Layout,
  readBatch,
} from "../batch.js";
import { checkOptions, readChoice } from "../checks.js";
import { ALL_SLOTS, BlockMaxima, Columns, eachTile, ONE_SLOT, tilesOf } from "../columns.js";
import type { Context } from "../context.js";
import { Transform } from "../logits.js";
import type { LogSoftmaxOptions, SoftmaxOptions } from "../options.js";
import { outputOf, readOutput } from "../outputs.js";
import type { Tiles } from "../tiles.js";
import { briefArray } from "./brief.js";

/** softmax and logSoftmax: a batch to a batch of the same shape. */

const SOFTMAX = ["shape", "axis", "out", "temperature", "emptyRow"];
const EMPTY_ROW = ["nan", "zero"] as const;
const LOG_SOFTMAX = ["shape", "axis", "out", "temperature"];

export function softmax(context: Context, x: FloatBatch, options: SoftmaxOptions): FloatOutput {
  return briefArray(context, "softmax", x, options) ?? generalSoftmax(context, x, context.left(options));
}

function generalSoftmax(context: Context, x: FloatBatch, options: SoftmaxOptions): FloatOutput {
  checkOptions(options, SOFTMAX);
  const { shape, axis, out, temperature, emptyRow } = options;
  const { kernels, arena, work } = context;
  const batch = readBatch(x, shape, axis, arena);
  const transform = Transform.read(context, undefined, temperature);
  const zero = readChoice(emptyRow, "emptyRow", EMPTY_ROW) === "zero";
  const result = outputOf(out, batch.length);
  const output = readOutput(result, batch, arena, "out");
  const resident = isResident(batch) && isResident(output) && !transform.some;
  if (goesAcross(batch) && !zero) {
    const { state, exponentials } = work;
    across(context, batch, output, transform, (x, to, { classes, rows, stride }) =>
      kernels.softmaxAcross(x, to, classes, rows, stride, state, exponentials),
    );
    return result;
  }
  const tiles = context.tiles.over(batch, resident);
  if (!zero) tiles.streamed();
  if (tiles.long) {
    for (let p = 0; p < batch.outer * batch.inner; p++) longSoftmax(context, batch, p, output, transform, zero);
  } else {
    while (tiles.next()) {
      const from = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
      const to = transform.some ? from : tiles.place(output, 0);
      const empty = zero ? emptyRows(arena.f32, from >>> 2, tiles.rows, tiles.classes) : undefined;
      kernels.softmax(from, to, tiles.rows, tiles.classes, work.state, work.maxima);
      if (empty)
        for (const row of empty)
          arena.f32.fill(0, (to >>> 2) + row * tiles.classes, (to >>> 2) + (row + 1) * tiles.classes);
      tiles.write(output, to);
    }
  }
  return result;
}

/** Whether a batch is computed across its positions: its class axis is not the last, and its classes are one block. */
export function goesAcross({ classes, inner }: Layout): boolean {
  return inner > 1 && classes > 0 && classes <= BLOCK;
}

/** Computes a batch across its positions. */
function across(
  { tiles }: Context,
  batch: Batch,
  output: Floats,
  transform: Transform,
  run: (x: number, out: number, tile: Tiles) => void,
): void {
  tiles.across(batch, isResident(batch) && isResident(output) && !transform.some);
  while (tiles.next()) {
    const from = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
    const to = tiles.place(output, 0);
    run(from, to, tiles);
    tiles.write(output, to);
  }
}

/** The rows that are −Infinity throughout. */
function emptyRows(f32: Float32Array, at: number, rows: number, cols: number): number[] {
  const found: number[] = [];
  for (let row = 0; row < rows; row++, at += cols) {
    let i = 0;
    while (i < cols && f32[at + i] === -Infinity) i++;
    if (i === cols) found.push(row);
  }
  return found;
}

function longSoftmax(
  { kernels, tiles, work }: Context,
  batch: Batch,
  position: number,
  output: Floats,
  transform: Transform,
  zero: boolean,
): void {
  const { classes } = batch;
  const { state } = work;
  const slots = transform.some ? ONE_SLOT : ALL_SLOTS;
  const along = zero ? undefined : tiles.along;
  const x = new Columns(work, batch, batch, position, ...slots).along(along);
  const out = new Columns(work, output, batch, position, ...slots).along(along);
  const maxima = new BlockMaxima(work, classes);
  const each = tilesOf(work, classes, !(transform.some || x.staged || out.staged));
  let empty = zero;
  kernels.begin(state);
  each((c, n) => {
    const from = transform.apply(x.read(c, n), n, 0);
    empty &&= emptyRows(work.arena.f32, from >>> 2, 1, n).length === 1;
    kernels.accumulate(state, maxima.address, from, out.place(c), n, false);
    maxima.keep(c, n);
    out.keep(c, n);
  });
  kernels.finish(state);
  each((c, n) => {
    const to = out.recall(c, n);
    out.expect(c, n);
    kernels.softmaxApply(state, maxima.recall(c, n), to, n, 1);
    if (empty) work.arena.f32.fill(0, to >>> 2, (to >>> 2) + n);
    out.write(c, n);
  });
}

export function logSoftmax(context: Context, x: FloatBatch, options: LogSoftmaxOptions): FloatOutput {
  return briefArray(context, "logSoftmax", x, options) ?? generalLogSoftmax(context, x, context.left(options));
}

function generalLogSoftmax(context: Context, x: FloatBatch, options: LogSoftmaxOptions): FloatOutput {
  checkOptions(options, LOG_SOFTMAX);
  const { shape, axis, out, temperature } = options;
  const { kernels, arena, work } = context;
  const batch = readBatch(x, shape, axis, arena);
  const transform = Transform.read(context, undefined, temperature);
  const result = outputOf(out, batch.length);
  const output = readOutput(result, batch, arena, "out");
  const { state, exponentials } = work;
  if (goesAcross(batch)) {
    across(context, batch, output, transform, (x, to, { classes, rows, stride }) =>
      kernels.logSoftmaxAcross(x, to, classes, rows, stride, state, exponentials),
    );
    return result;
  }
  const tiles = context.tiles.over(batch, isResident(batch) && isResident(output) && !transform.some).streamed();
  if (tiles.long) {
    for (let p = 0; p < batch.outer * batch.inner; p++) {
      const input = new Columns(work, batch, batch, p, 0);
      const target = new Columns(work, output, batch, p, 0);
      kernels.begin(state);
      eachTile(work, batch.classes, (c, n) => {
        kernels.accumulateOnly(state, transform.apply(input.read(c, n), n, 0), exponentials, n);
      });
      kernels.finish(state);
      eachTile(work, batch.classes, (c, n) => {
        kernels.logSoftmaxApply(state, transform.apply(input.read(c, n), n, 0), target.place(c), n);
        target.write(c, n);
      });
    }
    return result;
  }
  while (tiles.next()) {
    const from = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
    const to = transform.some ? from : tiles.place(output, 0);
    kernels.logSoftmax(from, to, tiles.rows, tiles.classes, state, exponentials);
    tiles.write(output, to);
  }
  return result;
}
