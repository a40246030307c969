import { type Batch, checkAttached, positionShape, unwrap } from "./batch.js";
import { describe, typedName } from "./checks.js";
import { DtypeError, LabelError, OptionError, ShapeError } from "./errors.js";
import type { Arena } from "./memory.js";
import { ResidentBatch } from "./resident.js";
import { checkOwn } from "./shape.js";

/** Integer class labels: reading and checking them. */

/** Labels as they were given. */
export type LabelArray = ArrayLike<number | bigint>;

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
): { labels: LabelArray; counted: number } {
  if (value instanceof ResidentBatch) ResidentBatch.locate(value, arena, "labels");
  const { data, own } = unwrap(value);
  if (!Array.isArray(data) && !INTEGER_ARRAYS.has(typedName(data) ?? "")) {
    throw new DtypeError(
      `Labels are an Int32Array, another integer array or an array of integers, not ${describe(data)}.`,
    );
  }
  const labels = data as LabelArray;
  const positions = batch.outer * batch.inner;
  if (ArrayBuffer.isView(data)) checkAttached(data, "labels");
  if (own !== undefined) checkOwn(own, labels.length, positionShape(batch), "labels");
  if (labels.length !== positions) {
    throw new ShapeError(`There are ${labels.length} labels; the batch has ${positions} positions.`);
  }
  const { classes } = batch;
  let counted = 0;
  for (let i = 0; i < positions; i++) {
    const given = labels[i];
    const label = typeof given === "bigint" ? Number(given) : given;
    if (label === ignore) continue;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      const at = `The label at position ${i} is ${describe(given)}`;
      throw new LabelError(`${at}; labels are integers from 0 to ${classes - 1}, or ${ignore} to ignore.`, i);
    }
    counted++;
  }
  return { labels, counted };
}

/** The label of a position, −1 where it is left out. Labels that changed since the check may not reach a kernel. */
export function labelOf(labels: LabelArray, position: number, ignore: number, classes: number): number {
  const label = Number(labels[position]);
  return label !== ignore && label >= 0 && label < classes ? label : -1;
}
