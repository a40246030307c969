import type { Context } from "./context.js";

/** The largest float of a row that comes in column tiles, and its column: the first of equal ones. A NaN wins. */
export class Largest {
  value = Number.NEGATIVE_INFINITY;
  column = 0;

  /** Takes in n floats at x, which stand from `column` on. */
  see({ kernels, arena, work }: Context, x: number, n: number, column: number): void {
    kernels.argmax(x, work.indices, 1, n);
    const at = arena.i32[work.indices >>> 2];
    const value = arena.f32[(x >>> 2) + at];
    if (Number.isNaN(this.value) || !(value > this.value || Number.isNaN(value))) return;
    this.value = value;
    this.column = column + at;
  }
}
