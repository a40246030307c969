import { BLOCK } from "./backend/backend.js";
import type { Layout } from "./batch.js";
import type { Context } from "./context.js";
import type { Operand } from "./memory.js";
import type { Streams } from "./tiles.js";
import { MOST_COLUMNS, type Slot, type Workspace } from "./workspace.js";

/** Slots of an operand that no other needs a part of, and of one whose tiles all pass through the same. */
export const ALL_SLOTS: readonly Slot[] = [0, 1, 2, 3, 4];
export const ONE_SLOT: readonly Slot[] = [0];

/**
 * One position of a batch in column tiles: its classes don't fit a tile, or threads share them. A foreign position passes
 * through a staging tile, and so does one whose classes don't lie side by side, which is the row of a strip (strips.ts)
 * unless it is too long even for that; a resident one is used where it lies. Tiles are whole blocks, so that every bit is as
 * if the row had been taken at once.
 *
 * The first column tiles may have a slot each. What is computed there in one pass over the row can stay until the next
 * one; what passes through the last slot has to be handed over in between.
 *
 * All tiles of a row begin alike (`Workspace.alignTo`), or kernels that write to the tile they read would miss it by a
 * float: whoever reads other floats beside the row's begins where the row does.
 */
export class Columns {
  readonly #work: Workspace;
  /** The floats, of which the row has one every `#stride` from `#start` on: a foreign array, or linear memory. */
  #array: Float32Array;
  #start: number;
  #stride: number;
  readonly #classes: number;
  #staged: boolean;
  /** Addresses of the staging tiles. */
  readonly #tiles: readonly number[];
  readonly #streams: Streams | undefined;
  /** Brings the strip that it is a row of, and hands it over. */
  #bringStrip: (() => void) | undefined;
  #handStripOver: (() => void) | undefined;

  constructor(
    { tiles, work }: Context,
    operand: Operand,
    { classes, inner }: Layout,
    position: number,
    ...slots: readonly Slot[]
  ) {
    const { array, pointer } = operand;
    this.#work = work;
    this.#array = array ?? work.arena.f32;
    this.#start = Math.floor(position / inner) * classes * inner + (position % inner);
    this.#stride = inner;
    this.#classes = classes;
    this.#staged = array !== undefined || inner !== 1;
    if (array && inner === 1) this.#streams = tiles.streams;
    const { strips } = tiles;
    if (strips.width) {
      this.#array = strips.room(slots[0]);
      this.#start = strips.at(position);
      this.#stride = 1;
      this.#bringStrip = () => strips.read(operand, position, slots[0]);
      this.#handStripOver = () => strips.write(operand, position, slots[0]);
    }
    // By the index in the batch, so that tiles of all operands begin alike, wherever in linear memory one lies.
    work.alignTo(this.#start);
    if (!array && !strips.width) this.#start += pointer >>> 2;
    this.#tiles = slots.map((slot) => work.tile(slot));
  }

  /** Whether it passes through staging tiles. */
  get staged(): boolean {
    return this.#staged;
  }

  /** Reads from a copy from now on, in an array with room for one float more: it begins where its tiles are filled as fast. */
  detach(array: Float32Array): void {
    const start = this.#start & 1;
    eachTile(this.#work, this.#classes, (column, n) => {
      this.#bringStrip?.();
      this.#work.copyOut(this.#bring(column, n), n, array, start + column);
    });
    this.#array = array;
    this.#start = start;
    this.#stride = 1;
    this.#staged = true;
  }

