import { checkOptions, describe, readChoice, typedName } from "./checks.js";
import { AxisError, DtypeError, OutputError, OverlapError, ShapeError } from "./errors.js";
import type { Arena, Operand } from "./memory.js";
import { type Dtype, ResidentBatch } from "./resident.js";

/**
 * Every argument is read and checked here, once, before anything is written. What comes out is plain: where the floats
 * are, and how the batch is laid out around the class axis.
 */

/** Sizes of the axes, outermost first. */
export type Shape = readonly number[];

/** An object that holds a flat row-major array and its shape: tensors of other libraries pass as they are. */
export interface TensorLike<T> {
  readonly data: T;
  readonly shape?: Shape;
  readonly dims?: Shape;
}

/** A batch of float32 numbers, row-major. */
export type FloatBatch = Float32Array | ResidentBatch | TensorLike<Float32Array>;

/** Where a result may be written. */
export type FloatOutput = Float32Array | ResidentBatch;

/** Integer class labels, one a position. */
export type Labels = IntegerArray | ResidentBatch<Int32Array> | TensorLike<IntegerArray>;

type IntegerArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | readonly number[];

/** How a batch lies around its class axis. A position is one vector along it; there are outer × inner of them. */
export interface Layout {
  /** Product of the axes before the class axis. */
  readonly outer: number;
  /** Length of the class axis. */
  readonly classes: number;
  /** Product of the axes behind the class axis. */
  readonly inner: number;
}

/** An operand after checking. */
export interface Floats extends Operand {
  readonly length: number;
  /** The shape that came with it. */
  readonly own: unknown;
}

/** A batch after checking. */
export interface Batch extends Floats, Layout {
  readonly shape: Shape;
  /** Index of the class axis in the shape. */
  readonly axis: number;
}

/** Where the floats of an operand lie, and the shape that came with them. */
function floats(value: unknown, arena: Arena, name: string): Floats {
  if (value instanceof Float32Array) return place(value, arena, name, undefined);
  if (value instanceof ResidentBatch) {
    const pointer = ResidentBatch.locate(value, arena, name);
    if (value.dtype !== "float32")
      throw new DtypeError(`${name} must be float32, not a resident batch of ${value.dtype}.`);
    return { array: undefined, pointer, length: value.length, own: value.shape };
  }
  const { data, own } = unwrap(value);
  const type = typedName(data);
  if (type === "Float32Array") return place(data as Float32Array, arena, name, own);
  throw new DtypeError(
    `${name} must be float32: a Float32Array or a resident batch, not ${describe(data)}; convert with Float32Array.from(x).`,
  );
}

/** The data and shape of a tensor-like object; anything else is its own data. */
export function unwrap(value: unknown): { data: unknown; own: unknown } {
  if (
    typeof value !== "object" ||
    value === null ||
    Array.isArray(value) ||
    typedName(value) !== undefined ||
    !("data" in value)
  ) {
    return { data: value, own: undefined };
  }
  const { data, shape, dims } = value as TensorLike<unknown>;
  return { data, own: shape ?? dims };
}

/** An array over the kernels' own memory (the `data` of a resident batch) is used where it lies. */
function place(array: Float32Array, arena: Arena, name: string, own: unknown): Floats {
  const { length } = alive(array, name);
  return array.buffer === arena.f32.buffer
    ? { array: undefined, pointer: array.byteOffset, length, own }
    : { array, pointer: 0, length, own };
}

function alive(array: Float32Array, name: string): Float32Array {
  // A detached buffer leaves a view of length 0 that can't be told from an empty one but by its buffer.
  if (array.length === 0 && isDetached(array.buffer))
    throw new DtypeError(`${name} has been detached: its buffer was transferred away.`);
  return array;
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if ("detached" in buffer) return buffer.detached === true;
  if (buffer.byteLength > 0) return false;
  try {
    new Uint8Array(buffer as ArrayBuffer);
    return false;
  } catch {
    return true;
  }
}

function checkSizes(shape: unknown, name: string): Shape {
  if (!Array.isArray(shape) && typedName(shape) === undefined) {
    throw new ShapeError(`The shape of ${name} must be an array of sizes, not ${describe(shape)}.`);
  }
  return Array.from(shape as ArrayLike<unknown>, (size) => {
    if (!Number.isSafeInteger(size) || (size as number) < 0) {
      throw new ShapeError(`The shape of ${name} has the size ${describe(size)}; sizes are integers from 0 up.`);
    }
    return size as number;
  });
}

/** Checks a shape and that it holds `length` numbers. */
export function checkShape(shape: unknown, length: number, name: string): Shape {
  const sizes = checkSizes(shape, name);
  const product = sizes.reduce((a, b) => a * b, 1);
  if (product !== length) {
    const meant = Number.isSafeInteger(product) ? `${product} numbers` : "more numbers than can be counted";
    throw new ShapeError(`${name} has ${length} numbers, and the shape [${sizes}] means ${meant}.`);
  }
  return sizes;
}

/** Reads the batch that an operation works on. */
export function readBatch(x: unknown, shape: unknown, axis: unknown, arena: Arena, name = "x"): Batch {
  const { array, pointer, length, own } = floats(x, arena, name);
  const given = shape ?? own;
  if (given === undefined && axis === undefined) {
    return { array, pointer, length, own, shape: [length], axis: 0, outer: 1, classes: length, inner: 1 };
  }
  const sizes = checkShape(given ?? [length], length, name);
  const at = checkAxis(axis ?? -1, sizes);
  let outer = 1;
  let inner = 1;
  for (let i = 0; i < at; i++) outer *= sizes[i];
  for (let i = at + 1; i < sizes.length; i++) inner *= sizes[i];
  return { array, pointer, length, own, shape: sizes, axis: at, outer, classes: sizes[at], inner };
}

