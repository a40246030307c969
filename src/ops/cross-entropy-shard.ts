import { BLOCK, ROW_RECORD, STATE_BYTES } from "../backend/backend.js";
import { type FloatBatch, type FloatOutput, type Floats, type Labels, look, readBatch } from "../batch.js";
import { describe, readNumber } from "../checks.js";
import type { Context } from "../context.js";
import { OptionError, ShapeError } from "../errors.js";
import { readIgnoreIndex, readLabels } from "../labels.js";
import { LogSumExpState } from "../log-sum-exp-state.js";
import { gradientOf, LossTotal, readReduction } from "../loss.js";
import { TILE } from "../memory.js";
import type { SoftmaxCrossEntropyOptions } from "../options.js";
import { checkOutputApart, readOutput } from "../outputs.js";
import { pinned, type Scratch, withScratch } from "../scratch.js";
import { readClassWeights, readGradOutput, readSampleWeights } from "../weights.js";
import { divisorOf, weighted } from "./cross-entropy-call.js";

/** What needs the whole row, or makes other logits than those that the state has summed; and what asks for nothing. */
const REFUSED = {
  labelSmoothing: [0],
  softcap: [],
  temperature: [1],
  correct: [false],
  logSumExp: [false],
} as const;

type Options = Omit<SoftmaxCrossEntropyOptions, keyof typeof REFUSED | "state" | "start">;

/** Rows that are handled at a time: as many blocks as a staging tile holds. */
const ROWS = TILE / BLOCK;

/**
 * Softmax cross-entropy of some columns of rows whose log-sum-exp is known: `state` has all columns, x those from `start`
 * on. Labels count over all columns. The loss is that of the labels that are among these columns, and 0 for the others,
 * but the mean divides by all that count: so the shards' losses add up to that of the whole rows.
 */
export function shardCrossEntropy(
  here: Context,
  x: FloatBatch,
  labels: Labels,
  state: unknown,
  start: unknown,
  options: SoftmaxCrossEntropyOptions,
): Result {
  const { labelSmoothing, softcap, temperature, correct, logSumExp } = options;
  for (const [name, value] of Object.entries({ labelSmoothing, softcap, temperature, correct, logSumExp })) {
    const harmless: readonly unknown[] = REFUSED[name as keyof typeof REFUSED];
    if (value !== undefined && !harmless.includes(value)) {
      throw new OptionError(`${name} can't be combined with state.`);
    }
  }
  const context = LogSumExpState.contextOf(state, here);
  if (!context) {
    throw new OptionError(`state is what logSumExpState of the same kernels gives, not ${describe(state)}.`);
  }
  const { grad, gradOutput, classWeights, sampleWeights, shape, axis, reduction, ignoreIndex, zLoss } = options;
  const given = pinned({ x, labels, grad, gradOutput, classWeights, sampleWeights }, context.arena);
  const settled = { shape, axis, reduction, ignoreIndex, zLoss };
  return withScratch(context.arena, (scratch) =>
    prepare(context, state as LogSumExpState, start, { ...settled, ...given() }, scratch),
  );
}

interface Result {
  loss: number | Float32Array;
  grad?: FloatOutput;
}

