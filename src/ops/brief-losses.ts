import type { Context } from "../context.js";
import { LEAST_FLOAT, MOST_LABEL_BITS, newFloats } from "../outputs.js";
import { areLabels, arePlain, columnsOf, haveOneBuffer, isFloats, isPlain } from "./brief-plain.js";
import { residentCrossEntropy, residentPair } from "./brief-resident.js";
import { type Loss, meanOf, type Pair, pairLoss, putLabels } from "./brief-shared.js";

/** Not that of a subclass. */
const { fill } = Float32Array.prototype;

/** Losses of few numbers, called in their plainest form: brief.ts says what that is. */

/** The gradient's array; undefined for none, null where it isn't plain or shares bytes with what is still to be read. */
function gradientFor(grad: unknown, length: number, other: ArrayBufferView, first: number) {
  if (grad === undefined || grad === false) return undefined;
  if (grad === true) return newFloats(length);
  return isPlain(grad, length) && !haveOneBuffer(grad, other, first) ? grad : null;
}

/** The mean loss of labels that all count, or of dense targets. */
export function briefCrossEntropy(context: Context, x: unknown, targets: unknown, options: unknown): Loss | undefined {
  if (isFloats(targets)) return briefPair(context, "dense targets", x, targets, options);
  if (!arePlain(options, "rows", "grad")) return undefined;
  const { shape, axis, grad: place } = options;
  const { kernels, arena, work } = context;
  const columns = columnsOf(x, shape, axis);
  const length = columns === 0 ? 0 : (x as Float32Array).length;
  const rows = length / columns;
  if (
    columns === 0 ||
    !areLabels(targets, rows) ||
    !putLabels(targets, 0, rows, columns, arena.i32, work.labels >>> 2)
  ) {
    return residentCrossEntropy(context, x, targets, shape, axis, place) ?? context.leave({ shape, axis, grad: place });
  }
  const grad = gradientFor(place, length, targets, targets[0] * LEAST_FLOAT);
  if (grad === null) return context.leave({ shape, axis, grad: place });
  const { losses, state, maxima, exponentials } = work;
  const tile = work.tile(0);
  const to = grad ? tile : 0;
  work.copyIn(x as Float32Array, 0, length, tile);
  kernels.softmaxCrossEntropy(tile, to, work.labels, 0, 1 / rows, losses, rows, columns, state, maxima, exponentials);
  const loss = meanOf(arena.f64, losses >>> 3, rows);
  if (!grad) return { loss };
  work.copyOut(tile, length, grad, 0);
  return { loss, grad };
}

/** The mean loss between logits and a second batch: dense targets, or a teacher's logits. */
export function briefPair(
  context: Context,
  operation: Exclude<Pair, "elements">,
  x: unknown,
  other: unknown,
  options: unknown,
): Loss | undefined {
  if (!arePlain(options, "rows", "grad")) return undefined;
  const { shape, axis, grad: place } = options;
  const { work } = context;
  const columns = columnsOf(x, shape, axis);
  const length = columns === 0 ? 0 : (x as Float32Array).length;
  if (columns === 0 || !isPlain(other, length)) {
    return (
      residentPair(context, operation, x, other, shape, axis, place) ?? context.leave({ shape, axis, grad: place })
    );
  }
  const grad = gradientFor(place, length, other, other[0]);
  if (grad === null) return context.leave({ shape, axis, grad: place });
  const a = work.tile(0);
  const b = work.tile(1);
  work.copyIn(x as Float32Array, 0, length, a);
  work.copyIn(other, 0, length, b);
  const loss = pairLoss(context, operation, a, b, grad ? a : 0, length, columns);
  if (!grad) return { loss };
  work.copyOut(a, length, grad, 0);
  return { loss, grad };
}

/**
 * The mean loss of a float target for each element. Measured: by way of briefPair a call of ten numbers with its gradient
 * takes a tenth longer.
 */
export function briefSigmoidCrossEntropy(
  context: Context,
  x: unknown,
  targets: unknown,
  options: unknown,
): Loss | undefined {
  if (!arePlain(options, "elements", "grad")) return undefined;
  const { shape, grad: place } = options;
  const { kernels, work } = context;
  const length = columnsOf(x, shape, undefined) === 0 ? 0 : (x as Float32Array).length;
  if (length === 0 || !isPlain(targets, length)) {
    return (
      residentPair(context, "elements", x, targets, shape, undefined, place) ?? context.leave({ shape, grad: place })
    );
  }
  const grad = gradientFor(place, length, targets, targets[0]);
  if (grad === null) return context.leave({ shape, grad: place });
  const tile = work.tile(0);
  const t = work.tile(1);
  work.copyIn(x as Float32Array, 0, length, tile);
  work.copyIn(targets, 0, length, t);
  const sum = kernels.sigmoidCrossEntropy(tile, t, grad ? tile : 0, work.exponentials, length, 1 / length, 0);
  const loss = Math.fround(sum / length);
  if (!grad) return { loss };
  work.copyOut(tile, length, grad, 0);
  return { loss, grad };
}

/** The mean loss of labels that all count, of a larger batch too: it reads one number a row. */
export function briefNllLoss(context: Context, logProbs: unknown, labels: unknown, options: unknown): Loss | undefined {
  if (!arePlain(options, "rows", "grad")) return undefined;
  const { shape, axis, grad: place } = options;
  // Of any size, as long as the bits of labels are those of floats (gradientFor).
  const columns = context.arena.disposed ? 0 : columnsOf(logProbs, shape, axis, MOST_LABEL_BITS);
  const x = logProbs as Float32Array;
  const length = columns === 0 ? 0 : x.length;
  const rows = length / columns;
  if (columns === 0 || !areLabels(labels, rows)) return context.leave({ shape, axis, grad: place });
  let sum = 0;
  for (let i = 0, at = 0; i < rows; i++, at += columns) {
    const label = labels[i];
    if (!(label >= 0 && label < columns)) return context.leave({ shape, axis, grad: place });
    sum -= x[at + label];
  }
  const loss = Math.fround(sum / rows);
  const grad = gradientFor(place, length, labels, labels[0] * LEAST_FLOAT);
  if (grad === null) return context.leave({ shape, axis, grad: place });
  if (!grad) return { loss };
  fill.call(grad, 0);
  const share = -1 / rows;
  for (let i = 0, at = 0; i < rows; i++, at += columns) grad[at + labels[i]] = share;
  return { loss, grad };
}
