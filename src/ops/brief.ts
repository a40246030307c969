import { typedName } from "../checks.js";
import type { Context } from "../context.js";
import { POSITIONS } from "../memory.js";
import { newFloats } from "../outputs.js";

/**
 * Calls of few numbers in their plainest form: Float32Arrays that begin where their buffers do, and no option but
 * `shape`, the last `axis` and where the result goes. To read all that arguments may be takes several times what a kernel
 * takes for ten numbers. What isn't plain, or isn't right, gives undefined: the general reading takes it from there, and
 * has the words for errors. Options come first, since their getters may do anything to what is read after them.
 */

/** Numbers of such a batch, at most: it is one tile, of no more than POSITIONS rows. */
const MOST = POSITIONS;

/**
 * Whether it is a Float32Array of `length` numbers at the start of its buffer: two such arrays of one length share all
 * bytes or none, and none lies in the kernels' memory, which begins with constants.
 */
function isPlain(array: unknown, length: number): array is Float32Array {
  return (
    typedName(array) === "Float32Array" &&
    (array as Float32Array).byteOffset === 0 &&
    (array as Float32Array).length === length &&
    isAttached(array as Float32Array, length)
  );
}

/**
 * Whether the last number is there. Not left to `length`: without this look, some runs of the whole suite on Node 20 took
 * an array for whole whose buffer had been transferred away, once the code was optimised and from then on. The cause isn't
 * known; with it no run did.
 */
function isAttached(array: Float32Array, length: number): boolean {
  return Reflect.has(array, length - 1);
}

/** What a batch's numbers are to an operation: rows along the last axis, or elements, which have no axis. */
type Form = "rows" | "elements";

interface Options {
  shape?: unknown;
  axis?: unknown;
  out?: unknown;
  grad?: unknown;
}

/**
 * Whether options are an object as one writes it, with no others among them. `to`: the one that says where the result goes.
 * An object of a class, which may have getters that no loop over keys finds, has another constructor; to ask for the
 * prototype itself takes as long as an exponential.
 */
function arePlain(options: unknown, form: Form, to: "out" | "grad"): options is Options {
  if (typeof options !== "object" || options === null) return false;
  if (options.constructor !== Object) return false;
  for (const key in options) {
    if (key !== "shape" && key !== to && (key !== "axis" || form === "elements")) return false;
  }
  return true;
}

/** Columns of the rows of a plain batch of at most `most` numbers, 0 where it isn't one. */
function columnsOf(x: unknown, shape: unknown, axis: unknown, most = MOST): number {
  let rows: unknown = 1;
  let columns: unknown;
  if (shape !== undefined) {
    if (!Array.isArray(shape)) return 0;
    const axes = shape.length;
    if ((axes !== 1 && axes !== 2) || (axis !== undefined && axis !== -1 && axis !== axes - 1)) return 0;
    if (axes === 2) rows = shape[0];
    columns = shape[axes - 1];
  } else if (axis !== undefined) return 0;
  if (typedName(x) !== "Float32Array") return 0;
  const { length, byteOffset } = x as Float32Array;
  if (byteOffset !== 0 || length === 0 || length > most) return 0;
  if (!isAttached(x as Float32Array, length)) return 0;
  if (shape === undefined) return length;
  return isSize(rows) && isSize(columns) && rows * columns === length ? columns : 0;
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value === (value | 0);
}

/** An array as long as the batch, from one along the rows or of each element. */
export function briefArray(
  { kernels, work }: Context,
  operation: "softmax" | "logSoftmax" | "sigmoid" | "logSigmoid" | "softplus" | "logit",
  x: unknown,
  options: unknown,
): Float32Array | undefined {
  const ofRows = operation === "softmax" || operation === "logSoftmax";
  if (!arePlain(options, ofRows ? "rows" : "elements", "out")) return undefined;
  const { shape, axis, out } = options;
  const columns = columnsOf(x, shape, axis);
  if (columns === 0) return undefined;
  const { length } = x as Float32Array;
  const result = out === undefined ? newFloats(length) : out;
  if (!isPlain(result, length)) return undefined;
  const tile = work.tile(0);
  const { state, maxima, exponentials } = work;
  work.copyIn(x as Float32Array, 0, length, tile);
  if (!ofRows) kernels[operation](tile, tile, length, exponentials);
  else if (operation === "softmax") kernels.softmax(tile, tile, length / columns, columns, state, maxima);
  else kernels.logSoftmax(tile, tile, length / columns, columns, state, exponentials);
  work.copyOut(tile, length, result, 0);
  return result;
}

