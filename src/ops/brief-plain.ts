import { POSITIONS } from "../workspace.js";

/** Whether arrays and options are plain, as brief.ts says. */

/** Numbers of a plain batch, at most: it is one tile, of no more than POSITIONS rows. */
const MOST = POSITIONS;

/** Whether it is a Float32Array of this realm. Measured: JavaScriptCore takes 20 ns to give a typed array's name. */
export function isFloats(array: unknown): array is Float32Array {
  return ArrayBuffer.isView(array) && array instanceof Float32Array;
}

/**
 * Whether it has `length` numbers, no more and no less, at the start of its buffer: two such arrays of one length share all
 * bytes or none, and none lies in the kernels' memory, which begins with constants. That the last number is there isn't left
 * to the property `length`, which an array may have of its own, and which V8 11 (Node 20) optimises wrongly once it has seen
 * arrays over resizable buffers too: then it says the old length of an array whose buffer was transferred away.
 */
function holds(array: Float32Array, length: number): boolean {
  return (
    array.length === length && array.byteOffset === 0 && array[length - 1] !== undefined && array[length] === undefined
  );
}

/** Whether it is an operand or a result of so many numbers. */
export function isPlain(array: unknown, length: number): array is Float32Array {
  return isFloats(array) && holds(array, length);
}

/** The same for labels and indices. Not a call of `holds`: code that sees arrays of one type alone is faster. */
export function areLabels(labels: unknown, rows: number): labels is Int32Array {
  return (
    ArrayBuffer.isView(labels) &&
    labels instanceof Int32Array &&
    labels.length === rows &&
    labels.byteOffset === 0 &&
    labels[rows - 1] !== undefined &&
    labels[rows] === undefined
  );
}

/** What an operation takes a batch for: rows along the last axis, or elements, which have no axis. */
type Form = "rows" | "elements";

interface Options {
  shape?: unknown;
  axis?: unknown;
  out?: unknown;
  grad?: unknown;
  temperature?: unknown;
  emptyRow?: unknown;
  reduction?: unknown;
  unit?: unknown;
}

/**
 * Whether there are no options but `shape`, `axis` and `to`, the one that says where the result goes. A loop over keys doesn't
 * find all options of an object whose prototype isn't that of literals. Losses, which have many options, refuse such objects;
 * operations with few read them all instead, which takes less time than asking for the prototype, a call.
 */
export function arePlain(options: unknown, form: Form, to?: "out" | "grad"): options is Options {
  if (typeof options !== "object" || options === null) return false;
  if (to === "grad" && Object.getPrototypeOf(options) !== Object.prototype) return false;
  for (const key in options) {
    if (key !== "shape" && key !== to && (key !== "axis" || form === "elements")) return false;
  }
  return true;
}

/** Columns of the rows of a plain batch of at most `most` numbers, 0 where it isn't one. */
export function columnsOf(x: unknown, shape: unknown, axis: unknown, most = MOST): number {
  let rows: unknown = 1;
  let columns: unknown;
  if (shape !== undefined) {
    if (!Array.isArray(shape)) return 0;
    const axes = shape.length;
    if ((axes !== 1 && axes !== 2) || (axis !== undefined && axis !== -1 && axis !== axes - 1)) return 0;
    if (axes === 2) rows = shape[0];
    columns = shape[axes - 1];
  } else if (axis !== undefined) return 0;
  if (!isFloats(x)) return 0;
  const { length } = x;
  if (length > most || !holds(x, length)) return 0;
  if (shape === undefined) return length;
  return isSize(rows) && isSize(columns) && rows * columns === length ? columns : 0;
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value === (value | 0);
}

/**
 * Whether two arrays that begin where their buffers do have the same one. `first`: the other's first four bytes as a
 * float. To ask for a buffer takes as long as ten exponentials, and arrays that share one begin with the same bytes.
 */
export function haveOneBuffer(array: Float32Array, other: ArrayBufferView, first: number): boolean {
  return Object.is(array[0], first) && array.buffer === other.buffer;
}
