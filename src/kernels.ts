import type { Backend, Engine, Kernels } from "./backend/backend.js";
import {
  type Batch,
  checkApart,
  checkOptions,
  type FloatBatch,
  type FloatOutput,
  type Floats,
  isDense,
  type Labels,
  readBatch,
  readIgnoreIndex,
  readLabels,
  readOperand,
  readOutput,
  readShape,
  type Shape,
} from "./batch.js";
import * as longRow from "./long-row.js";
import { LossTotal } from "./loss.js";
import { Arena, Workspace } from "./memory.js";
import type { ArrayOptions, Loss, LossOptions, SoftmaxCrossEntropyOptions } from "./options.js";
import { type Dtype, ResidentBatch } from "./resident.js";
import { Tiles } from "./tiles.js";

const ARRAY_OPTIONS = new Set(["shape", "out"]);
const LOSS_OPTIONS = new Set(["shape", "reduction", "grad"]);
const SOFTMAX_CROSS_ENTROPY_OPTIONS = new Set(["shape", "reduction", "grad", "ignoreIndex"]);
const NO_OPTIONS = {};

/**
 * The operations, on one backend. Every method is synchronous, checks its arguments before it writes anything, and takes
 * a batch of any size: foreign arrays pass through a fixed workspace a tile at a time, resident ones are used in place.
 */
export class Xentropy {
  /** The backend that was chosen. */
  readonly backend: Backend;
  /** Threads that compute. */
  readonly threads: number = 1;
  readonly #kernels: Kernels;
  readonly #arena: Arena;
  readonly #work: Workspace;
  readonly #tiles: Tiles;

  /** @internal Made by `load` and `loadSync`. */
  constructor(engine: Engine, maximumMemory: number) {
    this.backend = engine.backend;
    this.#kernels = engine.kernels;
    this.#arena = new Arena(engine.memory, engine.kernels.heapBase(), maximumMemory);
    this.#work = new Workspace(this.#arena);
    this.#tiles = new Tiles(this.#work);
  }

  /** Bytes of kernel memory: in use (workspace and resident batches), reserved from the engine, and the limit. */
  get memory(): { used: number; reserved: number; maximum: number } {
    const { used, reserved, maximum } = this.#arena;
    return { used, reserved, maximum };
  }

