import { BLOCK, type Kernels } from "./backend/backend.js";
import type { Batch, Floats } from "./batch.js";
import { TILE, type Workspace } from "./memory.js";

/**
 * Rows that don't fit a tile, one at a time, in column tiles: the row's sum is taken tile by tile, then the results are
 * made tile by tile. Tiles are whole blocks, so every bit is as if the row had been taken at once. Exponentials wait in
 * the output, which a second exp per element would cost more than.
 */

/** Columns of a tile: a foreign operand passes through its slot, a resident one is used where it lies. */
class Columns {
  readonly #work: Workspace;
  readonly #operand: Floats;
  readonly #start: number;
  readonly #tile: number;

  constructor(work: Workspace, operand: Floats, start: number, slot: 0 | 1) {
    this.#work = work;
    this.#operand = operand;
    this.#start = start;
    this.#tile = work.tiles[slot];
  }

  read(column: number, n: number): number {
    const { array } = this.#operand;
    if (array) this.#work.copyIn(array, this.#start + column, n, this.#tile);
    return this.place(column);
  }

  place(column: number): number {
    return this.#operand.array ? this.#tile : this.#operand.pointer + (this.#start + column) * 4;
  }

  write(column: number, n: number): void {
    const { array } = this.#operand;
    if (array) this.#work.copyOut(this.#tile, n, array, this.#start + column);
  }

  /** One element. */
  at(column: number): number {
    const { array, pointer } = this.#operand;
    const index = this.#start + column;
    return array ? array[index] : this.#work.arena.f32[(pointer >> 2) + index];
  }

  put(column: number, value: number): void {
    const { array, pointer } = this.#operand;
    const index = this.#start + column;
    if (array) array[index] = value;
    else this.#work.arena.f32[(pointer >> 2) + index] = value;
  }
}

/** Address of the maximum of the block that a column is in. */
function blockMaximum(maxima: number, column: number): number {
  return maxima + Math.floor(column / BLOCK) * 4;
}

export function softmax(kernels: Kernels, work: Workspace, batch: Batch, row: number, output: Floats): void {
  const { classes } = batch;
  const { state } = work;
  const x = new Columns(work, batch, row * classes, 0);
  const out = new Columns(work, output, row * classes, 0);
  const maxima = work.takeMaxima(classes);
  kernels.begin(state);
  for (let c = 0; c < classes; c += TILE) {
    const n = Math.min(TILE, classes - c);
    kernels.accumulate(state, blockMaximum(maxima, c), x.read(c, n), out.place(c), n, false);
    out.write(c, n);
  }
  kernels.finish(state);
  for (let c = 0; c < classes; c += TILE) {
    const n = Math.min(TILE, classes - c);
    kernels.softmaxApply(state, blockMaximum(maxima, c), out.read(c, n), n, 1);
    out.write(c, n);
  }
  work.releaseMaxima(maxima);
}

export function logSoftmax(kernels: Kernels, work: Workspace, batch: Batch, row: number, output: Floats): void {
  const { classes } = batch;
  const { state } = work;
  const x = new Columns(work, batch, row * classes, 0);
  const out = new Columns(work, output, row * classes, 0);
  accumulateOnly(kernels, work, x, classes);
  for (let c = 0; c < classes; c += TILE) {
    const n = Math.min(TILE, classes - c);
    kernels.logSoftmaxApply(state, x.read(c, n), out.place(c), n);
    out.write(c, n);
  }
}

function accumulateOnly(kernels: Kernels, work: Workspace, x: Columns, classes: number): void {
  kernels.begin(work.state);
  for (let c = 0; c < classes; c += TILE) {
    const n = Math.min(TILE, classes - c);
    kernels.accumulateOnly(work.state, x.read(c, n), work.exponentials, n);
  }
  kernels.finish(work.state);
}

/** Softmax cross-entropy of one row with an integer label, −1 to leave it out. Returns the loss. */
export function labelRow(
  kernels: Kernels,
  work: Workspace,
  batch: Batch,
  row: number,
  label: number,
  gradient: Floats | undefined,
  scale: number,
): number {
  const { classes } = batch;
  const { state } = work;
  const x = new Columns(work, batch, row * classes, 0);
  if (!gradient) {
    if (label < 0) return 0;
    accumulateOnly(kernels, work, x, classes);
    return kernels.labelLoss(state, x.at(label));
  }
  const grad = new Columns(work, gradient, row * classes, 0);
  if (label < 0) {
    for (let c = 0; c < classes; c++) grad.put(c, 0);
    return 0;
  }
  const xLabel = x.at(label);
  const maxima = work.takeMaxima(classes);
  kernels.begin(state);
  for (let c = 0; c < classes; c += TILE) {
    const n = Math.min(TILE, classes - c);
    kernels.accumulate(state, blockMaximum(maxima, c), x.read(c, n), grad.place(c), n, true);
    grad.write(c, n);
  }
  kernels.finish(state);
  const labelMaximum = work.arena.f32[blockMaximum(maxima, label) >> 2];
  const others = kernels.othersThan(state, xLabel, grad.at(label), labelMaximum);
  for (let c = 0; c < classes; c += TILE) {
    const n = Math.min(TILE, classes - c);
    kernels.softmaxApply(state, blockMaximum(maxima, c), grad.read(c, n), n, scale);
    grad.write(c, n);
  }
  grad.put(label, -others * scale);
  work.releaseMaxima(maxima);
  return kernels.labelLoss(state, xLabel);
}

/** Softmax cross-entropy of one row with dense targets. Returns the loss. */
export function denseRow(
  kernels: Kernels,
  work: Workspace,
  batch: Batch,
  targets: Floats,
  row: number,
  gradient: Floats | undefined,
  scale: number,
): number {
  const { classes } = batch;
  const { state, exponentials } = work;
  const x = new Columns(work, batch, row * classes, 0);
  const t = new Columns(work, targets, row * classes, 1);
  const grad = gradient && new Columns(work, gradient, row * classes, 0);
  const maxima = work.takeMaxima(classes);
  kernels.begin(state);
  for (let c = 0; c < classes; c += TILE) {
    const n = Math.min(TILE, classes - c);
    const to = grad ? grad.place(c) : exponentials;
    kernels.accumulateDense(state, blockMaximum(maxima, c), x.read(c, n), t.read(c, n), to, grad ? BLOCK : 0, n);
    grad?.write(c, n);
  }
  kernels.finish(state);
  if (grad) {
    for (let c = 0; c < classes; c += TILE) {
      const n = Math.min(TILE, classes - c);
      kernels.denseApply(state, blockMaximum(maxima, c), t.read(c, n), grad.read(c, n), n, scale);
      grad.write(c, n);
    }
  }
  work.releaseMaxima(maxima);
  return kernels.denseLoss(state);
}
