import {
  type Batch,
  checkAttached,
  checkLike,
  type Floats,
  type Given,
  look,
  operandOf,
  positionShape,
  readList,
} from "./batch.js";
import { describe, holdsIntegers, plainOf, readInteger, refuse } from "./checks.js";
import { DtypeError, LabelError, OptionError, ShapeError } from "./errors.js";
import type { Arena } from "./memory.js";
import { ResidentBatch } from "./resident.js";
import { checkOwn } from "./shape.js";
import { POSITIONS } from "./workspace.js";

/** Class labels and targets, which are integers or floats: reading and checking them. */

/** Labels as they were given. */
export type LabelArray = ArrayLike<number | bigint>;

const IGNORE = -100;

/**
 * A list of few int32 as an Int32Array, which short calls take (ops/brief.ts); all else as it is. Each element of the list is
 * read once, since it may have a getter.
 */
export function listedLabels(labels: unknown): unknown {
  if (!Array.isArray(labels) || labels.length > POSITIONS) return labels;
  const list: unknown[] = new Array(labels.length);
  const integers = new Int32Array(list.length);
  let plain = true;
  for (let i = 0; i < list.length; i++) {
    const label: unknown = labels[i];
    list[i] = label;
    if (typeof label === "number" && label === (label | 0)) integers[i] = label;
    else plain = false;
  }
  return plain ? integers : list;
}

/** Reads `ignoreIndex`. Dense targets have no labels to ignore, so there a class given on purpose is a mistake. */
export function readIgnoreIndex(value: unknown, dense: boolean): number {
  if (value === undefined) return IGNORE;
  const label = readInteger(value, "ignoreIndex", -(2 ** 31), 2 ** 31 - 1);
  if (dense && label >= 0) {
    throw new OptionError(`ignoreIndex ${label} names a class, but dense targets have no labels to ignore.`);
  }
  return label;
}

/** Whether an operand of a cross-entropy is dense targets (floats) or labels (integers). */
export function isDense({ data, type }: Given): boolean {
  return type.startsWith("Float") || (data instanceof ResidentBatch && data.dtype === "float32");
}

/**
 * Reads labels, one per position: integers in [0, classes) or `ignore`. Returns them, and how many count: typed arrays as
 * they are, lists as they were when they were checked, since their elements may have getters.
 */
export function readLabels(
  given: Given,
  batch: Batch,
  ignore: number,
  arena: Arena,
): { labels: LabelArray; counted: number } {
  const labels = integersOf(given, arena, "labels");
  const positions = batch.outer * batch.inner;
  if (given.ownShape !== undefined) checkOwn(given.ownShape, labels.length, positionShape(batch), "labels");
  if (labels.length !== positions) {
    const dense = labels.length === batch.length ? " Dense targets are a Float32Array or a resident batch." : "";
    throw new ShapeError(`labels has length ${labels.length}, not ${positions}: one per position.${dense}`);
  }
  const { classes } = batch;
  const list = Array.isArray(labels) ? new Array<number | bigint>(positions) : undefined;
  let counted = 0;
  for (let i = 0; i < positions; i++) {
    const one = labels[i];
    if (list) list[i] = one;
    const label = typeof one === "bigint" ? Number(one) : one;
    if (label === ignore) continue;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      const at = `The label at position ${i} is ${describe(one)}`;
      throw new LabelError(`${at}; labels are integers from 0 to ${classes - 1}, or ${ignore} to ignore.`, i);
    }
    counted++;
  }
  return { labels: list ?? labels, counted };
}

function integersOf({ data, type }: Given, arena: Arena, name: string, others = ""): LabelArray {
  if (holdsIntegers(type)) {
    checkAttached(data as Int32Array, name);
    return data as LabelArray;
  }
  if (Array.isArray(data)) return data;
  if (data instanceof ResidentBatch) {
    ResidentBatch.locate(data, arena, name);
    if (data.dtype === "int32") return data.data;
  }
  const wanted = `an integer array, an int32 batch or an array of integers${others}`;
  return refuse(`What stands for ${name}`, wanted, data, DtypeError);
}

/** Reads dense targets: floats of the batch's shape. One float per position is taken for labels that are no integers. */
export function readDense(given: Given, batch: Batch, arena: Arena): Floats {
  if (given.data instanceof ResidentBatch) ResidentBatch.locate(given.data, arena, "targets");
  const { length } = given.data as Float32Array;
  if (length === batch.outer * batch.inner && length !== batch.length) {
    throw new DtypeError("targets has one float per position: labels are integers.");
  }
  return operandOf(given, batch, arena, "targets");
}

/**
 * Reads targets of each element: floats, or what labels may be. Integers of up to 32 bits are converted as they are copied,
 * others and lists here.
 */
export function readTargets(value: unknown, batch: Batch, arena: Arena): Floats {
  const given = look(value);
  const { data, ownShape, type } = given;
  if (isDense(given)) return operandOf(given, batch, arena, "targets");
  const listed = Array.isArray(data) ? readList(data, "targets", arena, DtypeError).values : undefined;
  const targets = listed ?? integersOf(given, arena, "targets", ", or floats");
  checkLike(batch, ownShape, targets.length, "targets");
  // Any typed array of numbers is copied as one of floats is.
  const array = type.startsWith("Big") ? Float32Array.from(targets, Number) : plainOf(targets as Float32Array);
  const { length, byteOffset: start } = array;
  return { array, pointer: 0, length, start, end: start + array.byteLength, ownShape };
}

/** The label of a position, −1 where it is left out. Labels that changed since the check may not reach a kernel. */
export function labelOf(labels: LabelArray, position: number, ignore: number, classes: number): number {
  const label = Number(labels[position]);
  return label !== ignore && label >= 0 && label < classes ? label : -1;
}
