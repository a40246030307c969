import { aimsAtLabel, BLOCK, type Kernels } from "../backend/backend.js";
import type { Tools } from "./spread.js";

/** Losses over rows, spread as in rows.ts. */
export function spreadLosses(tools: Tools): Partial<Kernels> {
  return {
    softmaxCrossEntropy: softmaxCrossEntropy(tools),
    softmaxCrossEntropyGeneral: softmaxCrossEntropyGeneral(tools),
    softmaxKlDivergence: softmaxKlDivergence(tools),
  };
}

function softmaxCrossEntropy(tools: Tools): Kernels["softmaxCrossEntropy"] {
  const { one, cut, work } = tools;
  return (x, grad, labels, scales, scale, losses, rows, cols, state, maxima, e) => {
    if (!cut.worth("softmaxCrossEntropy", rows * cols)) {
      return one.softmaxCrossEntropy(x, grad, labels, scales, scale, losses, rows, cols, state, maxima, e);
    }
    const bytes = cols * 4;
    if (!cut.few(rows, cols)) {
      cut.rows("softmaxCrossEntropy", rows, cols).reads(x, bytes).writes(grad, bytes).reads(labels, 4);
      cut.reads(scales, 8).value(scale).writes(losses, 8).count().value(cols);
      return cut.own(state).own(maxima).own(e).run();
    }
    const { f64, i32 } = work.arena;
    for (let row = 0; row < rows; row++, x += bytes) {
      const to = grad && grad + row * bytes;
      const label = i32[(labels >>> 2) + row];
      const factor = scales ? f64[(scales >>> 3) + row] : scale;
      f64[(losses >>> 3) + row] = labelRow(tools, x, to, label, factor, cols, state, maxima, e);
    }
  };
}

/** The loss of a row with this label; its gradient, times the factor, goes to `to` unless that is 0. */
function labelRow(
  { one, parts, streams, work }: Tools,
  x: number,
  to: number,
  label: number,
  factor: number,
  cols: number,
  state: number,
  maxima: number,
  e: number,
): number {
  const { f32 } = work.arena;
  if (label < 0) {
    streams.settle();
    if (to) f32.fill(0, to >>> 2, (to >>> 2) + cols);
    return 0;
  }
  const xLabel = streams.valueAt(x + label * 4);
  parts.begin(state);
  if (to) parts.accumulate(state, maxima, x, to, cols, true);
  else parts.accumulateSums(state, x, e, cols);
  parts.finish(state);
  const loss = one.labelLoss(state, xLabel);
  if (to) {
    const at = (to >>> 2) + label;
    const others = one.othersThan(state, xLabel, f32[at], f32[(maxima >>> 2) + Math.floor(label / BLOCK)]);
    parts.softmaxApply(state, maxima, to, cols, factor);
    f32[at] = 0 - others * factor;
    streams.rewrite(at * 4);
  }
  return loss;
}

type GeneralCall = Parameters<Kernels["softmaxCrossEntropyGeneral"]>;

function softmaxCrossEntropyGeneral(tools: Tools): Kernels["softmaxCrossEntropyGeneral"] {
  const { one, cut, work } = tools;
  const best = work.allocate(4);
  return (...call) => {
    const [x, base, baseStep, labels, spikes, scales, zLoss, grad, ...others] = call;
    const [losses, lses, rows, cols, state, maxima, e] = others;
    if (!cut.worth("softmaxCrossEntropyGeneral", rows * cols)) return one.softmaxCrossEntropyGeneral(...call);
    if (cut.few(rows, cols)) return generalRows(tools, call, best);
    const bytes = cols * 4;
    cut.rows("softmaxCrossEntropyGeneral", rows, cols).reads(x, bytes).reads(base, baseStep).value(baseStep);
    cut.reads(labels, 4).reads(spikes, 8).reads(scales, 8).value(zLoss).writes(grad, bytes);
    cut.writes(losses, 8).writes(lses, 8).count().value(cols);
    cut.own(state).own(maxima).own(e).run();
  };
}

