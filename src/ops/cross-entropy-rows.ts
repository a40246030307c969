import type { Context } from "../context.js";
import {
  type CrossEntropy,
  givenLabelAt,
  gradientScale,
  labelAt,
  sampleWeight,
  smoothedTargets,
  spikeAt,
  spreadOut,
  weighted,
} from "./cross-entropy-call.js";

/** The cross-entropy of some whole rows of logits, side by side in linear memory from `from` on; their gradient goes to `to`. */

/** Labels with nothing but weights that scale whole rows: what plainRows takes. */
export function isPlain({ labels, smoothing, zLoss, tops, hits }: CrossEntropy): boolean {
  return labels !== undefined && smoothing === 0 && zLoss === 0 && !tops && !hits;
}

/** The kernel that most calls want. `stride`: floats between two classes where the rows stand side by side, 0 for rows. */
export function plainRows(
  { kernels, arena, work }: Context,
  call: CrossEntropy,
  position: number,
  rows: number,
  from: number,
  to: number,
  stride = 0,
): void {
  const { batch, total, classWeights, sampleWeights, gradOutput } = call;
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
  const { batch, targets, labels, total, smoothing, classWeights, unit, tops, hits } = call;
  const { classes } = batch;
  const { i32, f32, f64 } = arena;
  let labelled = labels !== undefined;
  for (let i = 0; i < rows; i++) {
    const label = labelAt(call, position + i);
    if (label < 0) {
      labelled = true;
      if (hits) hits.count += isHit(context, call, position + i, from + i * classes * 4);
    }
    i32[(work.labels >>> 2) + i] = label;
    f64[(work.spikes >>> 3) + i] = spikeAt(call, label) * unit;
    f64[(work.scales >>> 3) + i] = gradientScale(call, position + i) / unit;
  }
  let base = targets ? tiles.read(targets, 1) : 0;
  if (targets && (smoothing !== 0 || classWeights)) {
    // Never as rows longer than a tile.
    if (classWeights) work.copyIn(classWeights, 0, classes, work.tile(3));
    base = smoothedTargets(context, call, base, work.tile(1), classWeights ? work.tile(3) : 0, rows, classes);
  } else if (smoothing !== 0) {
    base = work.tile(1);
    spreadOut(call, f32, base >>> 2, 0, classes);
  }
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
    tops ? work.tops : 0,
    hits ? work.hits : 0,
    rows,
    classes,
    work.state,
    work.maxima,
    work.exponentials,
  );
  for (let i = 0; i < rows; i++) {
    const at = (work.losses >>> 3) + i;
    f64[at] = sampleWeight(call, position + i) * (f64[at] / unit);
    if (tops) tops[position + i] = f64[(work.tops >>> 3) + i];
    if (hits) hits.count += i32[(work.hits >>> 2) + i];
  }
  total.addAll(f64, work.losses >>> 3, position, rows);
}

/** Of a row that the loss leaves out: 1 where its largest element is that of its label, 0 where not or where it is ignored. */
function isHit({ kernels, arena, work }: Context, call: CrossEntropy, position: number, x: number): number {
  const label = givenLabelAt(call, position);
  if (label < 0) return 0;
  kernels.argmax(x, work.hits, 1, call.batch.classes);
  return arena.i32[work.hits >>> 2] === label ? 1 : 0;
}
