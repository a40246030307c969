import type { Layout } from "./batch.js";
import type { Operand } from "./memory.js";
import { POSITIONS, TILE, type Workspace } from "./memory.js";

/** Number of a staging tile of the workspace. */
export type Slot = 0 | 1 | 2;

/**
 * Walks a batch in tiles that fit the workspace. A position is one vector along the class axis; a tile is a run of
 * positions with all their classes:
 *
 * - class axis last: whole rows;
 * - class axis further out: whole slabs of classes × inner, or, of a slab that is too large, all classes of a part of
 *   the inner positions, which lie in `classes` pieces in the array and come together in the tile;
 * - everything resident: no tile is needed, and one covers up to POSITIONS positions where they lie.
 *
 * One walker serves all calls, so that a call makes no garbage.
 */
export class Tiles {
  readonly #work: Workspace;
  #outer = 0;
  #innerTotal = 0;
  #staged = true;
  #slab = 0;
  #at = 0;
  #limit = POSITIONS;
  /** First position of this tile, and how many. */
  position = 0;
  positions = 0;
  /** The tile's own layout. */
  outer = 0;
  classes = 0;
  inner = 0;
  /** Where the tile's first float stands in the batch. */
  offset = 0;
  /** Floats between two classes of a position, where the tile is computed. */
  stride = 0;

  constructor(work: Workspace) {
    this.#work = work;
  }

  /** Starts a walk. `resident`: all operands lie in linear memory. */
  over(layout: Layout, resident: boolean): this {
    this.#limit = POSITIONS;
    this.#outer = layout.outer;
    this.classes = layout.classes;
    this.#innerTotal = layout.inner;
    this.#staged = !resident;
    this.#slab = 0;
    this.#at = 0;
    return this;
  }

  /** Starts a walk over n elements that don't depend on each other; tiles are cut at multiples of TILE. */
  flat(n: number, resident: boolean): this {
    this.over({ outer: 1, classes: 1, inner: n }, resident);
    this.#limit = resident ? n : TILE;
    return this;
  }

  /** Moves on to the next tile; false at the end. */
  next(): boolean {
    if (this.#slab >= this.#outer || this.#innerTotal === 0) return false;
    const { classes } = this;
    const inner = this.#innerTotal;
    const slabFloats = classes * inner;
    const limit = this.#limit;
    if (inner <= limit && (!this.#staged || slabFloats <= TILE)) {
      const fit = this.#staged && slabFloats > 0 ? Math.floor(TILE / slabFloats) : limit;
      const slabs = Math.min(this.#outer - this.#slab, fit, Math.floor(limit / inner));
      this.#set(this.#slab * inner, slabs, inner, this.#slab * slabFloats);
      this.#slab += slabs;
      return true;
    }
    // Widths are multiples of 16 floats, so that every piece but the last of a row is whole cache lines.
    const fit = this.#staged ? Math.max(1, Math.floor(TILE / classes)) : limit;
    const width = Math.min(inner - this.#at, limit, fit < 16 ? fit : fit & ~15);
    this.#set(this.#slab * inner + this.#at, 1, width, this.#slab * slabFloats + this.#at);
    this.#at += width;
    if (this.#at === inner) {
      this.#at = 0;
      this.#slab++;
    }
    return true;
  }

  #set(position: number, outer: number, inner: number, offset: number): void {
    this.position = position;
    this.positions = outer * inner;
    this.outer = outer;
    this.inner = inner;
    this.offset = offset;
    this.stride = this.#staged ? inner : this.#innerTotal;
  }

  /** Whether the class axis alone is more than a tile: such rows are taken in column tiles (long-row.ts). */
  get long(): boolean {
    return this.#staged && this.classes > TILE;
  }

  get #pieces(): boolean {
    return this.#staged && this.classes > 1 && this.inner !== this.#innerTotal;
  }

  /** Address of the tile of an input: where it lies, or a copy in slot `slot`. */
  read(operand: Operand, slot: Slot): number {
    if (operand.array === undefined && !this.#pieces) return operand.pointer + this.offset * 4;
    const to = this.#work.tiles[slot];
    const from = this.#from(operand);
    const source = operand.array ?? this.#work.arena.f32;
    if (this.#pieces) {
      const { inner } = this;
      for (let c = 0; c < this.classes; c++) {
        this.#work.copyIn(source, from + c * this.#innerTotal, inner, to + c * inner * 4);
      }
    } else {
      this.#work.copyIn(source, from, this.floats, to);
    }
    return to;
  }

  /** Address where the tile of an output is to be computed. */
  place(operand: Operand, slot: Slot): number {
    const there = operand.array === undefined && !this.#pieces;
    return there ? operand.pointer + this.offset * 4 : this.#work.tiles[slot];
  }

  /** Hands an output's tile over, if it was computed in slot `slot`. */
  write(operand: Operand, slot: Slot): void {
    if (operand.array === undefined && !this.#pieces) return;
    const from = this.#work.tiles[slot];
    const to = this.#from(operand);
    const target = operand.array ?? this.#work.arena.f32;
    if (this.#pieces) {
      const { inner } = this;
      for (let c = 0; c < this.classes; c++) {
        this.#work.copyOut(from + c * inner * 4, inner, target, to + c * this.#innerTotal);
      }
    } else {
      this.#work.copyOut(from, this.floats, target, to);
    }
  }

  /** Floats of the tile. */
  get floats(): number {
    return this.outer * this.classes * this.inner;
  }

  /** Index of the tile's first float in the operand's array, or in all of linear memory. */
  #from(operand: Operand): number {
    return operand.array === undefined ? (operand.pointer >> 2) + this.offset : this.offset;
  }
}
