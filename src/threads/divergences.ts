import type { Kernels } from "../backend/backend.js";
import { addBlocks } from "../columns.js";
import type { Means } from "./spread.js";

/**
 * Sums over each row. Many rows are shared out as they are; of few long ones, taken one after the other, the blocks are, as
 * rows of their own, and their sums added in order as one thread would.
 */
export function spreadDivergences(means: Means): Partial<Kernels> {
  const entropy = divergence(means, "entropy");
  return {
    entropy: (p, e, rows, cols, sums) => entropy(p, 0, 0, e, rows, cols, 0, sums),
    crossEntropy: divergence(means, "crossEntropy"),
    klDivergence: divergence(means, "klDivergence"),
    jensenShannon: divergence(means, "jensenShannon"),
  };
}

function divergence(
  { one, cut, work }: Means,
  kernel: "entropy" | "crossEntropy" | "klDivergence" | "jensenShannon",
): Kernels["klDivergence"] {
  const alone: Kernels["klDivergence"] = (p, q, grad, e, rows, cols, scale, sums) =>
    kernel === "entropy" ? one.entropy(p, e, rows, cols, sums) : one[kernel](p, q, grad, e, rows, cols, scale, sums);

  const shared: Kernels["klDivergence"] = (p, q, grad, e, rows, cols, scale, sums) => {
    const bytes = cols * 4;
    cut.rows(kernel, rows, cols).reads(p, bytes);
    if (kernel !== "entropy") cut.reads(q, bytes).writes(grad, bytes);
    cut.own(e).count().value(cols);
    if (kernel !== "entropy") cut.value(scale);
    cut.writes(sums, 8).run();
  };

  return (p, q, grad, e, rows, cols, scale, sums) => {
    if (!cut.worth(kernel, rows * cols)) return alone(p, q, grad, e, rows, cols, scale, sums);
    if (!cut.few(rows, cols)) return shared(p, q, grad, e, rows, cols, scale, sums);
    for (let row = 0; row < rows; row++) {
      const sum = addBlocks(work, 0, cols, (rows, cols, column, sums) => {
        const at = column * 4;
        const run = cut.worth(kernel, rows * cols) ? shared : alone;
        run(p + at, q + at, grad && grad + at, e, rows, cols, scale, sums);
      });
      work.arena.f64[(sums >>> 3) + row] = sum;
      p += cols * 4;
      q += cols * 4;
      if (grad) grad += cols * 4;
    }
  };
}
