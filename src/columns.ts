import type { Layout } from "./batch.js";
import type { Operand, Slot, Workspace } from "./memory.js";
import { TILE } from "./memory.js";

/**
 * One position of a batch whose classes don't fit a tile, in column tiles. A foreign position passes through a staging
 * tile, and so does one whose classes don't lie side by side; a resident one is used where it lies. Tiles are whole
 * blocks, so that every bit is as if the row had been taken at once.
 */
export class Columns {
  readonly #work: Workspace;
  readonly #operand: Operand;
  readonly #start: number;
  readonly #stride: number;
  readonly #slot: Slot;

  constructor(work: Workspace, operand: Operand, { classes, inner }: Layout, position: number, slot: Slot) {
    this.#work = work;
    this.#operand = operand;
    this.#start = Math.floor(position / inner) * classes * inner + (position % inner);
    this.#stride = inner;
    this.#slot = slot;
  }

  get #staged(): boolean {
    return this.#operand.array !== undefined || this.#stride !== 1;
  }

  get #array(): Float32Array {
    return this.#operand.array ?? this.#work.arena.f32;
  }

  #index(column: number): number {
    const index = this.#start + column * this.#stride;
    return this.#operand.array ? index : (this.#operand.pointer >>> 2) + index;
  }

  /** Address of n columns. */
  read(column: number, n: number): number {
    const to = this.place(column);
    if (!this.#staged) return to;
    const from = this.#index(column);
    if (this.#stride === 1) {
      this.#work.copyIn(this.#array, from, n, to);
      return to;
    }
    const { f32 } = this.#work.arena;
    const array = this.#array;
    for (let i = 0; i < n; i++) f32[(to >>> 2) + i] = array[from + i * this.#stride];
    return to;
  }

  /** Address where columns are to be computed. */
  place(column: number): number {
    return this.#staged ? this.#work.tile(this.#slot) : this.#index(column) * 4;
  }

  /** Hands n columns over that were computed at `place`. */
  write(column: number, n: number): void {
    if (!this.#staged) return;
    const from = this.#work.tile(this.#slot);
    const to = this.#index(column);
    if (this.#stride === 1) {
      this.#work.copyOut(from, n, this.#array, to);
      return;
    }
    const { f32 } = this.#work.arena;
    const array = this.#array;
    for (let i = 0; i < n; i++) array[to + i * this.#stride] = f32[(from >>> 2) + i];
  }

  at(column: number): number {
    return this.#array[this.#index(column)];
  }

  put(column: number, value: number): void {
    this.#array[this.#index(column)] = value;
  }
}

/** Calls `use` with the first column and the length of each tile of a row. */
export function eachTile(classes: number, use: (column: number, n: number) => void): void {
  for (let column = 0; column < classes; column += TILE) use(column, Math.min(TILE, classes - column));
}
