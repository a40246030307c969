import { viewOf } from "../batch.js";
import type { Context } from "../context.js";
import type { LayerGradients } from "./linear-layer.js";
import type { LinearProducts } from "./linear-products.js";

/**
 * Logits lent to the gradient of the weights. Nothing is known of a block of that gradient until the block's logits have
 * come by a second time, so until then its memory, n × D floats for n classes, holds the n logits of D positions, which
 * need not be computed again. Not where gradients are added to, nor for any group but the first.
 *
 * Undefined where nothing can be lent.
 */
export function logitsLent(
  { arena }: Context,
  { weights, accumulate }: LayerGradients,
  depth: number,
  products: LinearProducts,
): Loan | undefined {
  if (!weights || accumulate) return undefined;
  const room = viewOf(weights, arena);
  /** How many rows of the group are lent: a multiple of 4, or all. */
  const lentRows = () => {
    const { position, count } = products;
    if (position > 0) return 0;
    return count <= depth ? count : depth & ~3;
  };
  return {
    give(column, n, logits) {
      const from = logits >>> 2;
      room.set(arena.f32.subarray(from, from + lentRows() * n), column * depth);
    },
    takeBack(column, n, logits) {
      const rows = lentRows();
      const start = column * depth;
      arena.f32.set(room.subarray(start, start + rows * n), logits >>> 2);
      return rows;
    },
  };
}

interface Loan {
  /** Lends the logits of n classes from `column` on, whose rows lie side by side. */
  give(column: number, n: number, logits: number): void;
  /** Brings them back; returns the first row that has to be computed. */
  takeBack(column: number, n: number, logits: number): number;
}
