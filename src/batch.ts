import { checkLength, describe, lengthOf, plainOf, type Refusal, refuse, typedName } from "./checks.js";
import { DtypeError, WeightError } from "./errors.js";
import type { Arena, Operand } from "./memory.js";
import { ResidentBatch } from "./resident.js";
import { checkAxis, checkOwn, checkPositions, checkShape, listOf, type Shape } from "./shape.js";

/**
 * Every argument is read and checked before anything is written, once. What comes out is plain: where the floats are,
 * and how the batch is laid out around the class axis.
 */

/** An object that holds a flat row-major array and its shape: tensors of other libraries pass as they are. */
export interface TensorLike<T> {
  readonly data: T;
  readonly shape?: Shape;
  readonly dims?: Shape;
}

/** A tensor whose type leaves open what its numbers are, such as a model's output: a wrong dtype throws DtypeError. */
export interface OpenTensor {
  readonly data: unknown;
  /** Name of the dtype. */
  readonly type: string;
  readonly dims: Shape;
}

/** A batch of float32 numbers, row-major. */
export type FloatBatch = Float32Array | ResidentBatch | TensorLike<Float32Array> | OpenTensor;

/** Where a result may be written. */
export type FloatOutput = Float32Array | ResidentBatch;

/** Where indices may be written. */
export type IndexOutput = Int32Array | ResidentBatch<Int32Array>;

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

/** Integer class labels, one a position. */
export type Labels = IntegerArray | ResidentBatch<Int32Array> | TensorLike<IntegerArray> | OpenTensor;

/** Targets of each element: floats in [0, 1], or integers 0 and 1. */
export type ElementTargets = FloatBatch | Labels;

/** What is returned of the losses: their mean, their sum, or each. */
export type Reduction = "mean" | "sum" | "none";

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
  /** Index of the first byte in the array's buffer, or in linear memory. */
  readonly start: number;
  /** Index of the byte behind the last. */
  readonly end: number;
  /** The shape that came with it. */
  readonly ownShape: unknown;
}

/** A batch after checking. */
export interface Batch extends Floats, Layout {
  readonly shape: Shape;
  /** Index of the class axis in the shape; −1 where each element is a position. */
  readonly axis: number;
}

/** Reads floats of no particular shape. */
export function readFloats(value: unknown, arena: Arena, name: string): Floats {
  return floatsOf(look(value), arena, name);
}

/** The floats of an operand. Throws FreedError where reading the options has disposed of the kernels. */
export function floatsOf({ data, ownShape, type }: Given, arena: Arena, name: string): Floats {
  arena.checkLive();
  if (type === "Float32Array") return place(data as Float32Array, arena, name, ownShape);
  if (!(data instanceof ResidentBatch)) {
    const wanted = `${name} is float32: a Float32Array or a resident batch, not ${describe(data)}`;
    throw new DtypeError(`${wanted}${conversionOf(data, type, ownShape === undefined ? name : `${name}.data`)}.`);
  }
  const start = ResidentBatch.locate(data, arena, name);
  if (data.dtype !== "float32") refuse(name, "float32", data.dtype, DtypeError);
  if (!ResidentBatch.liesIn(data, arena)) return place(data.data, arena, name, ownShape);
  const { length } = data;
  return { array: undefined, pointer: start, length, start, end: start + length * 4, ownShape };
}

/** How to make floats of `source`, in words. */
function conversionOf(data: unknown, type: string, source: string): string {
  const list = Array.isArray(data);
  if (type === "" && !list) return "";
  // A list of rows, taken as it is, would become NaN.
  const convert = `; convert with Float32Array.from(${source}${list ? ".flat(Infinity)" : ""}${type.startsWith("Big") ? ", Number" : ""})`;
  return typedName(data) === "Uint16Array" ? `${convert}, float16 by a Float16Array over its buffer` : convert;
}

/** What was given as an operand, its properties read: each once, so that all who look at it see the same. */
export interface Given {
  /** An array, a resident batch, or whatever else it is. */
  readonly data: unknown;
  /** The shape that came with it. */
  readonly ownShape: unknown;
  /** The name of the typed array that `data` is, or stands for as the bits of float16, or "". */
  readonly type: string;
}

export function look(value: unknown): Given {
  const itself = typedName(value);
  if (itself !== undefined) return { data: value, ownShape: undefined, type: itself };
  if (value instanceof ResidentBatch) return { data: value, ownShape: value.shape, type: "" };
  if (typeof value !== "object" || value === null || Array.isArray(value) || !("data" in value)) {
    return { data: value, ownShape: undefined, type: "" };
  }
  const { data, shape, dims, type } = value as TensorLike<unknown> & { type?: unknown };
  const name = typedName(data);
  const ownShape = shape ?? dims;
  return {
    data,
    ownShape: listOf(ownShape) ?? ownShape,
    type: name !== undefined && type === "float16" ? "Float16Array" : (name ?? ""),
  };
}

