import { describe, lengthOf, refuse, typedName } from "./checks.js";
import { AxisError, ShapeError } from "./errors.js";

/** Sizes of the axes, outermost first. */
export type Shape = readonly number[];

/**
 * Positions that a batch without classes may have. It holds no numbers, so its data sets no limit, but losses of so many
 * take a while, and of many more for ever.
 */
const MOST_EMPTY_POSITIONS = 2 ** 24;

/** Axes that a shape may have: more than anyone's tensors, and few enough to be put into a message. */
const MOST_AXES = 64;

/** Checks sizes on their own, whatever they mean. Returns a copy: what was given may change. */
export function checkSizes(shape: unknown, name: string): Shape {
  const axes = axesOf(shape);
  if (axes > MOST_AXES) throw new ShapeError(`The shape of ${name} has ${axes} axes; at most ${MOST_AXES} are taken.`);
  const sizes = listOf(shape) ?? refuse(`The shape of ${name}`, "an array of sizes", shape, ShapeError);
  for (let i = 0; i < sizes.length; i++) {
    if (!Number.isSafeInteger(sizes[i]) || sizes[i] < 0) {
      refuse(`Size ${i} of the shape of ${name}`, "an integer from 0 up", sizes[i], ShapeError);
    }
    sizes[i] += 0; // 0 for −0
  }
  return sizes;
}

/** How many sizes an array of any kind has, 0 where it is none. */
function axesOf(shape: unknown): number {
  if (Array.isArray(shape)) return shape.length;
  return typedName(shape) ? lengthOf(shape) : 0;
}

/** A copy of a shape, an array of any kind; undefined for what is none, or has too many axes. */
export function listOf(shape: unknown): number[] | undefined {
  if (axesOf(shape) > MOST_AXES) return undefined;
  if (Array.isArray(shape)) return [...shape];
  try {
    return typedName(shape) ? [...(shape as Int32Array)] : undefined;
  } catch {
    return undefined; // detached
  }
}

/** The product of sizes, from one axis up to but not including another. What every call runs has such a loop of its own. */
export function sizeOf(sizes: Shape, from = 0, to = sizes.length): number {
  let size = 1;
  for (let i = from; i < to; i++) size *= sizes[i];
  return size;
}

/** Checks a shape and that it holds `length` numbers. */
export function checkShape(shape: unknown, length: number, name: string): Shape {
  const sizes = checkSizes(shape, name);
  let product = 1;
  for (let i = 0; i < sizes.length; i++) product *= sizes[i];
  if (product !== length) {
    const meant = Number.isSafeInteger(product) ? product : "more than can be counted";
    throw new ShapeError(`${name} has length ${length}; the shape [${sizes}] means ${meant}.`);
  }
  return sizes;
}

/** Checks the positions of a batch without classes, or the classes of weights without features: the data don't limit them. */
export function checkPositions(positions: number, shape: Shape): void {
  if (positions <= MOST_EMPTY_POSITIONS) return;
  throw new ShapeError(`The shape [${shape}] holds no numbers; then at most ${MOST_EMPTY_POSITIONS} rows are taken.`);
}

/** Index of an axis, counted from the front. */
export function checkAxis(axis: unknown, shape: Shape): number {
  const { length } = shape;
  if (!Number.isInteger(axis) || (axis as number) < -length || (axis as number) >= length) {
    const range = length ? `; axes are ${-length} to ${length - 1}` : "";
    throw new AxisError(`${describe(axis)} is no axis of the shape [${shape}]${range}.`);
  }
  return (axis as number) < 0 ? (axis as number) + length : (axis as number);
}

function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Checks the shape that an operand came with, if any: it must be the one wanted, or [1] for one number. */
export function checkOwn(ownShape: unknown, length: number, wanted: Shape, name: string): void {
  if (ownShape === undefined) return;
  const shape = checkShape(ownShape, length, name);
  if (!sameShape(shape, wanted) && (wanted.length > 0 || shape.length !== 1))
    throw new ShapeError(`${name} has the shape [${shape}]; [${wanted}] is wanted.`);
}
