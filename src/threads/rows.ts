import type { Kernels } from "../backend/backend.js";
import { BLOCK } from "../backend/backend.js";
import { COST } from "../costs.js";
import type { Workspace } from "../memory.js";
import type { Cut } from "./cut.js";
import type { Streams } from "./streams.js";

/**
 * Kernels over rows. Many rows are shared out as they are. Few long ones are taken one after the other, each spread
 * over its columns: the kernel's own steps, made here with the parts that columns.ts spreads.
 */
export function spreadRows(
  one: Kernels,
  parts: Kernels,
  cut: Cut,
  streams: Streams,
  work: Workspace,
): Partial<Kernels> {
  const { arena } = work;
  const bestColumn = work.allocate(4);
  return {
    softmax(x, out, rows, cols, state, maxima) {
      if (!cut.worth(rows * cols, COST.softmax)) return one.softmax(x, out, rows, cols, state, maxima);
      const bytes = cols * 4;
      if (!cut.few(rows, cols)) {
        cut.rows("softmax", rows, cols, COST.softmax).reads(x, bytes).writes(out, bytes);
        return cut.count().value(cols).own(state).own(maxima).run();
      }
      for (let row = 0; row < rows; row++, x += bytes, out += bytes) {
        parts.begin(state);
        parts.accumulate(state, maxima, x, out, cols, false);
        parts.finish(state);
        parts.softmaxApply(state, maxima, out, cols, 1);
      }
    },

    logSoftmax(x, out, rows, cols, state, e) {
      if (!cut.worth(rows * cols, COST.logSoftmax)) return one.logSoftmax(x, out, rows, cols, state, e);
      const bytes = cols * 4;
      if (!cut.few(rows, cols)) {
        cut.rows("logSoftmax", rows, cols, COST.logSoftmax).reads(x, bytes).writes(out, bytes);
        return cut.count().value(cols).own(state).own(e).run();
      }
      for (let row = 0; row < rows; row++, x += bytes, out += bytes) {
        parts.begin(state);
        parts.accumulateOnly(state, x, e, cols);
        parts.finish(state);
        parts.logSoftmaxApply(state, x, out, cols);
      }
    },

    logSumExp(x, out, rows, cols, state, e) {
      if (!cut.worth(rows * cols, COST.logSumExp)) return one.logSumExp(x, out, rows, cols, state, e);
      if (!cut.few(rows, cols)) {
        cut
          .rows("logSumExp", rows, cols, COST.logSumExp)
          .reads(x, cols * 4)
          .writes(out, 4);
        return cut.count().value(cols).own(state).own(e).run();
      }
      for (let row = 0; row < rows; row++, x += cols * 4) {
        parts.begin(state);
        parts.accumulateOnly(state, x, e, cols);
        parts.finish(state);
        arena.f32[(out >>> 2) + row] = one.rowLogSumExp(state, x, cols);
      }
    },

    softmaxBackward(p, dp, out, rows, cols) {
      if (!cut.worth(rows * cols, COST.softmaxBackward)) return one.softmaxBackward(p, dp, out, rows, cols);
      const bytes = cols * 4;
      if (!cut.few(rows, cols)) {
        cut
          .rows("softmaxBackward", rows, cols, COST.softmaxBackward)
          .reads(p, bytes)
          .reads(dp, bytes)
          .writes(out, bytes);
        return cut.count().value(cols).run();
      }
      for (let row = 0; row < rows; row++, p += bytes, dp += bytes, out += bytes) {
        parts.softmaxBackwardApply(p, dp, out, cols, parts.dot(p, dp, cols, 0));
      }
    },

    logSoftmaxBackward(lp, dlp, out, rows, cols) {
      if (!cut.worth(rows * cols, COST.logSoftmaxBackward)) return one.logSoftmaxBackward(lp, dlp, out, rows, cols);
      const bytes = cols * 4;
      if (!cut.few(rows, cols)) {
        cut
          .rows("logSoftmaxBackward", rows, cols, COST.logSoftmaxBackward)
          .reads(lp, bytes)
          .reads(dlp, bytes)
          .writes(out, bytes);
        return cut.count().value(cols).run();
      }
      for (let row = 0; row < rows; row++, lp += bytes, dlp += bytes, out += bytes) {
        parts.logSoftmaxBackwardApply(lp, dlp, out, cols, parts.sum(dlp, cols, 0));
      }
    },

    argmax(x, out, rows, cols) {
      if (rows === 1) return parts.argmax(x, out, rows, cols);
      if (!cut.worth(rows * cols, COST.argmax)) return one.argmax(x, out, rows, cols);
      cut
        .rows("argmax", rows, cols, COST.argmax)
        .reads(x, cols * 4)
        .writes(out, 4)
        .count()
        .value(cols)
        .run();
    },

    smoothTargets(t, out, weights, rows, cols, keep, add) {
      if (!cut.worth(rows * cols, COST.smoothTargets)) return one.smoothTargets(t, out, weights, rows, cols, keep, add);
      if (rows > 1) {
        const bytes = cols * 4;
        cut.rows("smoothTargets", rows, cols, COST.smoothTargets).reads(t, bytes).writes(out, bytes).value(weights);
        return cut.count().value(cols).value(keep).value(add).run();
      }
      cut.elements("smoothTargets", cols, COST.smoothTargets).reads(t, 4).writes(out, 4).reads(weights, 4);
      cut.value(1).count().value(keep).value(add).run();
    },

    softmaxCrossEntropy(x, grad, labels, scales, scale, losses, rows, cols, state, maxima, e) {
      if (!cut.worth(rows * cols, COST.softmaxCrossEntropy)) {
        return one.softmaxCrossEntropy(x, grad, labels, scales, scale, losses, rows, cols, state, maxima, e);
      }
      const bytes = cols * 4;
      if (!cut.few(rows, cols)) {
        cut
          .rows("softmaxCrossEntropy", rows, cols, COST.softmaxCrossEntropy)
          .reads(x, bytes)
          .writes(grad, bytes)
          .reads(labels, 4);
        cut.reads(scales, 8).value(scale).writes(losses, 8).count().value(cols);
        return cut.own(state).own(maxima).own(e).run();
      }
      const { f32, f64, i32 } = arena;
      for (let row = 0; row < rows; row++, x += bytes) {
        const to = grad && grad + row * bytes;
        const label = i32[(labels >>> 2) + row];
        if (label < 0) {
          f64[(losses >>> 3) + row] = 0;
          streams.settle();
          if (to) f32.fill(0, to >>> 2, (to >>> 2) + cols);
          continue;
        }
        const xLabel = streams.valueAt(x + label * 4);
        parts.begin(state);
        if (to) parts.accumulate(state, maxima, x, to, cols, true);
        else parts.accumulateOnly(state, x, e, cols);
        parts.finish(state);
        f64[(losses >>> 3) + row] = one.labelLoss(state, xLabel);
        if (!to) continue;
        const factor = scales ? f64[(scales >>> 3) + row] : scale;
        const at = (to >>> 2) + label;
        const others = one.othersThan(state, xLabel, f32[at], f32[(maxima >>> 2) + Math.floor(label / BLOCK)]);
        parts.softmaxApply(state, maxima, to, cols, factor);
        f32[at] = -others * factor;
        streams.rewrite(at * 4);
      }
    },

    softmaxCrossEntropyGeneral(
      x,
      base,
      baseStep,
      labels,
      spikes,
      scales,
      zLoss,
      grad,
      losses,
      tops,
      hits,
      rows,
      cols,
      state,
      maxima,
      e,
    ) {
      const bytes = cols * 4;
      if (!cut.worth(rows * cols, COST.softmaxCrossEntropyGeneral)) {
        // biome-ignore format: one line an argument would be longer than all else
        one.softmaxCrossEntropyGeneral(x, base, baseStep, labels, spikes, scales, zLoss, grad, losses, tops, hits, rows, cols, state, maxima, e);
        return;
      }
      if (!cut.few(rows, cols)) {
        cut
          .rows("softmaxCrossEntropyGeneral", rows, cols, COST.softmaxCrossEntropyGeneral)
          .reads(x, bytes)
          .reads(base, baseStep)
          .value(baseStep);
        cut.reads(labels, 4).reads(spikes, 8).reads(scales, 8).value(zLoss).writes(grad, bytes);
        cut.writes(losses, 8).writes(tops, 8).writes(hits, 4).count().value(cols);
        return cut.own(state).own(maxima).own(e).run();
      }
      const { f32, f64, i32 } = arena;
      for (let row = 0; row < rows; row++, x += bytes, base += baseStep) {
        const to = grad && grad + row * bytes;
        const label = labels ? i32[(labels >>> 2) + row] : 0;
        const counts = label >= 0;
        const column = Math.max(label, 0);
        let top = 0;
        if (tops || hits || zLoss !== 0) {
          parts.argmax(x, bestColumn, 1, cols);
          const best = i32[bestColumn >>> 2];
          top = f32[(x >>> 2) + best];
          if (hits) i32[(hits >>> 2) + row] = counts && best === label ? 1 : 0;
        }
        const spike = counts && labels ? f64[(spikes >>> 3) + row] : 0;
        const xLabel = labels ? streams.valueAt(x + column * 4) : 0;
        parts.begin(state);
        if (base) parts.accumulateDense(state, maxima, x, base, to || e, to ? BLOCK : 0, cols);
        else if (to) parts.accumulate(state, maxima, x, to, cols, true);
        else parts.accumulateOnly(state, x, e, cols);
        parts.finish(state);
        const lse = one.logSumExpOf(state, top);
        if (tops) f64[(tops >>> 3) + row] = lse;
        f64[(losses >>> 3) + row] = counts ? one.generalLoss(state, xLabel, spike, zLoss, lse) : 0;
        if (!to) continue;
        if (!counts) {
          f32.fill(0, to >>> 2, (to >>> 2) + cols);
          continue;
        }
        const factor = f64[(scales >>> 3) + row];
        const at = (to >>> 2) + column;
        let value = 0;
        if (spike !== 0) {
          const m = f32[(maxima >>> 2) + Math.floor(column / BLOCK)];
          const share = base ? f32[(base >>> 2) + column] : 0;
          value = one.labelGradient(state, xLabel, f32[at], m, share, spike, zLoss, lse);
        }
        parts.generalApply(state, maxima, base, to, cols, spike, zLoss, lse, factor);
        if (spike !== 0) f32[at] = value * factor;
        streams.rewrite(at * 4);
      }
    },

    softmaxKlDivergence(x, y, grad, scales, losses, rows, cols, stateX, stateY, e) {
      if (!cut.worth(rows * cols, COST.softmaxKlDivergence)) {
        return one.softmaxKlDivergence(x, y, grad, scales, losses, rows, cols, stateX, stateY, e);
      }
      const bytes = cols * 4;
      if (!cut.few(rows, cols)) {
        cut
          .rows("softmaxKlDivergence", rows, cols, COST.softmaxKlDivergence)
          .reads(x, bytes)
          .reads(y, bytes)
          .writes(grad, bytes);
        cut.reads(scales, 8).writes(losses, 8).count().value(cols);
        return cut.own(stateX).own(stateY).own(e).run();
      }
      for (let row = 0; row < rows; row++, x += bytes, y += bytes) {
        parts.begin(stateX);
        parts.begin(stateY);
        parts.klAccumulate(stateX, stateY, x, y, e, cols);
        parts.finish(stateX);
        parts.finish(stateY);
        const factor = arena.f64[(scales >>> 3) + row];
        const sum = parts.klApply(stateX, stateY, x, y, grad && grad + row * bytes, e, cols, factor, 0);
        arena.f64[(losses >>> 3) + row] = one.klLoss(stateX, stateY, sum);
      }
    },
  };
}