/** Reads and checks everything, takes the memory, and gives what does the work. */
function prepare(
  context: Context,
  state: LogSumExpState,
  start: unknown,
  options: Options & { x: FloatBatch; labels: Labels },
  scratch: Scratch,
): () => Result {
  const { x, labels, shape, axis, reduction, grad, gradOutput, ignoreIndex, classWeights, sampleWeights, zLoss } =
    options;
  const { arena } = context;
  const batch = readBatch(x, shape, axis, arena);
  if (batch.axis !== batch.shape.length - 1)
    throw new OptionError("axis can't be combined with state, but for the last.");
  const { outer: rows, classes: cols } = batch;
  if (rows !== state.rows) throw new ShapeError(`The state has ${state.rows} rows; the batch has ${rows} positions.`);
  const first = readNumber(start, "start", 0, 0);
  if (state.start !== 0 || !Number.isInteger(first) || first + cols > state.end) {
    const has = `columns ${state.start} to ${state.end}`;
    throw new OptionError(
      `The state has ${has}, not 0 to the end with columns ${first} to ${first + cols} among them.`,
    );
  }
  const ignore = readIgnoreIndex(ignoreIndex, false);
  const whole = { ...batch, classes: state.end };
  const read = readLabels(look(labels), whole, ignore, arena);
  const reduce = readReduction(reduction);
  const byClass = readClassWeights(classWeights, whole, arena);
  const bySample = readSampleWeights(sampleWeights, batch, arena);
  const z = readNumber(zLoss, "zLoss", 0, 0);
  const upstream = readGradOutput(gradOutput, batch, reduce === "none", arena);
  const result = gradientOf(grad, batch.length);
  const gradient = result && readOutput(result, batch, arena, "grad");
  if (gradient) checkOutputApart(gradient, arena, "grad", [read.labels, byClass, bySample, upstream]);
  const total = new LossTotal(reduce, rows, divisorOf(read, byClass, bySample, ignore, rows));
  const place = LogSumExpState.placer(state);
  const states = scratch.take(ROWS * STATE_BYTES);
  const records = scratch.take(ROWS * ROW_RECORD);
  return () => {
    for (let from = 0; from < rows; from += ROWS) {
      const count = Math.min(ROWS, rows - from);
      for (let i = 0; i < count; i++) {
        place(from + i, states + i * STATE_BYTES);
        lossOf(from + i, states + i * STATE_BYTES, records + i * ROW_RECORD);
      }
      if (gradient) gradients(from, count, gradient);
    }
    return total.result(result);
  };

  /** A row's record for the gradient, and its loss. */
  function lossOf(row: number, finished: number, record: number): void {
    const { kernels } = context;
    const { f32, f64, i32 } = arena;
    const label = Number(read.labels[row]);
    const counts = label !== ignore;
    const here = counts && label >= first && label < first + cols;
    const at = row * cols + label - first;
    const xLabel = here ? (batch.array ? batch.array[at] : f32[(batch.pointer >>> 2) + at]) : 0;
    const spike = counts ? (byClass ? byClass[label] : 1) : 0;
    const weight = bySample ? bySample[row] : 1;
    const lse = z === 0 ? 0 : kernels.logSumExpOf(finished, 0);
    total.add(row, here ? weighted(weight, kernels.generalLoss(finished, xLabel, spike, z, lse)) : 0);
    f64[record >>> 3] = spike;
    f64[(record >>> 3) + 1] = weight * (typeof upstream === "number" ? upstream : upstream[row]) * total.scale;
    f64[(record >>> 3) + 3] = lse;
    i32[(record >>> 2) + 8] = counts ? label : -1;
    f32[(record >>> 2) + 9] = xLabel;
  }

  /** The gradient of some rows, block by block. */
  function gradients(from: number, count: number, to: Floats): void {
    const { kernels, work } = context;
    const { f32 } = arena;
    const tile = work.tile(0);
    const input = batch.array ?? f32;
    const output = to.array ?? f32;
    for (let column = 0; column < cols; ) {
      const n = Math.min(cols - column, BLOCK - ((first + column) % BLOCK));
      const index = (pointer: number, array: unknown, i: number) =>
        (array ? 0 : pointer >>> 2) + (from + i) * cols + column;
      for (let i = 0; i < count; i++) work.copyIn(input, index(batch.pointer, batch.array, i), n, tile + i * n * 4);
      kernels.linearMaxima(tile, work.maxima, 4, count, n);
      kernels.linearBackward(tile, n * 4, 0, 0, records, states, work.maxima, 4, z, count, n, first + column, 0);
      for (let i = 0; i < count; i++) work.copyOut(tile + i * n * 4, n, output, index(to.pointer, to.array, i));
      column += n;
    }
  }
}
