import type { Kernels } from "./backend/backend.js";
import type { Operand } from "./memory.js";
import { newFloats } from "./outputs.js";
import { type Grid, turn } from "./turn.js";
import type { Slot, Workspace } from "./workspace.js";

/** Positions of a tile below which strips are turned instead. */
const FEW = 4;

/** Positions of a strip, at most, and floats: 8 MiB. */
const WIDTH = 64;
const MOST = 2 ** 21;

/** Strips that are less than a quarter of their slab aren't copied with all that lies between them, but turned float by float. */
const WHOLE = 4;

/**
 * Positions along another axis than the last of which few fit a tile: gathered tile by tile, each cache line would be fetched
 * many times. A strip of them, side by side, is turned into rows of an array beside linear memory, where they are read and
 * written as foreign rows are. Results take the places of rows that have been read, as if the operation worked in place;
 * with the last of them the strip is turned back.
 */
export class Strips {
  readonly #work: Workspace;
  readonly #kernels: Kernels;
  /** The arrays of the slots, which live as long as the walk, and the first positions in them. */
  #rooms: Float32Array[] = [];
  #firsts: number[] = [];
  #classes = 0;
  #inner = 0;
  /** Positions of a strip; 0 if the batch isn't taken so. */
  width = 0;

  constructor(work: Workspace, kernels: Kernels) {
    this.#work = work;
    this.#kernels = kernels;
  }

  /** Starts a walk. `fit`: how many positions fit a tile. */
  over(classes: number, inner: number, fit: number): void {
    const few = inner > 1 && fit < Math.min(FEW, inner);
    const most = few ? Math.min(inner, WIDTH, Math.floor(MOST / classes)) : 0;
    this.width = most < 16 ? most : most & ~15;
    this.#classes = classes;
    this.#inner = inner;
    this.clear();
  }

  /** Gives the arrays up. */
  clear(): void {
    if (this.#rooms.length === 0) return;
    this.#rooms = [];
    this.#firsts = [];
  }

  /** How many positions there are from one on to the end of its strip. */
  left(position: number): number {
    const at = position % this.#inner;
    return Math.min(this.width - (at % this.width), this.#inner - at);
  }

  /** Index of a position's row in the array of its strip. */
  at(position: number): number {
    return this.#row(position) * this.#classes;
  }

  /** The array of a slot's strips. */
  room(slot: Slot): Float32Array {
    this.#rooms[slot] ??= newFloats(this.width * this.#classes);
    return this.#rooms[slot];
  }

  /** The array with the strip that a position of an input is in. */
  read(operand: Operand, position: number, slot: Slot): Float32Array {
    const first = position - this.#row(position);
    if (this.#firsts[slot] !== first) this.#turn(operand, first, slot, false);
    this.#firsts[slot] = first;
    return this.room(slot);
  }

  /** Hands a strip's results over once that of its last position stands in the slot's array. */
  write(operand: Operand, position: number, slot: Slot): void {
    if (this.left(position) === 1) this.#turn(operand, position - this.#row(position), slot, true);
  }

  #row(position: number): number {
    return (position % this.#inner) % this.width;
  }

  /** Turns a strip, or `back`: float by float; or by the kernel, by way of tile 4, and of tile 2 if it is foreign. */
  #turn({ array, pointer }: Operand, first: number, slot: Slot, back: boolean): void {
    const work = this.#work;
    const classes = this.#classes;
    const inner = this.#inner;
    const width = this.left(first);
    const room = this.room(slot);
    const from = first % inner;
    const offset = (first - from) * classes + from;
    if (array && inner > WHOLE * width) {
      const lying: Grid = [array, offset, inner, 1];
      const turned: Grid = [room, 0, 1, classes];
      if (back) turn(turned, lying, classes, width);
      else turn(lying, turned, classes, width);
      return;
    }
    const [tile, transit] = [work.tile(4), work.tile(2)];
    // An odd number of cache lines, so that rows fall on many sets of a cache.
    const most = (Math.floor(work.tileFloats / (array ? inner : width)) & ~31) - 16;
    for (let c = 0; c < classes; c += most) {
      const n = Math.min(most, classes - c);
      const at = offset + c * inner;
      const floats = (n - 1) * inner + width;
      const lying = array ? transit : pointer + at * 4;
      if (array && !(back && inner === width)) work.copyIn(array, at, floats, lying);
      if (!back) this.#kernels.transpose(lying, inner, tile, n, n, width);
      for (let row = 0; row < width; row++) {
        if (back) work.copyIn(room, row * classes + c, n, tile + row * n * 4);
        else work.copyOut(tile + row * n * 4, n, room, row * classes + c);
      }
      if (back) this.#kernels.transpose(tile, n, lying, inner, width, n);
      if (array && back) work.copyOut(lying, floats, array, at);
    }
  }
}