  /**
   * A batch of zeros in the kernels' memory, which every operation uses with no copy. `dtype: "int32"` is for labels.
   * Throws ShapeError, OptionError, or MemoryError, naming the size, where the memory can't be had.
   */
  alloc(shape: Shape, options: { dtype: "int32" }): ResidentBatch<Int32Array>;
  alloc(shape: Shape, options?: { dtype?: "float32" | undefined }): ResidentBatch;
  alloc(shape: Shape, options: { dtype?: Dtype | undefined } = NO_OPTIONS): ResidentBatch<Float32Array | Int32Array> {
    const { sizes, dtype } = readShape(shape, options);
    return ResidentBatch.allocate(this.#arena, sizes, dtype);
  }

  /**
   * softmax(x)_i = exp(x_i − max) / Σ_j exp(x_j − max) along the last axis. At most 4 ULP from the true value.
   *
   * A row with a NaN, a +Infinity or nothing but −Infinity gives NaN throughout; −Infinity beside finite values gives 0.
   * Throws ShapeError, DtypeError, OutputError, OverlapError, OptionError, FreedError or ForeignError.
   */
  softmax<O extends FloatOutput = Float32Array>(x: FloatBatch, options: ArrayOptions<O> = NO_OPTIONS): O {
    checkOptions(options, ARRAY_OPTIONS);
    const { shape, out } = options;
    const batch = readBatch(x, shape, undefined, this.#arena);
    const result = out ?? (new Float32Array(batch.length) as FloatOutput as O);
    const output = readOutput(result, batch, this.#arena, "out");
    const tiles = this.#tiles.over(batch, isResident(batch) && isResident(output));
    if (tiles.long) {
      for (let row = 0; row < batch.outer; row++) longRow.softmax(this.#kernels, this.#work, batch, row, output);
      return result;
    }
    const { state } = this.#work;
    const maxima = this.#work.takeMaxima(batch.classes);
    while (tiles.next()) {
      const from = tiles.read(batch, 0);
      const to = tiles.place(output, 0);
      this.#kernels.softmax(from, to, tiles.outer, tiles.classes, state, maxima);
      tiles.write(output, 0);
    }
    this.#work.releaseMaxima(maxima);
    return result;
  }

  /**
   * logSoftmax(x)_i = x_i − log Σ_j exp(x_j) along the last axis, without forming probabilities: at most 4 ULP from the
   * true value, near 0 too. Throws as softmax does.
   */
  logSoftmax<O extends FloatOutput = Float32Array>(x: FloatBatch, options: ArrayOptions<O> = NO_OPTIONS): O {
    checkOptions(options, ARRAY_OPTIONS);
    const { shape, out } = options;
    const batch = readBatch(x, shape, undefined, this.#arena);
    const result = out ?? (new Float32Array(batch.length) as FloatOutput as O);
    const output = readOutput(result, batch, this.#arena, "out");
    const tiles = this.#tiles.over(batch, isResident(batch) && isResident(output));
    if (tiles.long) {
      for (let row = 0; row < batch.outer; row++) longRow.logSoftmax(this.#kernels, this.#work, batch, row, output);
      return result;
    }
    const { state, exponentials } = this.#work;
    while (tiles.next()) {
      const from = tiles.read(batch, 0);
      const to = tiles.place(output, 0);
      this.#kernels.logSoftmax(from, to, tiles.outer, tiles.classes, state, exponentials);
      tiles.write(output, 0);
    }
    return result;
  }

  /**
   * Softmax cross-entropy from logits along the last axis, and its gradient in the same pass.
   *
   * - Labels (integers, one a position): loss log Σ_j exp(x_j) − x_y, gradient p − onehot(y).
   * - Dense targets t (a float batch of the batch's shape, any sum): loss −Σ t·logSoftmax(x), gradient p·Σt − t.
   *
   * "mean" divides by the number of positions that count; the gradient is that of the reduced loss, and of the sum for
   * "none". With nothing to average the mean is NaN, the gradient 0. Throws ShapeError, DtypeError, LabelError,
   * OutputError, OverlapError, OptionError, FreedError or ForeignError.
   */
  softmaxCrossEntropy<const O extends SoftmaxCrossEntropyOptions = object>(
    x: FloatBatch,
    targets: Labels | FloatBatch,
    options: O = NO_OPTIONS as O,
  ): Loss<O> {
    checkOptions(options, SOFTMAX_CROSS_ENTROPY_OPTIONS);
    const { shape, reduction, grad, ignoreIndex } = options;
    const batch = readBatch(x, shape, undefined, this.#arena);
    const result = gradientOf(grad, batch);
    const gradient = result && readOutput(result, batch, this.#arena, "grad");
    const positions = batch.outer * batch.inner;
    if (isDense(targets)) {
      const t = readOperand(targets, batch, this.#arena, "targets");
      if (gradient) checkApart(gradient, t, "grad and targets");
      readIgnoreIndex(ignoreIndex, true);
      const total = new LossTotal(reduction, positions, positions);
      this.#denseRows(batch, t, gradient, total);
      return total.result(result) as Loss<O>;
    }
    const ignore = readIgnoreIndex(ignoreIndex, false);
    const { labels, counted } = readLabels(targets, batch, ignore, this.#arena);
    const total = new LossTotal(reduction, positions, counted);
    this.#labelRows(batch, labels, ignore, gradient, total);
    return total.result(result) as Loss<O>;
  }

  #labelRows(
    batch: Batch,
    labels: ArrayLike<number | bigint>,
    ignore: number,
    gradient: Floats | undefined,
    total: LossTotal,
  ): void {
    const kernels = this.#kernels;
    const work = this.#work;
    const tiles = this.#tiles.over(batch, isResident(batch) && (!gradient || isResident(gradient)));
    if (tiles.long) {
      for (let row = 0; row < batch.outer; row++) {
        const label = Number(labels[row]);
        const loss = longRow.labelRow(kernels, work, batch, row, label === ignore ? -1 : label, gradient, total.scale);
        total.add(row, loss);
      }
      return;
    }
    const maxima = work.takeMaxima(batch.classes);
    while (tiles.next()) {
      const { i32 } = this.#arena;
      for (let i = 0, at = work.labels >> 2; i < tiles.positions; i++) {
        const label = Number(labels[tiles.position + i]);
        i32[at + i] = label === ignore ? -1 : label;
      }
      const from = tiles.read(batch, 0);
      const to = gradient ? tiles.place(gradient, 0) : 0;
      kernels.softmaxCrossEntropy(
        from,
        to,
        work.labels,
        0,
        total.scale,
        work.losses,
        tiles.outer,
        tiles.classes,
        work.state,
        maxima,
        work.exponentials,
      );
      total.addAll(this.#arena.f64, work.losses >> 3, tiles.position, tiles.positions);
      if (gradient) tiles.write(gradient, 0);
    }
    work.releaseMaxima(maxima);
  }

  #denseRows(batch: Batch, t: Floats, gradient: Floats | undefined, total: LossTotal): void {
    const kernels = this.#kernels;
    const work = this.#work;
    const resident = isResident(batch) && isResident(t) && (!gradient || isResident(gradient));
    const tiles = this.#tiles.over(batch, resident);
    if (tiles.long) {
      for (let row = 0; row < batch.outer; row++) {
        total.add(row, longRow.denseRow(kernels, work, batch, t, row, gradient, total.scale));
      }
      return;
    }
    const maxima = work.takeMaxima(batch.classes);
    while (tiles.next()) {
      const from = tiles.read(batch, 0);
      const targets = tiles.read(t, 1);
      const to = gradient ? tiles.place(gradient, 0) : 0;
      kernels.softmaxCrossEntropyDense(
        from,
        targets,
        to,
        0,
        total.scale,
        work.losses,
        tiles.outer,
        tiles.classes,
        work.state,
        maxima,
        work.exponentials,
      );
      total.addAll(this.#arena.f64, work.losses >> 3, tiles.position, tiles.positions);
      if (gradient) tiles.write(gradient, 0);
    }
    work.releaseMaxima(maxima);
  }

  /**
   * Sigmoid cross-entropy from logits, element by element, and its gradient in the same pass, for targets t in [0, 1]:
   * loss t·softplus(−x) + (1 − t)·softplus(x), gradient σ(x) − t.
   *
   * "mean" divides by the number of elements. An infinite logit gives the limit. Throws as softmaxCrossEntropy does.
   */
  sigmoidCrossEntropy<const O extends LossOptions = object>(
    x: FloatBatch,
    targets: FloatBatch,
    options: O = NO_OPTIONS as O,
  ): Loss<O> {
    checkOptions(options, LOSS_OPTIONS);
    const { shape, reduction, grad } = options;
    const batch = readBatch(x, shape, undefined, this.#arena);
    const t = readOperand(targets, batch, this.#arena, "targets");
    const result = gradientOf(grad, batch);
    const gradient = result && readOutput(result, batch, this.#arena, "grad");
    if (gradient) checkApart(gradient, t, "grad and targets");
    const { length } = batch;
    const total = new LossTotal(reduction, length, length);
    const { tiles: slots } = this.#work;
    const losses = total.each && { array: total.each, pointer: 0 };
    const resident = isResident(batch) && isResident(t) && (!gradient || isResident(gradient)) && !losses;
    const tiles = this.#tiles.flat(length, resident);
    let sum = 0;
    while (tiles.next()) {
      const from = tiles.read(batch, 0);
      const target = tiles.read(t, 1);
      const to = gradient ? tiles.place(gradient, 0) : 0;
      sum = this.#kernels.sigmoidCrossEntropy(from, target, to, losses ? slots[2] : 0, tiles.floats, total.scale, sum);
      if (gradient) tiles.write(gradient, 0);
      if (losses) tiles.write(losses, 2);
    }
    total.sum = sum;
    return total.result(result) as Loss<O>;
  }
}

function isResident(operand: Floats): boolean {
  return operand.array === undefined;
}

/** Where the gradient goes: nowhere, into a fresh array, or where the caller says. */
function gradientOf(grad: boolean | FloatOutput | undefined, batch: Batch): FloatOutput | undefined {
  if (grad === undefined || grad === false) return undefined;
  return grad === true ? new Float32Array(batch.length) : grad;
}
