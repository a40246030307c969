import { BLOCK, type Kernels, type Summing } from "../backend/backend.js";
import type { Tools } from "./spread.js";

/**
 * Sums over each row. Many rows are shared out as they are; of few long ones, taken one after the other, the blocks are, as
 * rows of their own, and their sums added in order as one thread would.
 */
export function spreadDivergences(tools: Tools): Partial<Kernels> {
  const entropy = divergence(tools, "entropy");
  return {
    entropy: (p, e, rows, cols, sums) => entropy(p, 0, 0, e, rows, cols, 0, sums),
    crossEntropy: divergence(tools, "crossEntropy"),
    klDivergence: divergence(tools, "klDivergence"),
    jensenShannon: divergence(tools, "jensenShannon"),
  };
}

function divergence({ one, cut, work }: Tools, kernel: Summing): Kernels["klDivergence"] {
  const pair = kernel !== "entropy";
  return (p, q, grad, e, rows, cols, scale, sums) => {
    if (!cut.worth(kernel, rows * cols)) {
      if (pair) one[kernel](p, q, grad, e, rows, cols, scale, sums);
      else one[kernel](p, e, rows, cols, sums);
      return;
    }
    const bytes = cols * 4;
    if (!cut.few(rows, cols)) {
      cut.rows(kernel, rows, cols).reads(p, bytes);
      if (pair) cut.reads(q, bytes).writes(grad, bytes);
      cut.own(e).count().value(cols);
      if (pair) cut.value(scale);
      return cut.writes(sums, 8).run();
    }
    const { f64 } = work.arena;
    const blocks = work.values;
    for (let row = 0; row < rows; row++) {
      const at = row * bytes;
      cut.blocks(kernel, cols, BLOCK).reads(p + at, 4);
      if (pair) cut.reads(q + at, 4).writes(grad && grad + at, 4);
      cut.own(e).value(1).count();
      if (pair) cut.value(scale);
      cut.fills(blocks, 8 / BLOCK).run();
      let sum = 0;
      for (let i = 0; i * BLOCK < cols; i++) sum += f64[(blocks >>> 3) + i];
      f64[(sums >>> 3) + row] = sum;
    }
  };
}
