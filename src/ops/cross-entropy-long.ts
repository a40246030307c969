import { aimsAtLabel } from "../backend/backend.js";
import { ALL_SLOTS, BlockMaxima, Columns, ONE_SLOT, tilesOf } from "../columns.js";
import type { Context } from "../context.js";
import { Largest } from "../largest.js";
import { newFloats, overlap } from "../outputs.js";
import {
  baseOf,
  type CrossEntropy,
  givenLabelAt,
  gradientScale,
  labelAt,
  sampleWeight,
  spikeAt,
} from "./cross-entropy-call.js";

/**
 * Softmax cross-entropy of one position in column tiles, with every option: one pass over its columns sums the
 * exponentials, another makes the gradient of what the first has left.
 */
export function longCrossEntropy(context: Context, call: CrossEntropy, position: number): void {
  const { kernels, arena, work, tiles } = context;
  const { batch, gradient, total, transform, unit, lses, hits } = call;
  const { classes } = batch;
  const { state } = work;
  const zLoss = call.zLoss * unit;
  const label = labelAt(call, position);
  const spike = spikeAt(call, label) * unit;
  const hasBase = call.targets !== undefined || call.smoothing !== 0;
  const simple = !hasBase && !transform.active;
  const slots = simple ? ALL_SLOTS : ONE_SLOT;
  const given = call.targets && new Columns(context, call.targets, batch, position, 1);
  const x = new Columns(context, batch, batch, position, ...slots);
  // The softcap's slope needs the logits after the exponentials have taken the gradient's place, which may be their own.
  const inPlace = gradient && (tiles.strips.width > 0 || overlap(gradient, batch, arena));
  if (transform.softcap !== undefined && inPlace) {
    call.copy ??= newFloats(classes + 1);
    x.detach(call.copy);
  }
  const grad = gradient && new Columns(context, gradient, batch, position, ...slots);
  const eachTile = tilesOf(work, classes, simple && !x.staged && !grad?.staged);
  const maxima = new BlockMaxima(work, classes);
  const largest = new Largest();
  const wantsLargest = lses !== undefined || hits !== undefined;
  let xLabel = 0;
  let stored = 0;
  let share = 0;
  let made = call.base ?? 0;
  sumExponentials();
  const lse = kernels.logSumExpOf(state, wantsLargest ? largest.value : 0);
  if (lses) lses[position] = lse;
  if (hits && largest.column === givenLabelAt(call, position)) hits.count++;
  const loss = label < 0 ? 0 : kernels.generalLoss(state, xLabel, spike, zLoss, lse);
  total.add(position, sampleWeight(call, position) * (loss / unit));
  if (grad) makeGradient(grad, gradientScale(call, position) / unit);

  /** Leaves the exponentials where the gradient goes; finds what is the label's by the way, and the largest logit. */
  function sumExponentials(): void {
    kernels.begin(state);
    eachTile((c, n) => {
      const from = transform.apply(x.read(c, n), n, 0);
      if (wantsLargest) largest.see(context, from, n, c);
      if (hasLabel(c, n)) xLabel = transform.active ? arena.f32[(from >>> 2) + label - c] : x.at(label);
      const to = grad ? grad.place(c) : work.exponentials;
      const target = hasBase ? base(c, n) : 0;
      if (hasBase) kernels.accumulateDense(state, maxima.address, from, target, to, grad !== undefined, n);
      else if (grad) kernels.accumulate(state, maxima.address, from, to, n, true);
      else kernels.accumulateSums(state, from, to, n);
      if (!grad) return;
      if (hasLabel(c, n)) {
        stored = arena.f32[(to >>> 2) + label - c];
        share = target && arena.f32[(target >>> 2) + label - c];
      }
      maxima.keep(c, n);
      grad.keep(c, n);
    });
    kernels.finish(state);
  }

  function makeGradient(grad: Columns, scale: number): void {
    eachTile((c, n) => {
      const to = label < 0 ? grad.place(c) : grad.recall(c, n);
      if (label < 0) arena.f32.fill(0, to >>> 2, (to >>> 2) + n);
      else {
        if (transform.softcap === undefined) grad.expect(c, n);
        apply(c, n, to, scale);
      }
      if (transform.softcap !== undefined) transform.back(x.reread(c, n, 3), to, n);
      grad.write(c, n);
    });
  }

  /** Makes the gradient; at the label, where it is another than the kernel makes of it, it is put in its place afterwards. */
  function apply(c: number, n: number, to: number, scale: number): void {
    const target = hasBase ? base(c, n) : 0;
    kernels.generalApply(state, maxima.recall(c, n), target, to, n, spike, zLoss, lse, scale);
    if (!hasLabel(c, n) || !aimsAtLabel(spike, target, zLoss)) return;
    const atLabel = kernels.labelGradient(state, xLabel, stored, maxima.of(label), share, spike, zLoss, lse);
    arena.f32[(to >>> 2) + label - c] = 0 + atLabel * scale;
    grad?.rewrite(label);
  }

  function hasLabel(c: number, n: number): boolean {
    return label >= c && label < c + n;
  }

  /** The address of the targets' base for n columns from c on. That of a whole row is made once, without targets of all. */
  function base(c: number, n: number): number {
    if (n === classes && made) return made;
    made = baseOf(context, call, given ? given.read(c, n) : 0, c, 1, n);
    if (n === classes && !given) call.base = made;
    return made;
  }
}
