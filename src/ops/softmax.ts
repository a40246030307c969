import { goesAcross } from "../across.js";
import { areResident, type Batch, type FloatBatch, type FloatOutput, type Floats, readBatch } from "../batch.js";
import { checkOptions, readChoice } from "../checks.js";
import { ALL_SLOTS, BlockMaxima, Columns, ONE_SLOT, tilesOf } from "../columns.js";
import type { Context } from "../context.js";
import { Transform } from "../logits.js";
import type { LogSoftmaxOptions, SoftmaxOptions } from "../options.js";
import { readOutput } from "../outputs.js";
import { briefArray } from "./brief.js";

/** softmax and logSoftmax: a batch to a batch of the same shape. */

const SOFTMAX = ["shape", "axis", "out", "temperature", "emptyRow"];
const EMPTY_ROW = ["nan", "zero"] as const;
const LOG_SOFTMAX = ["shape", "axis", "out", "temperature"];

type Operation = "softmax" | "logSoftmax";

export function softmax(
  context: Context,
  operation: Operation,
  x: FloatBatch,
  options: SoftmaxOptions | LogSoftmaxOptions,
): FloatOutput {
  return briefArray(context, operation, x, options) ?? general(context, operation, x, context.left(options));
}

function general(context: Context, operation: Operation, x: FloatBatch, options: SoftmaxOptions): FloatOutput {
  const log = operation === "logSoftmax";
  checkOptions(options, log ? LOG_SOFTMAX : SOFTMAX);
  const { shape, axis, out, temperature, emptyRow } = options;
  const { kernels, arena, work } = context;
  const { state, maxima, exponentials } = work;
  const batch = readBatch(x, shape, axis, arena);
  const transform = Transform.read(context, undefined, temperature);
  const zero = !log && readChoice(emptyRow, "emptyRow", EMPTY_ROW) === "zero";
  const output = readOutput(out, batch.shape, arena, "out", batch);
  const resident = areResident(batch, output) && !transform.active;
  const across = goesAcross(batch) && !zero;
  const tiles = context.tiles.over(batch, resident, across, !zero);
  const long = log ? longLogSoftmax : longSoftmax;
  while (tiles.nextLong()) long(context, batch, tiles.position, output, transform, zero);
  const runAcross = log ? kernels.logSoftmaxAcross : kernels.softmaxAcross;
  while (tiles.next()) {
    const from = transform.apply(tiles.read(batch, 0), tiles.floats, 0);
    const to = transform.active && !across ? from : tiles.place(output, 0);
    const { rows, classes } = tiles;
    const empty = zero ? emptyRows(arena.f32, from >>> 2, rows, classes) : [];
    if (across) runAcross(from, to, classes, rows, tiles.stride, state, exponentials);
    else kernels[operation](from, to, rows, classes, state, log ? exponentials : maxima);
    for (const row of empty) arena.f32.fill(0, (to >>> 2) + row * classes, (to >>> 2) + (row + 1) * classes);
    tiles.write(output, to);
  }
  return output.result;
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
  context: Context,
  batch: Batch,
  position: number,
  output: Floats,
  transform: Transform,
  zero: boolean,
): void {
  const { kernels, work } = context;
  const { classes } = batch;
  const { state } = work;
  const slots = transform.active ? ONE_SLOT : ALL_SLOTS;
  const x = new Columns(context, batch, batch, position, ...slots);
  const out = new Columns(context, output, batch, position, ...slots);
  const maxima = new BlockMaxima(work, classes);
  const each = tilesOf(work, classes, !(transform.active || x.staged || out.staged));
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

function longLogSoftmax(context: Context, batch: Batch, position: number, output: Floats, transform: Transform): void {
  const { kernels, work } = context;
  const { state, exponentials } = work;
  const slots = transform.active ? ONE_SLOT : ALL_SLOTS;
  const x = new Columns(context, batch, batch, position, ...slots);
  const out = new Columns(context, output, batch, position, ...slots);
  const each = tilesOf(work, batch.classes, !(transform.active || x.staged || out.staged));
  kernels.begin(state);
  each((c, n) => {
    kernels.accumulateSums(state, transform.apply(x.read(c, n), n, 0), exponentials, n);
  });
  kernels.finish(state);
  each((c, n) => {
    const from = transform.active ? transform.apply(x.read(c, n), n, 0) : x.recall(c, n);
    out.expect(c, n);
    kernels.logSoftmaxApply(state, from, out.place(c), n);
    out.write(c, n);
  });
}
