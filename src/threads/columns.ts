import { BLOCK, type Kernels, STATE_BYTES, type ThreadKernels } from "../backend/backend.js";
import type { Operation } from "../costs.js";
import type { Workspace } from "../workspace.js";
import type { Cut } from "./cut.js";

/** Groups of blocks that a row is cut into, at most. */
const GROUPS = 64;

/**
 * Kernels over columns of one row, and argmax of rows too. The row's sum is a binary tree over blocks of columns, so threads
 * take groups of blocks, each a power of two of them and each into a state of its own; the groups' states, appended in order,
 * are the tree that one thread makes.
 */
export function spreadColumns(one: ThreadKernels, cut: Cut, work: Workspace): Partial<Kernels> {
  const states = work.allocate(2 * GROUPS * STATE_BYTES);
  const others = states + GROUPS * STATE_BYTES;

  /**
   * Columns of a group; 0 where n columns are not worth sharing. The caller's state must be where a subtree of n columns may
   * begin. It always is: who takes a row in parts takes the same power of two of blocks each time, and at last what is left.
   */
  function groupOf(kernel: Operation, n: number): number {
    return cut.worth(kernel, n) ? groupSize(n) : 0;
  }

  function begin(parts: number, n: number, group: number): void {
    const { i32 } = work.arena;
    for (let at = parts; at < parts + Math.ceil(n / group) * STATE_BYTES; at += STATE_BYTES) i32[at >>> 2] = 0;
  }

  /** Appends the groups' states. Where one call took several groups, the state of the first holds them all. */
  function append(state: number, parts: number, n: number, group: number): void {
    const { i32 } = work.arena;
    const end = parts + Math.ceil(n / group) * STATE_BYTES;
    const blocks = group / BLOCK;
    for (let at = parts; at < end; ) {
      one.append(state, at);
      at += Math.ceil(i32[at >>> 2] / blocks) * STATE_BYTES;
    }
  }

  return {
    argmax(x, out, rows, cols) {
      if (!cut.worth("argmax", rows * cols) || (rows === 1 && cols <= BLOCK)) {
        cut.settle();
        return one.argmax(x, out, rows, cols);
      }
      if (rows > 1) {
        const job = cut.rows("argmax", rows, cols).reads(x, cols * 4);
        return job.writes(out, 4).count().value(cols).run();
      }
      const group = groupSize(cols);
      cut
        .blocks("argmax", cols, group)
        .reads(x, 4)
        .writes(states, 4 / group)
        .value(1)
        .count()
        .run();
      const { f32, i32 } = work.arena;
      let best = -1;
      let top = 0;
      for (let part = 0, from = 0; from < cols; part++, from += group) {
        const at = from + i32[(states >>> 2) + part];
        const value = f32[(x >>> 2) + at];
        if (best < 0 || value > top || Number.isNaN(value)) [best, top] = [at, value];
        if (Number.isNaN(top)) break;
      }
      i32[out >>> 2] = best;
    },
    accumulate(state, maxima, x, out, n, split) {
      const group = groupOf("accumulate", n);
      if (group === 0) return one.accumulate(state, maxima, x, out, n, split);
      begin(states, n, group);
      cut
        .groups("accumulate", n, group)
        .changes(states, STATE_BYTES / group)
        .writes(maxima, 4 / BLOCK)
        .reads(x, 4)
        .fills(out, 4)
        .count()
        .value(split ? 1 : 0)
        .run();
      append(state, states, n, group);
    },
    accumulateSums(state, x, e, n) {
      const group = groupOf("accumulateSums", n);
      if (group === 0) return one.accumulateSums(state, x, e, n);
      begin(states, n, group);
      cut
        .groups("accumulateSums", n, group)
        .changes(states, STATE_BYTES / group)
        .reads(x, 4)
        .own(e)
        .count()
        .run();
      append(state, states, n, group);
    },
    accumulateDense(state, maxima, x, t, out, keep, n) {
      const group = groupOf("accumulateDense", n);
      if (group === 0) return one.accumulateDense(state, maxima, x, t, out, keep, n);
      begin(states, n, group);
      cut
        .groups("accumulateDense", n, group)
        .changes(states, STATE_BYTES / group)
        .writes(maxima, 4 / BLOCK)
        .reads(x, 4)
        .reads(t, 4);
      if (keep) cut.fills(out, 4);
      else cut.own(out);
      cut
        .value(keep ? 1 : 0)
        .count()
        .run();
      append(state, states, n, group);
    },
    klAccumulate(state, other, x, y, e, n) {
      const group = groupOf("klAccumulate", n);
      if (group === 0) return one.klAccumulate(state, other, x, y, e, n);
      begin(states, n, group);
      begin(others, n, group);
      cut
        .groups("klAccumulate", n, group)
        .changes(states, STATE_BYTES / group)
        .changes(others, STATE_BYTES / group)
        .reads(x, 4)
        .reads(y, 4)
        .own(e)
        .count()
        .run();
      append(state, states, n, group);
      append(other, others, n, group);
    },
    klApply(state, other, x, y, grad, e, n, scale, sums) {
      if (!cut.worth("klApply", n)) return one.klApply(state, other, x, y, grad, e, n, scale, sums);
      const { f64 } = work.arena;
      const parts = states >>> 3;
      const end = parts + 2 * Math.ceil(n / BLOCK);
      f64.fill(0, parts, end);
      cut
        .blocks("klApply", n, BLOCK)
        .value(state)
        .value(other)
        .reads(x, 4)
        .reads(y, 4)
        .writes(grad, 4)
        .own(e)
        .count()
        .value(scale)
        .changes(states, 16 / BLOCK)
        .run();
      const total = sums >>> 3;
      for (let at = parts; at < end; at += 2) {
        f64[total] += f64[at];
        f64[total + 1] += f64[at + 1];
      }
    },
    softmaxApply(state, maxima, out, n, factor) {
      if (!cut.worth("softmaxApply", n)) return one.softmaxApply(state, maxima, out, n, factor);
      cut
        .elements("softmaxApply", n, 1, BLOCK)
        .value(state)
        .reads(maxima, 4 / BLOCK)
        .changes(out, 4)
        .count()
        .value(factor)
        .run();
    },
    generalApply(state, maxima, base, grad, n, spike, zLoss, lse, factor) {
      if (!cut.worth("generalApply", n))
        return one.generalApply(state, maxima, base, grad, n, spike, zLoss, lse, factor);
      cut
        .elements("generalApply", n, 1, BLOCK)
        .value(state)
        .reads(maxima, 4 / BLOCK)
        .reads(base, 4)
        .changes(grad, 4)
        .count()
        .value(spike)
        .value(zLoss)
        .value(lse)
        .value(factor)
        .run();
    },
  };
}

/** Columns of the groups that n columns are cut into: the least power of two blocks of which there are not too many. */
function groupSize(n: number): number {
  let columns = BLOCK;
  while (n > GROUPS * columns) columns *= 2;
  return columns;
}
