import type { Kernels, Summing, ThreadKernels } from "./kernels.js";

/** What a backend is: linear memory, and the kernels that work on it. */

export type { Kernels, Summing, ThreadKernels };

export type Backend = "simd" | "relaxed" | "js";

/** Bytes of a page, in which WebAssembly memory grows. */
export const PAGE = 65536;

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

/** Columns that a row's sum takes as one block: the unit in which rows may be cut. assembly/math/sum.ts */
export const BLOCK = 2048;

/** The bytes that kernels of rows need for `state`: a row's state, or narrow rows four by four. assembly/narrow.ts */
export const QUADS_BYTES = 4 * (160 + 16 * 128);

/** Where a finished state has its node, and the bytes of a node: max, peak, rest, gap and mass in float64. */
export const STATE_NODE = 16;
export const NODE_BYTES = 40;

/** The bytes of a row's state. assembly/row.ts */
export const STATE_BYTES = STATE_NODE + 24 * NODE_BYTES;

/** Bytes from a row of a product's packed right operand to the next. assembly/product.ts */
export const PANEL = 32;

/** The bytes of a row's record while its logits come by, and where its fields begin. assembly/linear.ts */
export const ROW_RECORD = 48;
export const ROW_SPIKE = 0;
export const ROW_FACTOR = 8;
export const ROW_LOSS = 16;
export const ROW_LOG_SUM_EXP = 24;
export const ROW_LABEL = 32;
export const ROW_LABEL_LOGIT = 36;
export const ROW_LARGEST = 40;
export const ROW_LARGEST_COLUMN = 44;

/** Whether the gradient at the label differs from that at others. `base`: 0 for none. assembly/cross-entropy-general.ts */
export function aimsAtLabel(spike: number, base: number, zLoss: number): boolean {
  return spike !== 0 || (base === 0 && zLoss === 0);
}
