import type { Context } from "../context.js";
import type { Arena } from "../memory.js";
import { viewOf } from "../weights.js";
import type { LayerGradients } from "./linear-layer.js";
import type { LinearProducts } from "./linear-products.js";

/**
 * Logits lent to the gradient of the weights. Nothing is known of a block of that gradient until the block's logits have
 * come by a second time, so until then its memory, n × D floats for n classes, holds the n logits of D positions, which
 * need not be computed again. Not where gradients are added to, nor for any group but the first.
 */
export class Loan {
  readonly #arena: Arena;
  readonly #depth: number;
  /** What is lent to. */
  readonly #room: Float32Array | undefined;

  /** `depth`: D, or 0 to lend nothing. */
  constructor({ arena }: Context, { weights, accumulate }: LayerGradients, depth: number) {
    this.#arena = arena;
    this.#depth = depth;
    this.#room = weights && !accumulate && depth > 0 ? viewOf(weights, arena) : undefined;
  }

  /** How many rows of a group are lent: a multiple of 4, or all. */
  #rows({ position, count }: LinearProducts): number {
    if (position > 0) return 0;
    return count <= this.#depth ? count : this.#depth & ~3;
  }

  /** Lends the logits of n classes from `column` on, whose rows lie side by side. */
  give(products: LinearProducts, column: number, n: number, logits: number): void {
    const from = logits >>> 2;
    const lent = this.#arena.f32.subarray(from, from + this.#rows(products) * n);
    this.#room?.set(lent, column * this.#depth);
  }

  /** Brings them back; returns the first row that has to be computed. */
  takeBack(products: LinearProducts, column: number, n: number, logits: number): number {
    if (!this.#room) return 0;
    const rows = this.#rows(products);
    const start = column * this.#depth;
    this.#arena.f32.set(this.#room.subarray(start, start + rows * n), logits >>> 2);
    return rows;
  }
}