  #index(column: number): number {
    return this.#start + column * this.#stride;
  }

  /** Address of n columns. */
  read(column: number, n: number): number {
    this.#bringStrip?.();
    if (!this.#streams) return this.#bring(column, n);
    const to = this.place(column);
    this.#streams.input(this.#array, this.#index(column), n, to);
    return to;
  }

  /** As `read`, by way of another slot. */
  reread(column: number, n: number, slot: Slot): number {
    return this.#staged ? this.#bring(column, n, this.#work.tile(slot)) : this.place(column);
  }

  #bring(column: number, n: number, to = this.place(column)): number {
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
    if (!this.#staged) return this.#index(column) * 4;
    const tile = Math.floor(column / this.#work.tileFloats);
    return this.#tiles[Math.min(tile, this.#tiles.length - 1)];
  }

  /** Whether what is computed of a tile in one pass over the row is still there in the next. */
  #stays(column: number): boolean {
    const tile = Math.floor(column / this.#work.tileFloats);
    const last = this.#tiles.length - 1;
    return tile < last || (tile === last && column + this.#work.tileFloats >= this.#classes);
  }

  /** Lets the next pass have n columns that were computed at `place`. */
  keep(column: number, n: number): void {
    if (!this.#stays(column)) this.#put(column, n);
  }

  /** Address of n columns that were kept, or read in an earlier pass and not changed. */
  recall(column: number, n: number): number {
    return this.#stays(column) ? this.place(column) : this.read(column, n);
  }

  /** What the next kernel leaves at `place` is the result: it may be copied while the kernel computes. */
  expect(column: number, n: number): void {
    this.#streams?.output(this.#array, this.#index(column), n, this.place(column));
  }

  /** The float of a column as the operand has it. */
  at(column: number): number {
    return this.#array[this.#index(column)];
  }

  /** The float of a column, at `place`, was changed after the kernel. */
  rewrite(column: number): void {
    this.#streams?.rewrite(this.place(column) + (column % this.#work.tileFloats) * 4);
  }

  /** Hands n columns over that were computed at `place`. */
  write(column: number, n: number): void {
    this.#put(column, n);
    if (column + n === this.#classes) this.#handStripOver?.();
  }

  #put(column: number, n: number): void {
    if (!this.#staged) return;
    const from = this.place(column);
    if (this.#streams?.finish(from)) return;
    const to = this.#index(column);
    if (this.#stride === 1) {
      this.#work.copyOut(from, n, this.#array, to);
      return;
    }
    const { f32 } = this.#work.arena;
    const array = this.#array;
    for (let i = 0; i < n; i++) array[to + i * this.#stride] = f32[(from >>> 2) + i];
  }
}

/**
 * The maxima of a long row's blocks. Kernels find those of one tile in linear memory; all of them, which the second pass
 * over the row needs again, are kept here.
 */
export class BlockMaxima {
  readonly #work: Workspace;
  readonly #kept: Float32Array;

  constructor(work: Workspace, classes: number) {
    this.#work = work;
    this.#kept = new Float32Array(Math.ceil(classes / BLOCK));
  }

  /** Address of the maxima of the tile at hand. */
  get address(): number {
    return this.#work.maxima;
  }

  /** Keeps those of the tile at `column`, which a kernel has left at `address`. */
  keep(column: number, n: number): void {
    this.#work.copyOut(this.address, Math.ceil(n / BLOCK), this.#kept, column / BLOCK);
  }

  /** Brings those of the tile at `column` back to `address`. */
  recall(column: number, n: number): number {
    this.#work.copyIn(this.#kept, column / BLOCK, Math.ceil(n / BLOCK), this.address);
    return this.address;
  }

  /** The maximum of the block that a column is in. */
  of(column: number): number {
    return this.#kept[Math.floor(column / BLOCK)];
  }
}

type UsePart = (from: number, n: number) => void;

/** Calls `use` with where each part of a length begins and how long it is: `size`, or what is left. */
export function eachPart(length: number, size: number, use: UsePart): void {
  for (let from = 0; from < length; from += size) use(from, Math.min(size, length - from));
}

/** The tiles of a row: their first columns and lengths. */
export function eachTile(work: Workspace, classes: number, use: UsePart): void {
  eachPart(classes, work.tileFloats, use);
}

/** `eachTile` for several passes. `inPlace`: nothing is staged, so tiles are as long as kernels take them. */
export function tilesOf(work: Workspace, classes: number, inPlace: boolean): (use: UsePart) => void {
  return (use) => eachPart(classes, inPlace ? MOST_COLUMNS : work.tileFloats, use);
}
