import { checkAttached, type FloatOutput, type Floats, floatsOf, type IndexOutput, look } from "./batch.js";
import { checkLength, refuse, typedName } from "./checks.js";
import { DtypeError, MemoryError, OutputError, OverlapError } from "./errors.js";
import type { FreshFloats, FreshIndices } from "./given.js";
import type { Arena } from "./memory.js";
import { ResidentBatch } from "./resident.js";
import { type Shape, sizeOf } from "./shape.js";

/** Where results go, and what they may share with the inputs. */

/** Where an operand lies, integers too. */
type Bytes = Pick<Floats, "array" | "start" | "end">;

/** A fresh array result. Throws MemoryError where the engine has no room for it. */
export function newFloats(length: number): FreshFloats {
  return room(Float32Array, length);
}

/** As newFloats, for indices. */
export function newIndices(length: number): FreshIndices {
  return room(Int32Array, length);
}

/** As newFloats, for sums. */
export function newDoubles(length: number): Float64Array {
  return room(Float64Array, length);
}

function room<A>(Numbers: { new (length: number): A; readonly BYTES_PER_ELEMENT: number }, length: number): A {
  try {
    return new Numbers(length);
  } catch (cause) {
    const bytes = length * Numbers.BYTES_PER_ELEMENT;
    throw new MemoryError(`${bytes} bytes can't be had: the engine refused an array of that size.`, { cause });
  }
}

/** Where a result is written, and what the call returns for it. */
export interface Output extends Floats {
  readonly result: FloatOutput;
}

/**
 * Reads where to write, by default into a fresh array. It may be an input that is as long, and lies apart from others.
 * `other`: a second input of the first one's shape.
 */
export function readOutput(
  value: unknown,
  shape: Shape,
  arena: Arena,
  name: string,
  input: Floats,
  other?: Floats,
): Output {
  const result = value === undefined ? newFloats(sizeOf(shape)) : value;
  const output = readRoom(result, shape, arena, name);
  checkWhole(output, input, arena, name);
  if (other) checkWhole(output, other, arena, name);
  const { array, pointer, length, start, end, ownShape } = output;
  return { array, pointer, length, start, end, ownShape, result: result as FloatOutput };
}

/**
 * Reads room for numbers of a shape: a Float32Array of that length, or a resident batch, whatever its own shape. No object
 * with `data`: what is returned would be another.
 */
export function readRoom(value: unknown, shape: Shape, arena: Arena, name: string): Floats {
  if (typedName(value) !== "Float32Array" && !(value instanceof ResidentBatch)) {
    refuse(name, "a Float32Array or a resident batch to write to", value, DtypeError);
  }
  const output = floatsOf(look(value), arena, name);
  checkLength(name, output.length, sizeOf(shape), OutputError);
  return output;
}

/** Reads where indices go, by default into a fresh array: apart from the input, of which the rest is read afterwards. */
export function readIndices(
  value: unknown,
  shape: Shape,
  arena: Arena,
  input: Floats,
): { indices: Int32Array; result: IndexOutput } {
  const size = sizeOf(shape);
  if (value === undefined) {
    const indices = newIndices(size);
    return { indices, result: indices };
  }
  const resident = value instanceof ResidentBatch;
  if (resident) ResidentBatch.locate(value, arena, "out");
  if (resident ? value.dtype !== "int32" : typedName(value) !== "Int32Array") {
    refuse("out", "an Int32Array or an int32 batch to write to", value, DtypeError);
  }
  const indices = resident ? (value as ResidentBatch<Int32Array>).data : (value as Int32Array);
  checkAttached(indices, "out");
  checkLength("out", indices.length, size, OutputError);
  checkApart(input, bytesOf(indices), arena, "The input", "out");
  return { indices, result: value as IndexOutput };
}

/** Refuses an output that shares some bytes with an input and not all, or isn't as long: integer targets may be narrower. */
function checkWhole(output: Floats, input: Floats, arena: Arena, name: string): void {
  if (output.end - output.start !== input.end - input.start) checkApart(output, input, arena, name, "the input");
  else if (output.start !== input.start && overlap(output, input, arena)) {
    throw new OverlapError(`${name} overlaps an input in part; it may be the input itself or lie apart.`);
  }
}

/** Refuses an output that shares bytes with an operand that is still read when the output is written. */
export function checkApart(output: Floats, other: Bytes, arena: Arena, name: string, others: string): void {
  if (overlap(output, other, arena)) throw new OverlapError(`${name} and ${others} overlap; they must lie apart.`);
}

/** Refuses an output that shares bytes with labels or weights, which are read until the end. */
export function checkOutputApart(output: Floats, arena: Arena, name: string, inputs: readonly unknown[]): void {
  for (const input of inputs) {
    if (!ArrayBuffer.isView(input)) continue;
    checkApart(output, bytesOf(input), arena, name, "labels or weights");
  }
}

/** Where an array's elements lie, whatever they are. */
function bytesOf(array: ArrayBufferView): Bytes {
  const { byteOffset: start, byteLength } = array;
  return { array: array as Float32Array, start, end: start + byteLength };
}

/** Whether two operands share bytes. Ranges come first: asking a typed array for its buffer costs more than the rest. */
export function overlap(a: Floats, b: Bytes, arena: Arena): boolean {
  if (a.start >= b.end || b.start >= a.end || a.start === a.end || b.start === b.end) return false;
  if (a.array === b.array) return true;
  return !(a.start === b.start && beginUnlike(a.array, b.array)) && bufferOf(a, arena) === bufferOf(b, arena);
}

/** Whether arrays that begin at one byte can't have one buffer, since the first four bytes there differ. */
export function beginUnlike(array: Float32Array | undefined, other: ArrayBufferView | undefined): boolean {
  if (array === undefined || other === undefined) return false;
  if (other instanceof Float32Array) return !Object.is(array[0], other[0]);
  if (!(other instanceof Int32Array)) return false;
  const bits = other[0];
  return bits >= 0 && bits <= MOST_LABEL_BITS && !Object.is(array[0], bits * LEAST_FLOAT);
}

/** The float32 whose bits are those of the integer 1: times k it has those of k, up to `MOST_LABEL_BITS`. */
export const LEAST_FLOAT = 2 ** -149;
export const MOST_LABEL_BITS = 2 ** 24;

/** Integer targets are arrays even over linear memory. */
function bufferOf({ array }: Bytes, arena: Arena): ArrayBufferLike {
  if (!array || arena.owns(array.buffer)) return arena.buffer;
  const { beside } = arena;
  return beside?.owns(array.buffer) ? beside.buffer : array.buffer;
}