export function briefLogSumExp({ kernels, work }: Context, x: unknown, options: unknown): Float32Array | undefined {
  if (!arePlain(options, "rows", "out")) return undefined;
  const { shape, axis, out } = options;
  const columns = columnsOf(x, shape, axis);
  if (columns === 0) return undefined;
  const { length } = x as Float32Array;
  const rows = length / columns;
  const result = out === undefined ? newFloats(rows) : out;
  if (!isPlain(result, rows) || haveOneBuffer(result, x as Float32Array, (x as Float32Array)[0])) return undefined;
  const tile = work.tile(0);
  work.copyIn(x as Float32Array, 0, length, tile);
  kernels.logSumExp(tile, work.losses, rows, columns, work.state, work.exponentials);
  work.copyOut(work.losses, rows, result, 0);
  return result;
}

export function briefBackward(
  { kernels, work }: Context,
  operation: "softmaxBackward" | "logSoftmaxBackward",
  forward: unknown,
  upstream: unknown,
  options: unknown,
): Float32Array | undefined {
  if (!arePlain(options, "rows", "out")) return undefined;
  const { shape, axis, out } = options;
  const columns = columnsOf(forward, shape, axis);
  if (columns === 0) return undefined;
  const { length } = forward as Float32Array;
  const result = out === undefined ? newFloats(length) : out;
  if (!isPlain(upstream, length) || !isPlain(result, length)) return undefined;
  const a = work.tile(0);
  const b = work.tile(1);
  work.copyIn(forward as Float32Array, 0, length, a);
  work.copyIn(upstream, 0, length, b);
  kernels[operation](a, b, a, length / columns, columns);
  work.copyOut(a, length, result, 0);
  return result;
}

interface Loss {
  loss: number;
  grad?: Float32Array;
}

/**
 * Whether two arrays that begin where their buffers do have the same one. `first`: the other's first four bytes as a
 * float. To ask for a buffer takes as long as ten exponentials, and arrays that share one begin with the same bytes.
 */
function haveOneBuffer(array: Float32Array, other: ArrayBufferView, first: number): boolean {
  return Object.is(array[0], first) && array.buffer === other.buffer;
}

/** The gradient's array; undefined for none, null where it isn't plain or shares bytes with what is still to be read. */
function gradientFor(grad: unknown, length: number, other: ArrayBufferView, first: number) {
  if (grad === undefined || grad === false) return undefined;
  if (grad === true) return newFloats(length);
  return isPlain(grad, length) && !haveOneBuffer(grad, other, first) ? grad : null;
}

function meanOf(losses: Float64Array, at: number, rows: number): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += losses[at + i];
  return Math.fround(sum / rows);
}

/** The float whose bits are those of the integer 1: times k it has those of k, up to 2^24. */
const SUBNORMAL = 2 ** -149;
const MOST_LABELS = 2 ** 24;

/** The mean loss of labels that all count, or of dense targets. */
export function briefCrossEntropy(context: Context, x: unknown, targets: unknown, options: unknown): Loss | undefined {
  const type = typedName(targets);
  if (type === "Float32Array") return briefPair(context, "dense targets", x, targets, options);
  if (type !== "Int32Array" || !arePlain(options, "rows", "grad")) return undefined;
  const { kernels, arena, work } = context;
  const { shape, axis, grad: place } = options;
  const columns = columnsOf(x, shape, axis);
  const labels = targets as Int32Array;
  if (columns === 0 || labels.byteOffset !== 0) return undefined;
  const { length } = x as Float32Array;
  const rows = length / columns;
  if (labels.length !== rows) return undefined;
  const grad = gradientFor(place, length, labels, labels[0] * SUBNORMAL);
  if (grad === null) return undefined;
  const { i32, f64 } = arena;
  for (let i = 0, at = work.labels >>> 2; i < rows; i++) {
    const label = labels[i];
    if (!(label >= 0 && label < columns)) return undefined;
    i32[at + i] = label;
  }
  const { losses, state, maxima, exponentials } = work;
  const tile = work.tile(0);
  const to = grad ? tile : 0;
  work.copyIn(x as Float32Array, 0, length, tile);
  kernels.softmaxCrossEntropy(tile, to, work.labels, 0, 1 / rows, losses, rows, columns, state, maxima, exponentials);
  const loss = meanOf(f64, losses >>> 3, rows);
  if (!grad) return { loss };
  work.copyOut(tile, length, grad, 0);
  return { loss, grad };
}

