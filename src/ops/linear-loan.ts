import type { Context } from "../context.js";
import type { Arena } from "../memory.js";
import type { LayerGradients } from "./linear-layer.js";
import type { LinearProducts } from "./linear-products.js";

/**
 * Logits lent to the gradient of the weights. Nothing is known of a block of that gradient until the block's logits have
 * come by a second time, so until then its memory, n × D floats for n classes, holds the n logits of D positions, which
 * need not be computed again. Not where gradients are added to, nor for any group but the first.
 */
export class Loan {
  readonly #arena: Arena;
  readonly #gradients: LayerGradients;
  readonly #depth: number;

  /** `depth`: D, or 0 to lend nothing. */
  constructor({ arena }: Context, gradients: LayerGradients, depth: number) {
    this.#arena = arena;
    this.#gradients = gradients;
    this.#depth = gradients.accumulate || !gradients.weights ? 0 : depth;
  }

  /** How many rows of a group are lent: a multiple of 4, or all. */
  #rows({ position, count }: LinearProducts): number {
    if (position > 0) return 0;
    return count <= this.#depth ? count : this.#depth & ~3;
  }

  /** Where a tile's logits are lent to: an array, and the index of the first. */
  #place(column: number): { array: Float32Array; start: number } {
    const { array, pointer } = this.#gradients.weights ?? { array: undefined, pointer: 0 };
    const start = column * this.#depth;
    return array ? { array, start } : { array: this.#arena.f32, start: (pointer >>> 2) + start };
  }

  /** Lends the logits of n classes from `column` on, whose rows lie side by side. */
  give(products: LinearProducts, column: number, n: number, logits: number): void {
    const rows = this.#rows(products);
    if (rows === 0) return;
    const { array, start } = this.#place(column);
    const from = logits >>> 2;
    array.set(this.#arena.f32.subarray(from, from + rows * n), start);
  }

  /** Brings them back; returns the first row that has to be computed. */
  takeBack(products: LinearProducts, column: number, n: number, logits: number): number {
    const rows = this.#rows(products);
    if (rows === 0) return 0;
    const { array, start } = this.#place(column);
    this.#arena.f32.set(array.subarray(start, start + rows * n), logits >>> 2);
    return rows;
  }
}