/** An array over the kernels' own memory (the `data` of a resident batch) is used where it lies. */
function place(given: Float32Array, arena: Arena, name: string, ownShape: unknown): Floats {
  const { length } = given;
  checkAttached(given, name);
  // Measured: with plainOf alone calls of ten numbers take up to a tenth longer.
  const array = Object.getPrototypeOf(given) === Float32Array.prototype ? given : plainOf(given);
  // Nothing of ours begins at address 0. Measured: asking a typed array for its buffer costs as much as copying ten floats.
  const start = array.byteOffset;
  const end = start + length * 4;
  if (start === 0 || !arena.owns(array.buffer)) return { array, pointer: 0, length, start, end, ownShape };
  arena.held?.check(start, end - start, name);
  return { array: undefined, pointer: start, length, start, end, ownShape };
}

const { keys } = Float32Array.prototype;

/**
 * Refuses an array that isn't what it looks like: empty, where its buffer was transferred away or shrank to less than the
 * array; or of another length than it has, where a subclass says so.
 */
export function checkAttached(array: Float32Array | Int32Array, name: string): void {
  const { length } = array;
  try {
    if (length === lengthOf(array) && (length > 0 || keys.call(array))) return;
  } catch {
    // `keys` asks for the buffer.
  }
  throw new DtypeError(`${name} is detached, or not as long as it says.`);
}

/** The shape that is given for a batch, or else its own, or that of one row. */
export function shapeOf(
  given: unknown,
  { ownShape, length }: Pick<Floats, "ownShape" | "length">,
  name: string,
): Shape {
  const shape = given === undefined ? (ownShape ?? undefined) : given;
  return shape === undefined ? [length] : checkShape(shape, length, name);
}

/** Reads the batch that an operation works on. */
export function readBatch(x: unknown, shape: unknown, axis: unknown, arena: Arena, name = "x"): Batch {
  const floats = readFloats(x, arena, name);
  const sizes = shapeOf(shape, floats, name);
  const at = checkAxis(axis === undefined ? -1 : axis, sizes);
  let outer = 1;
  let inner = 1;
  for (let i = 0; i < at; i++) outer *= sizes[i];
  for (let i = at + 1; i < sizes.length; i++) inner *= sizes[i];
  const classes = sizes[at];
  if (classes === 0) checkPositions(outer * inner, sizes);
  return batchOf(floats, sizes, at, outer, classes, inner);
}

/** Reads a batch for an operation on each element: any shape will do, [] too. */
export function readElements(x: unknown, shape: unknown, arena: Arena, name = "x"): Batch {
  const floats = readFloats(x, arena, name);
  return batchOf(floats, shapeOf(shape, floats, name), -1, floats.length, 1, 1);
}

/** Not `{ ...floats, … }`: fields behind a spread take V8 11 (Node 20) 5 µs. */
export function batchOf(
  { array, pointer, length, start, end, ownShape }: Floats,
  shape: Shape,
  axis: number,
  outer: number,
  classes: number,
  inner: number,
): Batch {
  return { array, pointer, length, start, end, ownShape, shape, axis, outer, classes, inner };
}

/** What another operand is like. */
type Like = Pick<Batch, "shape" | "length">;

/** Reads a second operand of the batch's own shape. */
export function readOperand(value: unknown, batch: Like, arena: Arena, name: string): Floats {
  return operandOf(look(value), batch, arena, name);
}

/** A second operand of the batch's own shape. */
export function operandOf(given: Given, batch: Like, arena: Arena, name: string): Floats {
  const operand = floatsOf(given, arena, name);
  checkLike(batch, operand.ownShape, operand.length, name);
  return operand;
}

/** Checks that an operand is of the batch's own shape. */
export function checkLike(batch: Like, ownShape: unknown, length: number, name: string): void {
  checkOwn(ownShape, length, batch.shape, name);
  checkLength(name, length, batch.length);
}

/** A list of floats after reading: weights, say, or the logits of labels. */
export interface List {
  readonly values: Float32Array;
  /** The shape that came with them. */
  readonly ownShape: unknown;
}

/** Reads a list of floats: a plain array of numbers, or any batch, whose floats are not copied. */
export function readList(value: unknown, name: string, arena: Arena, Refusal: Refusal = WeightError): List {
  if (!Array.isArray(value)) {
    if (typeof value !== "object" || value === null) refuse(name, "a list of numbers, or floats", value, DtypeError);
    const floats = readFloats(value, arena, name);
    return { values: viewOf(floats, arena), ownShape: floats.ownShape };
  }
  const values = new Float32Array(value.length);
  for (let i = 0; i < values.length; i++) {
    const weight: unknown = value[i];
    if (typeof weight !== "number") refuse(`${name}[${i}]`, "a number", weight, Refusal);
    values[i] = weight;
  }
  return { values, ownShape: undefined };
}

/** Floats as an array, live. Linear memory doesn't grow during a call, so it lives as long as that. */
export function viewOf({ array, pointer, length }: Floats, arena: Arena): Float32Array {
  return array ?? arena.f32.subarray(pointer >>> 2, (pointer >>> 2) + length);
}

/** Whether all operands, of those that there are, lie in linear memory. */
export function areResident(a: Operand, b?: Operand, c?: Operand, d?: Operand): boolean {
  return !(a.array || b?.array || c?.array || d?.array);
}

/** The shape of one value a position: the batch's without the class axis. */
export function positionShape({ shape, axis }: Batch): Shape {
  return axis < 0 ? shape : shape.filter((_, i) => i !== axis);
}
