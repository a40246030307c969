// Batches: flat row-major data with a shape, and the rows of a batch along one axis.
// A row along an axis is `length` elements `inner` apart; rows are numbered in row-major order of the other axes.

import { type Names, show } from "./checks.js";

/** Typed or plain array of numbers. */
export type Numbers = ArrayLike<number>;

/** Extents of the axes, outermost first. `[]` is a single number. */
export type Shape = readonly number[];

/** Flat row-major numbers, or an object with them and its shape (a tensor of ONNX Runtime or transformers.js). */
export type Batch =
  | Numbers
  | { readonly data: Numbers; readonly shape: Shape }
  | { readonly data: Numbers; readonly dims: Shape };

/** Numbers or 64-bit integers: labels, or targets of each element. BigInt64Array is what PyTorch and ONNX exports hold. */
export type Labels =
  | Numbers
  | ArrayLike<bigint>
  | { readonly data: Numbers | ArrayLike<bigint>; readonly shape: Shape }
  | { readonly data: Numbers | ArrayLike<bigint>; readonly dims: Shape };

export interface ShapeOptions {
  /** Shape of the batch. Default: the batch's own, or one row as long as the data. */
  readonly shape?: Shape | undefined;
}

export interface AxisOptions extends ShapeOptions {
  /** The axis to work along, negative from the end. Default −1. */
  readonly axis?: number | undefined;
}

export const SHAPE_OPTIONS: Names<ShapeOptions> = { shape: true };
export const AXIS_OPTIONS: Names<AxisOptions> = { ...SHAPE_OPTIONS, axis: true };

export interface FlatBatch {
  readonly data: Float64Array;
  readonly shape: Shape;
}

/** The rows of a batch along one axis. */
export interface Rows {
  /** Number of rows. */
  readonly count: number;
  /** Elements in a row. */
  readonly length: number;
  /** Distance between neighbours in a row. */
  readonly inner: number;
  /** The batch's shape without the axis: the shape of what has one value a row. */
  readonly shape: Shape;
}

/** Number of elements of a shape. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const extent of shape) {
    if (!Number.isInteger(extent) || extent < 0) {
      throw new RangeError(`shape [${shape}] has ${extent}, expected integers of at least 0`);
    }
    size *= extent;
  }
  return size;
}

/** The shape an operand brings along, if any. */
export function ownShape(operand: object): Shape | undefined {
  const { shape, dims } = operand as { shape?: Shape; dims?: Shape };
  return "data" in operand ? (shape ?? dims) : undefined;
}

/** The flat data of an operand: of a typed array, or of an array that holds nothing but numbers. */
export function dataOf(operand: Labels): Numbers | ArrayLike<bigint> {
  if (typeof operand !== "object" || operand === null) throw new TypeError(`a batch is an array, not ${operand}`);
  const data = "data" in operand ? operand.data : operand;
  if (ArrayBuffer.isView(data) && "length" in data) return data;
  if (!Array.isArray(data)) throw new TypeError("a batch is a typed array or an array of numbers");
  for (const value of data as unknown[]) {
    if (typeof value !== "number" && typeof value !== "bigint") {
      throw new TypeError(`a batch has ${show(value)}, expected numbers`);
    }
  }
  return data;
}

/** The flat data in float64. One element type from here on also keeps every inner loop monomorphic. */
export function float64(operand: Labels): Float64Array {
  const data = dataOf(operand);
  if (typeof data[0] === "bigint") return Float64Array.from(data, Number);
  return data instanceof Float64Array ? data : new Float64Array(data as Numbers);
}

/** Reads the first operand of an operation. */
export function readBatch(batch: Batch, shape?: Shape): FlatBatch {
  const data = float64(batch);
  const known = shape ?? ownShape(batch) ?? [data.length];
  if (sizeOf(known) !== data.length) {
    throw new RangeError(`shape [${known}] holds ${sizeOf(known)} elements, the batch has ${data.length}`);
  }
  return { data, shape: known };
}

/** Whether a shape is the one wanted; one number may have the shape [1]. */
export function fits(own: Shape, wanted: Shape): boolean {
  return own.join() === wanted.join() || (wanted.length === 0 && own.join() === "1");
}

/** Reads an operand that must have a given shape: flat data takes it, data with a shape of its own must match. */
export function readLike(name: string, operand: Labels, shape: Shape): Float64Array {
  const data = float64(operand);
  const own = ownShape(operand);
  if (own !== undefined && !fits(own, shape)) {
    throw new RangeError(`${name} has shape [${own}], expected [${shape}]`);
  }
  if (data.length !== sizeOf(shape)) {
    throw new RangeError(`${name} has ${data.length} elements, expected ${sizeOf(shape)} for shape [${shape}]`);
  }
  return data;
}

/** The axis counted from the front. */
export function frontAxis(axis: number, shape: Shape): number {
  if (!Number.isInteger(axis) || axis < -shape.length || axis >= shape.length) {
    throw new RangeError(`axis ${axis} is outside shape [${shape}]`);
  }
  return axis < 0 ? axis + shape.length : axis;
}

/** The rows of a shape along an axis. */
export function rowsAlong(shape: Shape, axis = -1): Rows {
  const front = frontAxis(axis, shape);
  const others = [...shape.slice(0, front), ...shape.slice(front + 1)];
  return { count: sizeOf(others), length: shape[front], inner: sizeOf(shape.slice(front + 1)), shape: others };
}

/** Where row `r` begins in the flat data. */
function rowStart({ length, inner }: Rows, r: number): number {
  const column = r % inner;
  return (r - column) * length + column;
}

/** Copies row `r` out of the flat data. */
export function gather(data: Float64Array, rows: Rows, r: number, row: Float64Array): void {
  const { length, inner } = rows;
  for (let i = 0, at = rowStart(rows, r); i < length; i++, at += inner) row[i] = data[at];
}

/** Copies a row back to its place in the flat data; a row longer than the axis is cut off. */
export function scatter(row: Float64Array | Int32Array, rows: Rows, r: number, data: Float64Array | Int32Array): void {
  const { length, inner } = rows;
  for (let i = 0, at = rowStart(rows, r); i < length; i++, at += inner) data[at] = row[i];
}
