import type { Kernels, Summing } from "../backend/backend.js";
import type { Cut } from "./cut.js";

/**
 * Kernels over rows, which are shared out as they are. Of rows too few for that src/tiles.ts has the columns shared; the few of
 * a linear loss, whose products take longer, are left to one thread.
 */
export function spreadRows(one: Kernels, cut: Cut): Partial<Kernels> {
  const entropy = divergence(one, cut, "entropy");
  return {
    softmax(x, out, rows, cols, state, maxima) {
      if (!cut.worthRows("softmax", rows, cols)) return one.softmax(x, out, rows, cols, state, maxima);
      const bytes = cols * 4;
      cut.rows("softmax", rows, cols).reads(x, bytes).writes(out, bytes);
      cut.count().value(cols).own(state).own(maxima).run();
    },
    logSoftmax(x, out, rows, cols, state, e) {
      if (!cut.worthRows("logSoftmax", rows, cols)) return one.logSoftmax(x, out, rows, cols, state, e);
      const bytes = cols * 4;
      cut.rows("logSoftmax", rows, cols).reads(x, bytes).writes(out, bytes);
      cut.count().value(cols).own(state).own(e).run();
    },
    logSumExp(x, out, rows, cols, state, e) {
      if (!cut.worthRows("logSumExp", rows, cols)) return one.logSumExp(x, out, rows, cols, state, e);
      cut
        .rows("logSumExp", rows, cols)
        .reads(x, cols * 4)
        .writes(out, 4);
      cut.count().value(cols).own(state).own(e).run();
    },
    softmaxBackward(p, dp, out, rows, cols) {
      if (!cut.worthRows("softmaxBackward", rows, cols)) return one.softmaxBackward(p, dp, out, rows, cols);
      const bytes = cols * 4;
      cut.rows("softmaxBackward", rows, cols).reads(p, bytes).reads(dp, bytes).writes(out, bytes);
      cut.count().value(cols).run();
    },
    logSoftmaxBackward(lp, dlp, out, rows, cols) {
      if (!cut.worthRows("logSoftmaxBackward", rows, cols)) return one.logSoftmaxBackward(lp, dlp, out, rows, cols);
      const bytes = cols * 4;
      cut.rows("logSoftmaxBackward", rows, cols).reads(lp, bytes).reads(dlp, bytes).writes(out, bytes);
      cut.count().value(cols).run();
    },
    smoothTargets(t, out, weights, rows, cols, keep, add) {
      if (!cut.worth("smoothTargets", rows * cols)) return one.smoothTargets(t, out, weights, rows, cols, keep, add);
      const bytes = cols * 4;
      if (rows > 1) {
        cut.rows("smoothTargets", rows, cols).reads(t, bytes).writes(out, bytes).value(weights).count().value(cols);
      } else {
        cut.elements("smoothTargets", cols).reads(t, 4).writes(out, 4).reads(weights, 4).value(1).count();
      }
      cut.value(keep).value(add).run();
    },
    softmaxCrossEntropy(x, grad, labels, scales, scale, losses, rows, cols, state, maxima, e) {
      if (!cut.worthRows("softmaxCrossEntropy", rows, cols)) {
        return one.softmaxCrossEntropy(x, grad, labels, scales, scale, losses, rows, cols, state, maxima, e);
      }
      const bytes = cols * 4;
      cut.rows("softmaxCrossEntropy", rows, cols).reads(x, bytes).writes(grad, bytes).reads(labels, 4);
      cut.reads(scales, 8).value(scale).writes(losses, 8).count().value(cols);
      cut.own(state).own(maxima).own(e).run();
    },
    softmaxCrossEntropyGeneral(...call) {
      const [x, base, baseStep, labels, spikes, scales, zLoss, grad, ...others] = call;
      const [losses, lses, rows, cols, state, maxima, e] = others;
      if (!cut.worthRows("softmaxCrossEntropyGeneral", rows, cols)) return one.softmaxCrossEntropyGeneral(...call);
      const bytes = cols * 4;
      cut.rows("softmaxCrossEntropyGeneral", rows, cols).reads(x, bytes).reads(base, baseStep).value(baseStep);
      cut.reads(labels, 4).reads(spikes, 8).reads(scales, 8).value(zLoss).writes(grad, bytes);
      cut.writes(losses, 8).writes(lses, 8).count().value(cols);
      cut.own(state).own(maxima).own(e).run();
    },
    softmaxKlDivergence(x, y, grad, scales, losses, rows, cols, stateX, stateY, e, room) {
      if (!cut.worthRows("softmaxKlDivergence", rows, cols)) {
        return one.softmaxKlDivergence(x, y, grad, scales, losses, rows, cols, stateX, stateY, e, room);
      }
      const bytes = cols * 4;
      cut.rows("softmaxKlDivergence", rows, cols).reads(x, bytes).reads(y, bytes).writes(grad, bytes);
      cut.reads(scales, 8).writes(losses, 8).count().value(cols);
      cut.own(stateX).own(stateY).own(e).value(room).run();
    },
    entropy: (p, e, rows, cols, sums) => entropy(p, 0, 0, e, rows, cols, 0, sums),
    crossEntropy: divergence(one, cut, "crossEntropy"),
    klDivergence: divergence(one, cut, "klDivergence"),
    jensenShannon: divergence(one, cut, "jensenShannon"),
  };
}

/** A sum over each row; that of one distribution takes neither q nor grad nor scale. */
function divergence(one: Kernels, cut: Cut, kernel: Summing): Kernels["klDivergence"] {
  return (p, q, grad, e, rows, cols, scale, sums) => {
    const pair = kernel !== "entropy";
    if (!cut.worthRows(kernel, rows, cols)) {
      if (pair) one[kernel](p, q, grad, e, rows, cols, scale, sums);
      else one.entropy(p, e, rows, cols, sums);
      return;
    }
    const bytes = cols * 4;
    cut.rows(kernel, rows, cols).reads(p, bytes);
    if (pair) cut.reads(q, bytes).writes(grad, bytes);
    cut.own(e).count().value(cols);
    if (pair) cut.value(scale);
    cut.writes(sums, 8).run();
  };
}