/** Row by row; `best` is where argmax leaves a column. */
function generalRows(tools: Tools, call: GeneralCall, best: number): void {
  const { one, parts, streams, work } = tools;
  const [x, base, baseStep, labels, spikes, scales, zLoss, grad, ...others] = call;
  const [losses, lses, rows, cols, state, maxima, e] = others;
  const { f32, f64, i32 } = work.arena;
  for (let row = 0; row < rows; row++) {
    const z = x + row * cols * 4;
    const t = base + row * baseStep;
    const to = grad && grad + row * cols * 4;
    const label = labels ? i32[(labels >>> 2) + row] : 0;
    const counts = label >= 0;
    const column = Math.max(label, 0);
    let most = 0;
    if (lses) {
      parts.argmax(z, best, 1, cols);
      most = f32[(z >>> 2) + i32[best >>> 2]];
    }
    const spike = counts && labels ? f64[(spikes >>> 3) + row] : 0;
    const xLabel = labels ? streams.valueAt(z + column * 4) : 0;
    takeGeneral(tools, z, t, to, cols, state, maxima, e);
    const lse = one.logSumExpOf(state, most);
    if (lses) f64[(lses >>> 3) + row] = lse;
    f64[(losses >>> 3) + row] = counts ? one.generalLoss(state, xLabel, spike, zLoss, lse) : 0;
    if (!to) continue;
    const factor = f64[(scales >>> 3) + row];
    if (counts) applyGeneral(tools, { state, maxima, base: t, to, cols, column, xLabel, spike, zLoss, lse, factor });
    else f32.fill(0, to >>> 2, (to >>> 2) + cols);
  }
}

/** Takes a row and its targets, if it has any, into the state; its exponentials go to `to` unless that is 0. */
function takeGeneral(
  { parts }: Tools,
  x: number,
  base: number,
  to: number,
  cols: number,
  state: number,
  maxima: number,
  e: number,
): void {
  parts.begin(state);
  if (base) parts.accumulateDense(state, maxima, x, base, to || e, to !== 0, cols);
  else if (to) parts.accumulate(state, maxima, x, to, cols, true);
  else parts.accumulateSums(state, x, e, cols);
  parts.finish(state);
}

/** What the gradient of a row is made of, besides the exponentials at `to`. */
interface GeneralRow {
  readonly state: number;
  readonly maxima: number;
  readonly base: number;
  readonly to: number;
  readonly cols: number;
  /** The label's column. */
  readonly column: number;
  readonly xLabel: number;
  readonly spike: number;
  readonly zLoss: number;
  readonly lse: number;
  readonly factor: number;
}

/** Makes a row's exponentials its gradient. */
function applyGeneral({ one, parts, streams, work }: Tools, row: GeneralRow): void {
  const { state, maxima, base, to, cols, column, xLabel, spike, zLoss, lse, factor } = row;
  const { f32 } = work.arena;
  const at = (to >>> 2) + column;
  const aimed = aimsAtLabel(spike, base, zLoss);
  let value = 0;
  if (aimed) {
    const m = f32[(maxima >>> 2) + Math.floor(column / BLOCK)];
    const share = base ? f32[(base >>> 2) + column] : 0;
    value = one.labelGradient(state, xLabel, f32[at], m, share, spike, zLoss, lse);
  }
  parts.generalApply(state, maxima, base, to, cols, spike, zLoss, lse, factor);
  if (aimed) f32[at] = 0 + value * factor;
  streams.rewrite(at * 4);
}

function softmaxKlDivergence({ one, parts, cut, work }: Tools): Kernels["softmaxKlDivergence"] {
  const { arena, values: sums } = work;
  return (x, y, grad, scales, losses, rows, cols, stateX, stateY, e, room) => {
    if (!cut.worth("softmaxKlDivergence", rows * cols)) {
      return one.softmaxKlDivergence(x, y, grad, scales, losses, rows, cols, stateX, stateY, e, room);
    }
    const bytes = cols * 4;
    if (!cut.few(rows, cols)) {
      cut.rows("softmaxKlDivergence", rows, cols).reads(x, bytes).reads(y, bytes).writes(grad, bytes);
      cut.reads(scales, 8).writes(losses, 8).count().value(cols);
      return cut.own(stateX).own(stateY).own(e).value(room).run();
    }
    for (let row = 0; row < rows; row++, x += bytes, y += bytes) {
      parts.begin(stateX);
      parts.begin(stateY);
      parts.klAccumulate(stateX, stateY, x, y, e, cols);
      parts.finish(stateX);
      parts.finish(stateY);
      const factor = arena.f64[(scales >>> 3) + row];
      arena.f64.fill(0, sums >>> 3, (sums >>> 3) + 2);
      parts.klApply(stateX, stateY, x, y, grad && grad + row * bytes, e, cols, factor, sums);
      arena.f64[(losses >>> 3) + row] = one.klLoss(sums);
    }
  };
}