/** The mean loss between logits and a second batch: dense targets, or a teacher's logits. */
export function briefPair(
  { kernels, arena, work }: Context,
  operation: "dense targets" | "distillation",
  x: unknown,
  other: unknown,
  options: unknown,
): Loss | undefined {
  if (!arePlain(options, "rows", "grad")) return undefined;
  const { shape, axis, grad: place } = options;
  const columns = columnsOf(x, shape, axis);
  if (columns === 0) return undefined;
  const { length } = x as Float32Array;
  if (!isPlain(other, length)) return undefined;
  const grad = gradientFor(place, length, other, other[0]);
  if (grad === null) return undefined;
  const rows = length / columns;
  const { scales, losses, state, secondState, maxima, exponentials } = work;
  const a = work.tile(0);
  const b = work.tile(1);
  const to = grad ? a : 0;
  work.copyIn(x as Float32Array, 0, length, a);
  work.copyIn(other, 0, length, b);
  arena.f64.fill(1 / rows, scales >>> 3, (scales >>> 3) + rows);
  if (operation === "distillation") {
    kernels.softmaxKlDivergence(a, b, to, scales, losses, rows, columns, state, secondState, exponentials);
  } else {
    const { spikes } = work;
    const step = columns * 4;
    // biome-ignore format: in the groups of the kernel's contract
    kernels.softmaxCrossEntropyGeneral(a, b, step, 0, spikes, scales, 0, to, losses, 0, 0, rows, columns, state, maxima, exponentials);
  }
  const loss = meanOf(arena.f64, losses >>> 3, rows);
  if (!grad) return { loss };
  work.copyOut(a, length, grad, 0);
  return { loss, grad };
}

/** The mean loss of float targets, with its gradient. */
export function briefSigmoidCrossEntropy(
  { kernels, work }: Context,
  x: unknown,
  targets: unknown,
  options: unknown,
): Loss | undefined {
  if (!arePlain(options, "elements", "grad")) return undefined;
  const { shape, grad: place } = options;
  if (columnsOf(x, shape, undefined) === 0) return undefined;
  const { length } = x as Float32Array;
  if (!isPlain(targets, length)) return undefined;
  const grad = gradientFor(place, length, targets, targets[0]);
  if (!grad) return undefined;
  const tile = work.tile(0);
  const t = work.tile(1);
  work.copyIn(x as Float32Array, 0, length, tile);
  work.copyIn(targets, 0, length, t);
  const sum = kernels.sigmoidCrossEntropy(tile, t, tile, work.exponentials, length, 1 / length, 0);
  work.copyOut(tile, length, grad, 0);
  return { loss: Math.fround(sum / length), grad };
}

/** The mean loss of labels that all count, of a larger batch too: it reads one number a row. */
export function briefNllLoss(logProbs: unknown, labels: unknown, options: unknown): Loss | undefined {
  if (!arePlain(options, "rows", "grad")) return undefined;
  const { shape, axis, grad: place } = options;
  const columns = columnsOf(logProbs, shape, axis, MOST_LABELS);
  if (columns === 0 || typedName(labels) !== "Int32Array" || (labels as Int32Array).byteOffset !== 0) return undefined;
  const x = logProbs as Float32Array;
  const y = labels as Int32Array;
  const rows = x.length / columns;
  if (y.length !== rows) return undefined;
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    const label = y[i];
    if (!(label >= 0 && label < columns)) return undefined;
    sum -= x[i * columns + label];
  }
  const loss = Math.fround(sum / rows);
  const grad = gradientFor(place, x.length, y, y[0] * SUBNORMAL);
  if (grad === null) return undefined;
  if (!grad) return { loss };
  grad.fill(0);
  for (let i = 0; i < rows; i++) grad[i * columns + y[i]] = -1 / rows;
  return { loss, grad };
}
