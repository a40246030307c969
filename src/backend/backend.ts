/**
 * What a backend is: linear memory, and kernels that work on it by byte address. The addresses and what may alias are
 * described with each kernel in assembly/.
 */

export type Backend = "simd" | "relaxed" | "js";

export interface Kernels {
  /** The first byte that the caller may use. */
  heapBase(): number;
  softmax(x: number, out: number, rows: number, cols: number, state: number, maxima: number): void;
  logSoftmax(x: number, out: number, rows: number, cols: number, state: number, e: number): void;
  softmaxCrossEntropy(
    x: number,
    grad: number,
    labels: number,
    scales: number,
    scale: number,
    losses: number,
    rows: number,
    cols: number,
    state: number,
    maxima: number,
    e: number,
  ): void;
  softmaxCrossEntropyDense(
    x: number,
    t: number,
    grad: number,
    scales: number,
    scale: number,
    losses: number,
    rows: number,
    cols: number,
    state: number,
    maxima: number,
    e: number,
  ): void;
  sigmoidCrossEntropy(
    x: number,
    t: number,
    grad: number,
    losses: number,
    n: number,
    scale: number,
    sum: number,
  ): number;

  // The parts of the row kernels, for rows that are taken in column tiles.
  begin(state: number): void;
  finish(state: number): void;
  accumulate(state: number, maxima: number, x: number, out: number, n: number, split: boolean): void;
  accumulateOnly(state: number, x: number, e: number, n: number): void;
  accumulateDense(state: number, maxima: number, x: number, t: number, out: number, step: number, n: number): void;
  softmaxApply(state: number, maxima: number, out: number, n: number, factor: number): void;
  logSoftmaxApply(state: number, x: number, out: number, n: number): void;
  denseApply(state: number, maxima: number, t: number, grad: number, n: number, factor: number): void;
  labelLoss(state: number, xLabel: number): number;
  othersThan(state: number, xLabel: number, stored: number, max: number): number;
  denseLoss(state: number): number;
}

/** The bytes that kernels see. `buffer` changes when the memory grows. */
export interface LinearMemory {
  readonly buffer: ArrayBufferLike;
  /** Makes the memory at least this many bytes; throws a RangeError where it can't be had. */
  grow(bytes: number): void;
}

/** A backend that is ready to run. */
export interface Engine {
  readonly backend: Backend;
  readonly kernels: Kernels;
  readonly memory: LinearMemory;
}

/** Columns that a row's sum takes as one block: the unit in which rows may be cut. assembly/math/exp-block.ts */
export const BLOCK = 2048;

/** The bytes of a row's state. assembly/row.ts */
export const STATE_BYTES = 16 + 24 * 40;
