import type { Context } from "../context.js";
import {
  baseOf,
  type CrossEntropy,
  givenLabelAt,
  gradientScale,
  labelAt,
  sampleWeight,
  spikeAt,
  weighted,
} from "./cross-entropy-call.js";

/** The cross-entropy of some whole rows of logits, side by side in linear memory from `from` on; their gradient goes to `to`. */

/** Rows of so many columns take less time with a log-sum-exp of their own than with the kernel that has every option. */
const SHORT = 64;

/** Labels with nothing but weights that scale whole rows and extra outputs that cost little: what plainRows takes. */
export function takesPlainKernel({ batch, labels, smoothing, zLoss, lses }: CrossEntropy): boolean {
  const plain = labels !== undefined && smoothing === 0 && zLoss === 0;
  return plain && (!lses || (batch.inner === 1 && batch.classes <= SHORT));
}

/**
 * The kernel that most calls want, and before it those of the extra outputs. `stride`: floats between two classes where the
 * rows stand side by side, 0 for rows.
 */
export function plainRows(
  context: Context,
  call: CrossEntropy,
  position: number,
  rows: number,
  from: number,
  to: number,
  stride = 0,
): void {
  const { kernels, arena, work } = context;
  const { batch, total, classWeights, sampleWeights, gradOutput, lses } = call;
  const uniform = !classWeights && !sampleWeights && typeof gradOutput === "number";
  const { i32, f64 } = arena;
  const [labels, scales, losses] = [work.labels >>> 2, work.scales >>> 3, work.losses >>> 3];
  for (let i = 0; i < rows; i++) i32[labels + i] = labelAt(call, position + i);
  if (!uniform) {
    for (let i = 0; i < rows; i++) {
      f64[scales + i] = gradientScale(call, position + i) * spikeAt(call, i32[labels + i]);
    }
  }
  const { state, maxima, exponentials } = work;
  const { classes } = batch;
  countHits(context, call, position, rows, from, stride);
  if (lses) {
    kernels.logSumExp(from, work.values, rows, classes, state, exponentials);
    const at = work.values >>> 2;
    for (let i = 0; i < rows; i++) lses[position + i] = arena.f32[at + i];
  }
  const by = uniform ? 0 : work.scales;
  const scale = uniform ? gradientScale(call, 0) : 0;
  // biome-ignore format: in the groups of the kernels' contracts
  if (stride) {
    kernels.softmaxCrossEntropyAcross(from, to, work.labels, by, scale, work.losses, classes, rows, stride, state, exponentials);
  } else {
    kernels.softmaxCrossEntropy(from, to, work.labels, by, scale, work.losses, rows, classes, state, maxima, exponentials);
  }
  if (!uniform) {
    for (let i = 0; i < rows; i++) {
      const weight = sampleWeight(call, position + i) * spikeAt(call, i32[labels + i]);
      f64[losses + i] = weighted(weight, f64[losses + i]);
    }
  }
  total.addAll(f64, losses, position, rows);
}

/** With every option. The targets are the tile's at hand. */
export function generalRows(
  context: Context,
  call: CrossEntropy,
  position: number,
  rows: number,
  from: number,
  to: number,
): void {
  const { kernels, arena, work, tiles } = context;
  const { batch, targets, labels, total, unit, lses } = call;
  const { classes } = batch;
  const { i32, f64 } = arena;
  let labelled = labels !== undefined;
  for (let i = 0; i < rows; i++) {
    const label = labelAt(call, position + i);
    if (label < 0) labelled = true;
    i32[(work.labels >>> 2) + i] = label;
    f64[(work.spikes >>> 3) + i] = spikeAt(call, label) * unit;
    f64[(work.scales >>> 3) + i] = gradientScale(call, position + i) / unit;
  }
  countHits(context, call, position, rows, from, 0);
  const base = baseOf(context, call, targets ? tiles.read(targets, 1) : 0, 0, rows, classes);
  kernels.softmaxCrossEntropyGeneral(
    from,
    base,
    targets ? classes * 4 : 0,
    labelled ? work.labels : 0,
    work.spikes,
    work.scales,
    call.zLoss * unit,
    to,
    work.losses,
    lses ? work.values : 0,
    rows,
    classes,
    work.state,
    work.maxima,
    work.exponentials,
  );
  for (let i = 0; i < rows; i++) {
    const at = (work.losses >>> 3) + i;
    f64[at] = sampleWeight(call, position + i) * (f64[at] / unit);
    if (lses) lses[position + i] = f64[(work.values >>> 3) + i];
  }
  total.addAll(f64, work.losses >>> 3, position, rows);
}

/** Counts the rows whose largest element is that of their label, those that a sample weight of 0 leaves out among them. */
function countHits(
  { kernels, arena, work }: Context,
  call: CrossEntropy,
  position: number,
  rows: number,
  from: number,
  stride: number,
): void {
  const { hits, batch } = call;
  if (!hits || batch.classes === 0) return;
  if (stride) kernels.argmaxAcross(from, work.indices, batch.classes, rows, stride);
  else kernels.argmax(from, work.indices, rows, batch.classes);
  const at = work.indices >>> 2;
  for (let i = 0; i < rows; i++) if (arena.i32[at + i] === givenLabelAt(call, position + i)) hits.count++;
}
