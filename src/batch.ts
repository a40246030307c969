import { AxisError, DtypeError, LabelError, OptionError, OutputError, OverlapError, ShapeError } from "./errors.js";
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

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Int8Array.prototype), Symbol.toStringTag)?.get as (
  this: unknown,
) => string | undefined;

/** "Float32Array" for a typed array of any realm, undefined for what isn't one. */
function typedName(value: unknown): string | undefined {
  return tagOf.call(value);
}

/** What to call a value in a message. */
function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" || typeof value === "function")
    return typedName(value) ?? value.constructor?.name ?? "an object";
  return typeof value === "string" ? `"${value}"` : String(value);
}

/** Rejects options that don't exist: a misspelt one would be ignored in silence. */
export function checkOptions(options: object, known: ReadonlySet<string>): void {
  if (typeof options !== "object" || options === null)
    throw new OptionError(`Options are an object, not ${describe(options)}.`);
  for (const key in options) {
    if (!known.has(key))
      throw new OptionError(`There is no option "${key}" here; there are: ${[...known].join(", ")}.`);
  }
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
function unwrap(value: unknown): { data: unknown; own: unknown } {
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
function checkShape(shape: unknown, length: number, name: string): Shape {
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

function checkAxis(axis: unknown, shape: Shape): number {
  const { length } = shape;
  if (!Number.isInteger(axis) || (axis as number) < -length || (axis as number) >= length) {
    throw new AxisError(`The shape [${shape}] has ${length} axes: ${describe(axis)} is none of them.`);
  }
  return (axis as number) < 0 ? (axis as number) + length : (axis as number);
}

function checkSame(shape: Shape, other: Shape, name: string): void {
  if (shape.length !== other.length || shape.some((size, i) => size !== other[i])) {
    throw new ShapeError(`${name} has the shape [${other}]; [${shape}] is wanted.`);
  }
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

/** Reads where to write. It may be the batch itself, and must not overlap it otherwise. */
export function readOutput(value: unknown, batch: Batch, arena: Arena, name: string): Floats {
  const output = floats(value, arena, name);
  if (output.length !== batch.length) {
    throw new OutputError(`${name} has room for ${output.length} numbers; ${batch.length} are wanted.`);
  }
  if (overlap(output, batch) && startOf(output) !== startOf(batch)) {
    throw new OverlapError(`${name} overlaps the input in part; it may be the input itself or lie apart.`);
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

function overlap(a: Floats, b: Floats): boolean {
  if (a.array?.buffer !== b.array?.buffer) return false;
  const startA = startOf(a);
  const startB = startOf(b);
  return startA < startB + b.length * 4 && startB < startA + a.length * 4;
}

/** Reads the shape and dtype of a new resident batch. */
export function readShape(shape: unknown, options: { dtype?: unknown }): { sizes: Shape; dtype: Dtype } {
  checkOptions(options, ALLOC_OPTIONS);
  const { dtype = "float32" } = options;
  if (dtype !== "float32" && dtype !== "int32")
    throw new OptionError(`dtype is "float32" or "int32", not ${describe(dtype)}.`);
  const sizes = checkSizes(shape, "the new batch");
  return { sizes, dtype };
}

const ALLOC_OPTIONS = new Set(["dtype"]);

const IGNORE = -100;

/** Reads `ignoreIndex`. Dense targets have no labels to ignore, so there a class given on purpose is a mistake. */
export function readIgnoreIndex(value: unknown, dense: boolean): number {
  if (value === undefined) return IGNORE;
  if (!Number.isInteger(value) || (value as number) !== ((value as number) | 0)) {
    throw new OptionError(`ignoreIndex is an integer of 32 bits, not ${describe(value)}.`);
  }
  if (dense && (value as number) >= 0) {
    throw new OptionError(`ignoreIndex ${value} names a class, but dense targets have no labels to ignore.`);
  }
  return value as number;
}

export type Reduction = "mean" | "sum" | "none";

export function checkReduction(value: unknown): Reduction {
  if (value === undefined) return "mean";
  if (value === "mean" || value === "sum" || value === "none") return value;
  throw new OptionError(`reduction is "mean", "sum" or "none", not ${describe(value)}.`);
}

/** Whether an operand of a cross-entropy is dense targets (floats) or labels (integers). */
export function isDense(value: unknown): boolean {
  if (value instanceof ResidentBatch) return value.dtype === "float32";
  return typedName(unwrap(value).data)?.startsWith("Float") === true;
}

const INTEGER_ARRAYS = new Set(
  "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array".split(
    " ",
  ),
);

/**
 * Reads labels, one a position: integers in [0, classes) or `ignore`. Returns them as they are, and how many count.
 */
export function readLabels(
  value: unknown,
  batch: Batch,
  ignore: number,
  arena: Arena,
): { labels: ArrayLike<number | bigint>; counted: number } {
  if (value instanceof ResidentBatch) ResidentBatch.locate(value, arena, "labels");
  const { data, own } = unwrap(value);
  if (!Array.isArray(data) && !INTEGER_ARRAYS.has(typedName(data) ?? "")) {
    throw new DtypeError(
      `Labels are an Int32Array, another integer array or an array of integers, not ${describe(data)}.`,
    );
  }
  const labels = data as ArrayLike<number | bigint>;
  const positions = batch.outer * batch.inner;
  if (own !== undefined) {
    checkSame(
      batch.shape.filter((_, i) => i !== batch.axis),
      checkShape(own, labels.length, "labels"),
      "labels",
    );
  }
  if (labels.length !== positions) {
    throw new ShapeError(`There are ${labels.length} labels; the batch has ${positions} positions.`);
  }
  const { classes } = batch;
  let counted = 0;
  for (let i = 0; i < positions; i++) {
    const label = Number(labels[i]);
    if (label === ignore) continue;
    if (!(label >= 0 && label < classes && Number.isInteger(label))) {
      const at = `The label at position ${i} is ${describe(labels[i])}`;
      throw new LabelError(`${at}; labels are integers from 0 to ${classes - 1}, or ${ignore} to ignore.`, i);
    }
    counted++;
  }
  return { labels, counted };
}
