import type { Operand } from "./memory.js";
import { newFloats } from "./outputs.js";
import { likeParts, type Slabs } from "./slabs.js";
import { turn } from "./turn.js";
import type { Slot, Workspace } from "./workspace.js";

/** Positions of a strip, at most. */
const WIDTH = 64;

/** Floats of a strip, at most: 8 MiB. */
const MOST = 2 ** 21;

/** How many times as many positions a slab may have to be copied whole. */
const WHOLE = 4;

/** Positions of a tile below which strips are turned instead. */
const FEW = 4;

/**
 * Positions along another axis than the last of which few fit a tile: gathered tile by tile, each cache line would be fetched
 * many times. A strip of them, side by side, is turned into rows of an array beside linear memory, where they are read and
 * written as foreign rows are. Results take the places of rows that have been read, as if the operation worked in place;
 * with the last of them the strip is turned back.
 */
export class Strips {
  readonly #work: Workspace;
  readonly #slabs: Slabs;
  /** The arrays of the slots that are read. They are kept until a call that needs none. */
  #rooms: Float32Array[] = [];
  /** The first positions of the strips that are there. */
  #firsts: number[] = [];
  #classes = 0;
  #inner = 0;
  /** Positions of a strip; 0 if the batch isn't taken so. */
  width = 0;

  constructor(work: Workspace, slabs: Slabs) {
    this.#work = work;
    this.#slabs = slabs;
  }

  /** Starts a walk. `fit`: how many positions fit a tile. */
  over(classes: number, inner: number, fit: number): void {
    const few = fit < FEW && fit < inner;
    this.width = few ? likeParts(inner, Math.min(WIDTH, Math.floor(MOST / classes))) : 0;
    this.#classes = classes;
    this.#inner = inner;
    if (few) this.#firsts = [];
    else if (this.#rooms.length > 0) this.#rooms = [];
  }

  /** How many positions there are from one on to the end of its strip. */
  from(position: number): number {
    const at = position % this.#inner;
    return Math.min(this.width - (at % this.width), this.#inner - at);
  }

  /** Index of a position's row in the array of its strip. */
  at(position: number): number {
    return this.#row(position) * this.#classes;
  }

  /** The array of a slot's strips. */
  room(slot: Slot): Float32Array {
    const least = Math.min(this.width, this.#inner) * this.#classes;
    if (!(this.#rooms[slot]?.length >= least)) this.#rooms[slot] = newFloats(least);
    return this.#rooms[slot];
  }

  /** The array with the strip that a position of an input is in. */
  read(operand: Operand, position: number, slot: Slot): Float32Array {
    const first = position - this.#row(position);
    if (this.#firsts[slot] !== first) this.#turn(operand, first, slot, false);
    this.#firsts[slot] = first;
    return this.room(slot);
  }

  /** Hands the strip over if the result of a position, which has been put there, is its last. */
  write(operand: Operand, position: number, slot: Slot): void {
    if (this.from(position) === 1) this.#turn(operand, position - this.#row(position), slot, true);
  }

  #row(position: number): number {
    return (position % this.#inner) % this.width;
  }

  /** Turns a strip, or `back`: float by float, or by way of tile 4 as many classes at a time as it holds. */
  #turn(operand: Operand, first: number, slot: Slot, back: boolean): void {
    const work = this.#work;
    const classes = this.#classes;
    const inner = this.#inner;
    const width = this.from(first);
    const rows = this.room(slot);
    const offset = (first - (first % inner)) * classes + (first % inner);
    if (operand.array && inner > WHOLE * width) {
      const lying = wordsOf(operand.array);
      const there = wordsOf(rows);
      if (back) turn(there, 0, 1, classes, lying, offset, inner, 1, classes, width);
      else turn(lying, offset, inner, 1, there, 0, 1, classes, classes, width);
      return;
    }
    const tile = work.tile(4);
    // An odd number of cache lines, so that rows fall on many sets of a cache.
    const most = (Math.floor(work.tileFloats / width) & ~31) - 16;
    for (let c = 0; c < classes; c += most) {
      const n = Math.min(most, classes - c);
      const turnPart = () => this.#slabs.turn(operand, offset + c * inner, inner, width, 1, n, tile, back);
      if (!back) turnPart();
      for (let row = 0, at = tile; row < width; row++, at += n * 4) {
        if (back) work.copyIn(rows, row * classes + c, n, at);
        else work.copyOut(at, n, rows, row * classes + c);
      }
      if (back) turnPart();
    }
  }
}

function wordsOf({ buffer, byteOffset, length }: Float32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}