export function checkAxis(axis: unknown, shape: Shape): number {
  const { length } = shape;
  if (!Number.isInteger(axis) || (axis as number) < -length || (axis as number) >= length) {
    throw new AxisError(`The shape [${shape}] has ${length} axes: ${describe(axis)} is none of them.`);
  }
  return (axis as number) < 0 ? (axis as number) + length : (axis as number);
}

export function checkSame(shape: Shape, other: Shape, name: string): void {
  if (shape.length !== other.length || shape.some((size, i) => size !== other[i])) {
    throw new ShapeError(`${name} has the shape [${other}]; [${shape}] is wanted.`);
  }
}

/** Reads floats of no particular shape. */
export function readFloats(value: unknown, arena: Arena, name: string): Floats {
  return floats(value, arena, name);
}

/** Reads a second operand of the batch's own shape. */
export function readOperand(value: unknown, batch: Batch, arena: Arena, name: string): Floats {
  const operand = floats(value, arena, name);
  if (operand.own !== undefined) checkSame(batch.shape, checkShape(operand.own, operand.length, name), name);
  if (operand.length !== batch.length) {
    throw new ShapeError(`${name} has ${operand.length} numbers; as the batch it must have ${batch.length}.`);
  }
  return operand;
}

/** Reads a batch for an operation on each element: any shape will do, [] too. */
export function readElements(x: unknown, shape: unknown, arena: Arena, name = "x"): Batch {
  const { array, pointer, length, own } = floats(x, arena, name);
  const given = shape ?? own;
  const sizes = given === undefined ? [length] : checkShape(given, length, name);
  return { array, pointer, length, own, shape: sizes, axis: 0, outer: length, classes: 1, inner: 1 };
}

/** Reads targets of each element: floats, or integers, which are converted as they are copied. */
export function readTargets(value: unknown, batch: Batch, arena: Arena): Floats {
  const { data, own } = unwrap(value);
  if (!SMALL_INTEGERS.has(typedName(data) ?? "") || value instanceof ResidentBatch) {
    return readOperand(value, batch, arena, "targets");
  }
  const array = data as Float32Array;
  if (own !== undefined) checkSame(batch.shape, checkShape(own, array.length, "targets"), "targets");
  if (array.length !== batch.length) {
    throw new ShapeError(`targets has ${array.length} numbers; as the batch it must have ${batch.length}.`);
  }
  return { array, pointer: 0, length: array.length, own };
}

const SMALL_INTEGERS = new Set(
  "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array".split(" "),
);

/** Reads where to write. It may be an input itself, and must not overlap one otherwise. */
export function readOutput(value: unknown, batch: Batch, arena: Arena, name: string, other = batch as Floats): Floats {
  const output = readRoom(value, batch.length, arena, name);
  for (const input of [batch, other]) {
    if (overlap(output, input) && startOf(output) !== startOf(input)) {
      throw new OverlapError(`${name} overlaps an input in part; it may be the input itself or lie apart.`);
    }
  }
  return output;
}

/** Reads where to write `length` numbers that must lie apart from the batch. */
export function readLength(value: unknown, length: number, arena: Arena, name: string, batch: Floats): Floats {
  const output = readRoom(value, length, arena, name);
  checkApart(output, batch, `${name} and the input`);
  return output;
}

function readRoom(value: unknown, length: number, arena: Arena, name: string): Floats {
  const output = floats(value, arena, name);
  if (output.length !== length) {
    throw new OutputError(`${name} has room for ${output.length} numbers; ${length} are wanted.`);
  }
  return output;
}

/** Refuses an output that shares bytes with an operand that is still read when the output is written. */
export function checkApart(output: Floats, other: Floats, names: string): void {
  if (overlap(output, other)) throw new OverlapError(`${names} overlap; they must lie apart.`);
}

function startOf(operand: Floats): number {
  return operand.array ? operand.array.byteOffset : operand.pointer;
}

function bytesOf(operand: Floats): number {
  return operand.array ? operand.array.byteLength : operand.length * 4;
}

/** Refuses an output that shares bytes with labels or weights, which are read until the end. */
export function checkOutputApart(output: Floats, arena: Arena, name: string, inputs: readonly unknown[]): void {
  const buffer = output.array ? output.array.buffer : arena.f32.buffer;
  const start = startOf(output);
  for (const input of inputs) {
    if (!ArrayBuffer.isView(input) || input.buffer !== buffer) continue;
    if (start < input.byteOffset + input.byteLength && input.byteOffset < start + bytesOf(output)) {
      throw new OverlapError(
        `${name} overlaps labels or weights that are read while it is written; they must lie apart.`,
      );
    }
  }
}

function overlap(a: Floats, b: Floats): boolean {
  if (a.array?.buffer !== b.array?.buffer) return false;
  const startA = startOf(a);
  const startB = startOf(b);
  return startA < startB + bytesOf(b) && startB < startA + bytesOf(a);
}

/** Reads the shape and dtype of a new resident batch. */
export function readShape(shape: unknown, options: { dtype?: unknown }): { sizes: Shape; dtype: Dtype } {
  checkOptions(options, ALLOC_OPTIONS);
  const dtype = readChoice(options.dtype, "dtype", ["float32", "int32"]);
  const sizes = checkSizes(shape, "the new batch");
  return { sizes, dtype };
}

const ALLOC_OPTIONS = new Set(["dtype"]);

export type Reduction = "mean" | "sum" | "none";

/** Whether an operand lies in linear memory. */
export function isResident(operand: Operand): boolean {
  return operand.array === undefined;
}

/** The batch's shape without the class axis. */
export function positionShape(batch: Batch): Shape {
  return batch.shape.filter((_, i) => i !== batch.axis);
}
