import {
  BLOCK,
  ROW_FACTOR,
  ROW_LABEL,
  ROW_LABEL_LOGIT,
  ROW_LOG_SUM_EXP,
  ROW_RECORD,
  ROW_SPIKE,
  STATE_BYTES,
} from "../backend/backend.js";
import { type FloatBatch, type Labels, readBatch, viewOf } from "../batch.js";
import { copyOptions, readInteger, refuse } from "../checks.js";
import type { Context } from "../context.js";
import { OptionError, ShapeError } from "../errors.js";
import { LogSumExpState } from "../log-sum-exp-state.js";
import type { LossResult } from "../loss.js";
import { SHARD_CROSS_ENTROPY } from "../option-names.js";
import type { SoftmaxCrossEntropyOptions } from "../options.js";
import { TILE } from "../workspace.js";
import {
  gradientScale,
  labelAt,
  placeGradient,
  readCrossEntropy,
  sampleWeight,
  spikeAt,
} from "./cross-entropy-call.js";

/** Options that need the whole row, or make other logits than the state has summed; each with the value that does nothing. */
const REFUSED: Readonly<Record<string, unknown>> = {
  labelSmoothing: 0,
  softcap: undefined,
  temperature: 1,
  correct: false,
  logSumExp: false,
};

/** Rows that are handled at a time: as many blocks as a staging tile holds, whose states and records fit another. */
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
): LossResult {
  const read: Record<string, unknown> = copyOptions(options, SHARD_CROSS_ENTROPY);
  for (const name in REFUSED) {
    if (read[name] !== undefined && read[name] !== REFUSED[name]) {
      throw new OptionError(`${name} can't be combined with state.`);
    }
  }
  const context = LogSumExpState.contextOf(state, here);
  if (!context) return refuse("state", "what logSumExpState gives", state);
  return lossOfShard(context, x, labels, state as LogSumExpState, start, read as SoftmaxCrossEntropyOptions);
}

function lossOfShard(
  context: Context,
  x: FloatBatch,
  labels: Labels,
  state: LogSumExpState,
  start: unknown,
  options: SoftmaxCrossEntropyOptions,
): LossResult {
  const { kernels, arena, work } = context;
  const { shape, axis, grad } = options;
  const batch = readBatch(x, shape, axis, arena);
  if (batch.axis !== batch.shape.length - 1)
    throw new OptionError("axis can't be combined with state, but for the last.");
  const { outer: rows, classes: cols } = batch;
  if (rows !== state.rows) throw new ShapeError(`The state has ${state.rows} rows; the batch has ${rows} positions.`);
  const first = start === undefined ? 0 : readInteger(start, "start");
  if (state.start !== 0 || first + cols > state.end) {
    const has = `columns ${state.start} to ${state.end}`;
    throw new OptionError(
      `The state has ${has}, not 0 to the end with columns ${first} to ${first + cols} among them.`,
    );
  }
  const call = readCrossEntropy(context, () => ({ ...batch, classes: state.end }), labels, options, false);
  placeGradient(call, grad, batch, context);
  const { gradient, total, zLoss } = call;
  const place = LogSumExpState.placer(state);
  // Float64s want tiles that begin as they do.
  work.alignTo(0);
  const tile = work.tile(0);
  const states = work.tile(1);
  const records = states + ROWS * STATE_BYTES;
  const input = viewOf(batch, arena);
  for (let from = 0; from < rows; from += ROWS) {
    const count = Math.min(ROWS, rows - from);
    for (let i = 0; i < count; i++) {
      place(from + i, states + i * STATE_BYTES);
      lossOf(from + i, states + i * STATE_BYTES, records + i * ROW_RECORD);
    }
    if (gradient) gradients(from, count, viewOf(gradient, arena));
  }
  return total.result(gradient);

  /** A row's record for the gradient, and its loss. */
  function lossOf(row: number, finished: number, record: number): void {
    const { f32, f64, i32 } = arena;
    const label = labelAt(call, row);
    const here = label >= first && label < first + cols;
    const xLabel = here ? input[row * cols + label - first] : 0;
    const spike = spikeAt(call, label);
    const lse = zLoss === 0 ? 0 : kernels.logSumExpOf(finished, 0);
    const loss = here ? kernels.generalLoss(finished, xLabel, spike, zLoss, lse) : 0;
    total.add(row, sampleWeight(call, row) * loss);
    f64[(record + ROW_SPIKE) >>> 3] = spike;
    f64[(record + ROW_FACTOR) >>> 3] = gradientScale(call, row);
    f64[(record + ROW_LOG_SUM_EXP) >>> 3] = lse;
    // Of these columns, or behind them all: whole rows may have more than an int32 counts.
    i32[(record + ROW_LABEL) >>> 2] = label < 0 ? -1 : here ? label - first : cols;
    f32[(record + ROW_LABEL_LOGIT) >>> 2] = xLabel;
  }

  /** The gradient of some rows, block by block. */
  function gradients(from: number, count: number, output: Float32Array): void {
    for (let column = 0; column < cols; ) {
      const n = Math.min(cols - column, BLOCK - ((first + column) % BLOCK));
      const index = (i: number) => (from + i) * cols + column;
      for (let i = 0; i < count; i++) work.copyIn(input, index(i), n, tile + i * n * 4);
      kernels.linearMaxima(tile, work.maxima, 4, count, n);
      kernels.linearBackward(tile, n * 4, 0, 0, records, states, work.maxima, 4, zLoss, count, n, column, 0);
      for (let i = 0; i < count; i++) work.copyOut(tile + i * n * 4, n, output, index(i));
      column += n;
    }
  }
}
