import type { Kernels } from "../backend/backend.js";
import type { Tools } from "./spread.js";

/**
 * Kernels over rows. Many rows are shared out as they are. Few long ones are taken one after the other, each spread
 * over its columns: the kernel's own steps, made here and in losses.ts with the parts that columns.ts spreads.
 */
export function spreadRows(tools: Tools): Partial<Kernels> {
  return {
    softmax: softmax(tools),
    logSoftmax: logSoftmax(tools),
    logSumExp: logSumExp(tools),
    softmaxBackward: softmaxBackward(tools),
    logSoftmaxBackward: logSoftmaxBackward(tools),
    argmax: argmax(tools),
    smoothTargets: smoothTargets(tools),
  };
}

function softmax({ one, parts, cut }: Tools): Kernels["softmax"] {
  return (x, out, rows, cols, state, maxima) => {
    if (!cut.worth("softmax", rows * cols)) return one.softmax(x, out, rows, cols, state, maxima);
    const bytes = cols * 4;
    if (!cut.few(rows, cols)) {
      cut.rows("softmax", rows, cols).reads(x, bytes).writes(out, bytes);
      return cut.count().value(cols).own(state).own(maxima).run();
    }
    for (let row = 0; row < rows; row++, x += bytes, out += bytes) {
      parts.begin(state);
      parts.accumulate(state, maxima, x, out, cols, false);
      parts.finish(state);
      parts.softmaxApply(state, maxima, out, cols, 1);
    }
  };
}

function logSoftmax({ one, parts, cut }: Tools): Kernels["logSoftmax"] {
  return (x, out, rows, cols, state, e) => {
    if (!cut.worth("logSoftmax", rows * cols)) return one.logSoftmax(x, out, rows, cols, state, e);
    const bytes = cols * 4;
    if (!cut.few(rows, cols)) {
      cut.rows("logSoftmax", rows, cols).reads(x, bytes).writes(out, bytes);
      return cut.count().value(cols).own(state).own(e).run();
    }
    for (let row = 0; row < rows; row++, x += bytes, out += bytes) {
      parts.begin(state);
      parts.accumulateSums(state, x, e, cols);
      parts.finish(state);
      parts.logSoftmaxApply(state, x, out, cols);
    }
  };
}

function logSumExp({ one, parts, cut, work: { arena } }: Tools): Kernels["logSumExp"] {
  return (x, out, rows, cols, state, e) => {
    if (!cut.worth("logSumExp", rows * cols)) return one.logSumExp(x, out, rows, cols, state, e);
    const bytes = cols * 4;
    if (!cut.few(rows, cols)) {
      cut.rows("logSumExp", rows, cols).reads(x, bytes).writes(out, 4);
      return cut.count().value(cols).own(state).own(e).run();
    }
    for (let row = 0; row < rows; row++, x += bytes) {
      parts.begin(state);
      parts.accumulateSums(state, x, e, cols);
      parts.finish(state);
      arena.f32[(out >>> 2) + row] = one.rowLogSumExp(state, x, cols);
    }
  };
}

function softmaxBackward({ one, parts, cut }: Tools): Kernels["softmaxBackward"] {
  return (p, dp, out, rows, cols) => {
    if (!cut.worth("softmaxBackward", rows * cols)) return one.softmaxBackward(p, dp, out, rows, cols);
    const bytes = cols * 4;
    if (!cut.few(rows, cols)) {
      cut.rows("softmaxBackward", rows, cols).reads(p, bytes).reads(dp, bytes).writes(out, bytes);
      return cut.count().value(cols).run();
    }
    for (let row = 0; row < rows; row++, p += bytes, dp += bytes, out += bytes) {
      parts.softmaxBackwardApply(p, dp, out, cols, parts.dot(p, dp, cols, 0));
    }
  };
}

function logSoftmaxBackward({ one, parts, cut }: Tools): Kernels["logSoftmaxBackward"] {
  return (lp, dlp, out, rows, cols) => {
    if (!cut.worth("logSoftmaxBackward", rows * cols)) return one.logSoftmaxBackward(lp, dlp, out, rows, cols);
    const bytes = cols * 4;
    if (!cut.few(rows, cols)) {
      cut.rows("logSoftmaxBackward", rows, cols).reads(lp, bytes).reads(dlp, bytes).writes(out, bytes);
      return cut.count().value(cols).run();
    }
    for (let row = 0; row < rows; row++, lp += bytes, dlp += bytes, out += bytes) {
      parts.logSoftmaxBackwardApply(lp, dlp, out, cols, parts.sum(dlp, cols, 0));
    }
  };
}

function argmax({ one, parts, cut }: Tools): Kernels["argmax"] {
  return (x, out, rows, cols) => {
    if (rows === 1) return parts.argmax(x, out, rows, cols);
    if (!cut.worth("argmax", rows * cols)) return one.argmax(x, out, rows, cols);
    const bytes = cols * 4;
    cut.rows("argmax", rows, cols).reads(x, bytes).writes(out, 4).count().value(cols).run();
  };
}

function smoothTargets({ one, cut }: Tools): Kernels["smoothTargets"] {
  return (t, out, weights, rows, cols, keep, add) => {
    if (!cut.worth("smoothTargets", rows * cols)) return one.smoothTargets(t, out, weights, rows, cols, keep, add);
    const bytes = cols * 4;
    if (rows > 1) {
      cut.rows("smoothTargets", rows, cols).reads(t, bytes).writes(out, bytes).value(weights).count().value(cols);
    } else {
      cut.elements("smoothTargets", cols).reads(t, 4).writes(out, 4).reads(weights, 4).value(1).count();
    }
    cut.value(keep).value(add).run();
  };
}
