import { type Kernels, PANEL, ROW_RECORD, STATE_BYTES } from "../backend/backend.js";
import type { Workspace } from "../workspace.js";
import type { Cut } from "./cut.js";

/** The kernels of the linear losses: products by panels of rows or columns, and what goes row by row. */
export function spreadLinear(one: Kernels, cut: Cut, { exponentials }: Workspace): Partial<Kernels> {
  const give = (out: number, step: number, add: boolean) => (add ? cut.changes(out, step) : cut.writes(out, step));
  return {
    product(a, b, step, out, stride, m, n, depth, start, add, sums) {
      if (!cut.worth("product", m * n * depth)) {
        one.product(a, b, step, out, stride, m, n, depth, start, add, sums);
        return;
      }
      const more = add ? 1 : 0;
      if (m >= n) {
        cut
          .elements("product", m, n * depth, 4)
          .reads(a, depth * 4)
          .value(b)
          .value(step);
        give(out, stride, add).value(stride).count().value(n);
        cut.value(depth).value(start).value(more).own(exponentials).run();
      } else {
        cut
          .elements("product", n, m * depth, 8)
          .value(a)
          .reads(b, step === PANEL ? depth * 4 : 4)
          .value(step);
        give(out, 4, add).value(stride).value(m).count();
        cut.value(depth).reads(start, 4).value(more).own(exponentials).run();
      }
    },
    productSums(a, b, sums, m, n, depth) {
      if (!cut.worth("productSums", m * n * depth)) return one.productSums(a, b, sums, m, n, depth);
      cut
        .elements("productSums", n, m * depth, 8)
        .value(a)
        .reads(b, depth * 4);
      cut.changes(sums, Math.ceil(m / 4) * 32);
      cut.value(m).count().value(depth).run();
    },
    storeSums(sums, out, stride, m, n, add) {
      if (!cut.worth("storeSums", m * n)) return one.storeSums(sums, out, stride, m, n, add);
      cut.elements("storeSums", n, m, 8).reads(sums, Math.ceil(m / 4) * 32);
      give(out, 4, add).value(stride).value(m).count();
      cut.value(add ? 1 : 0).run();
    },
    packRows(x, stride, out, rows, depth, width) {
      if (!cut.worth("packRows", rows * depth)) return one.packRows(x, stride, out, rows, depth, width);
      cut.elements("packRows", rows, depth, width).reads(x, stride).value(stride);
      cut
        .writes(out, depth * 4)
        .count()
        .value(depth)
        .value(width)
        .run();
    },
    packColumns(x, stride, out, depth, cols, width) {
      if (!cut.worth("packColumns", cols * depth)) return one.packColumns(x, stride, out, depth, cols, width);
      cut.elements("packColumns", cols, depth, width).reads(x, 4).value(stride);
      cut
        .writes(out, depth * 4)
        .value(depth)
        .count()
        .value(width)
        .run();
    },
    packGradient(x, stride, byRows, step, byColumns, sums, rows, cols) {
      if (!cut.worth("packGradient", rows * cols)) {
        return one.packGradient(x, stride, byRows, step, byColumns, sums, rows, cols);
      }
      cut.elements("packGradient", cols, rows).reads(x, 4).value(stride);
      cut
        .writes(byRows, 16)
        .value(step)
        .writes(byColumns, rows * 4);
      if (sums) cut.changes(sums, 8);
      else cut.value(0);
      cut.value(rows).count().run();
    },
    linearForward(z, base, baseStep, rows, states, maxima, step, count, cols, column, look, e) {
      if (!cut.worth("linearForward", count * cols) || count === 1) {
        return one.linearForward(z, base, baseStep, rows, states, maxima, step, count, cols, column, look, e);
      }
      cut.rows("linearForward", count, cols);
      if (e === z) cut.changes(z, cols * 4);
      else cut.reads(z, cols * 4);
      cut.reads(base, baseStep).value(baseStep).changes(rows, ROW_RECORD).changes(states, STATE_BYTES);
      cut
        .writes(maxima, step)
        .value(step)
        .count()
        .value(cols)
        .value(column)
        .value(look ? 1 : 0);
      if (e === z) cut.changes(e, cols * 4);
      else cut.own(e);
      cut.run();
    },
    linearBackward(z, stride, base, baseStep, rows, states, maxima, step, zLoss, count, cols, column, stored) {
      if (!cut.worth("linearBackward", count * cols) || count === 1) {
        return one.linearBackward(
          z,
          stride,
          base,
          baseStep,
          rows,
          states,
          maxima,
          step,
          zLoss,
          count,
          cols,
          column,
          stored,
        );
      }
      // Rows that are stored and rows that are not: in each job all are alike.
      for (const [from, n] of [
        [0, Math.min(stored, count)],
        [stored, count - stored],
      ]) {
        if (n <= 0) continue;
        const at = base && base + from * baseStep;
        cut
          .rows("linearBackward", n, cols)
          .changes(z + from * stride, stride)
          .value(stride);
        cut
          .reads(at, baseStep)
          .value(baseStep)
          .reads(rows + from * ROW_RECORD, ROW_RECORD);
        cut
          .reads(states + from * STATE_BYTES, STATE_BYTES)
          .reads(maxima + from * step, step)
          .value(step)
          .value(zLoss);
        cut
          .count()
          .value(cols)
          .value(column)
          .value(from === 0 && stored > 0 ? count : 0)
          .run();
      }
    },
    linearSigmoid(z, t, u, pw, grad, losses, sums, e, count, cols, smoothing, scale) {
      if (!cut.worth("linearSigmoid", count * cols) || count === 1) {
        return one.linearSigmoid(z, t, u, pw, grad, losses, sums, e, count, cols, smoothing, scale);
      }
      const bytes = cols * 4;
      cut.rows("linearSigmoid", count, cols).changes(z, bytes).reads(t, bytes);
      cut
        .reads(u, bytes)
        .reads(pw, bytes)
        .value(grad ? 1 : 0)
        .writes(losses, bytes)
        .changes(sums, 8)
        .own(e);
      cut.count().value(cols).value(smoothing).value(scale).run();
    },
  };
}
