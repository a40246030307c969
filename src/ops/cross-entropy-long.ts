import { aimsAtLabel, BLOCK } from "../backend/backend.js";
import { ALL_SLOTS, BlockMaxima, Columns, ONE_SLOT, tilesOf } from "../columns.js";
import type { Context } from "../context.js";
import { Largest } from "../largest.js";
import { overlap } from "../outputs.js";
import {
  baseOf,
  type CrossEntropy,
  givenLabelAt,
  gradientScale,
  labelAt,
  sampleWeight,
  spikeAt,
} from "./cross-entropy-call.js";

/** Softmax cross-entropy of one position whose classes don't fit a tile, with every option. */
export function longCrossEntropy(context: Context, call: CrossEntropy, position: number): void {
  const { kernels, arena, work, tiles } = context;
  const { batch, gradient, total, transform, unit, lses, hits } = call;
  const zLoss = call.zLoss * unit;
  const { classes } = batch;
  const { state, exponentials } = work;
  const label = labelAt(call, position);
  const counts = label >= 0;
  const given = call.targets && new Columns(context, call.targets, batch, position, 1);
  const hasBase = given !== undefined || call.smoothing !== 0;
  const base = (c: number, n: number) => (hasBase ? baseOf(context, call, given ? given.read(c, n) : 0, c, 1, n) : 0);
  const simple = !hasBase && !transform.active;
  const slots = simple ? ALL_SLOTS : ONE_SLOT;
  const streams = simple ? tiles.streams : undefined;
  const x = new Columns(context, batch, batch, position, ...slots).streamed(streams);
  // The softcap's slope needs the logits after the exponentials have taken the gradient's place, which may be their own.
  const inPlace = gradient && (tiles.strips.width > 0 || overlap(gradient, batch, arena));
  if (transform.softcap !== undefined && inPlace) x.detach();
  const grad = gradient && new Columns(context, gradient, batch, position, ...slots).streamed(streams);
  const each = tilesOf(work, classes, simple && !x.staged && !grad?.staged);
  const maxima = new BlockMaxima(work, classes);
  const largest = new Largest();
  let xLabel = 0;
  const wantsLargest = lses !== undefined || hits !== undefined;
  kernels.begin(state);
  each((c, n) => {
    const from = transform.apply(x.read(c, n), n, 0);
    if (wantsLargest) largest.see(context, from, n, c);
    if (label >= c && label < c + n) {
      xLabel = transform.active ? arena.f32[(from >>> 2) + label - c] : x.at(label);
    }
    const to = grad ? grad.place(c) : exponentials;
    if (hasBase) kernels.accumulateDense(state, maxima.address, from, base(c, n), to, grad ? BLOCK : 0, n);
    else if (grad) kernels.accumulate(state, maxima.address, from, to, n, true);
    else kernels.accumulateSums(state, from, to, n);
    if (grad) maxima.keep(c, n);
    grad?.keep(c, n);
  });
  kernels.finish(state);
  const spike = spikeAt(call, label) * unit;
  const lse = kernels.logSumExpOf(state, wantsLargest ? largest.value : 0);
  if (lses) lses[position] = lse;
  if (hits && largest.column === givenLabelAt(call, position)) hits.count++;
  const loss = counts ? kernels.generalLoss(state, xLabel, spike, zLoss, lse) : 0;
  total.add(position, sampleWeight(call, position) * (loss / unit));
  if (grad) {
    const scale = gradientScale(call, position) / unit;
    each((c, n) => {
      const to = grad.recall(c, n);
      const here = label >= c && label < c + n ? (to >>> 2) + label - c : -1;
      // The tile with the label is changed after the kernel, and one that doesn't count has none.
      if (counts && here < 0) grad.expect(c, n);
      const target = base(c, n);
      const aimed = here >= 0 && aimsAtLabel(spike, target, zLoss);
      let atLabel = 0;
      if (aimed) {
        const max = maxima.of(label);
        const share = target ? arena.f32[(target >>> 2) + label - c] : 0;
        atLabel = 0 + kernels.labelGradient(state, xLabel, arena.f32[here], max, share, spike, zLoss, lse) * scale;
      }
      if (counts) kernels.generalApply(state, maxima.recall(c, n), target, to, n, spike, zLoss, lse, scale);
      else arena.f32.fill(0, to >>> 2, (to >>> 2) + n);
      if (aimed) arena.f32[here] = atLabel;
      if (transform.softcap !== undefined) transform.back(x.reread(c, n, 3), to, n);
      grad.write(c, n);
    });
  }
}
