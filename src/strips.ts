import type { Arena, Operand } from "./memory.js";
import { newFloats } from "./outputs.js";
import { turn } from "./turn.js";
import type { Slot } from "./workspace.js";

/** Positions of a strip, at most. */
const WIDTH = 64;

/** Floats of a strip, at most: 4 MiB. */
const MOST = 2 ** 20;

/** Positions of a tile below which a strip is turned instead: gathered tile by tile, each cache line would be fetched often. */
const FEW = 4;

/**
 * Positions side by side along another axis than the last, turned into rows of an array beside linear memory, where they are
 * read and written as foreign rows are. Results take the places of rows that have been read, as if the operation worked in
 * place; with the last of them the strip is turned back.
 */
export class Strips {
  readonly #arena: Arena;
  /** The strip at hand of each slot that is read, kept until a call that needs none. */
  #rooms: Float32Array[] = [];
  /** The first position of each. */
  #firsts: number[] = [];
  #classes = 0;
  #inner = 0;
  /** Positions of a strip; 0 if the batch isn't taken so. */
  width = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Starts a walk over slabs of so many positions. `fit`: how many fit a tile, of which a strip has a multiple. */
  over(classes: number, inner: number, fit: number): void {
    const few = fit < FEW && fit < inner;
    this.width = few ? Math.min(WIDTH, Math.floor(MOST / classes)) : 0;
    if (fit > 1) this.width -= this.width % fit;
    this.#classes = classes;
    this.#inner = inner;
    if (few) this.#firsts = [];
    else if (this.#rooms.length > 0) this.#rooms = [];
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

  /** Hands the strip over, if a result that has been put there is its last. */
  write(operand: Operand, position: number, slot: Slot): void {
    const row = this.#row(position);
    const isLast = row + 1 === this.width || (position + 1) % this.#inner === 0;
    if (isLast) this.#turn(operand, position - row, slot, true);
  }

  #row(position: number): number {
    return (position % this.#inner) % this.width;
  }

  #turn({ array, pointer }: Operand, first: number, slot: Slot, back: boolean): void {
    const classes = this.#classes;
    const inner = this.#inner;
    const from = first % inner;
    const n = Math.min(this.width, inner - from);
    const rows = words(this.room(slot));
    const lying = array ? words(array) : this.#arena.i32;
    const at = (array ? 0 : pointer >>> 2) + (first - from) * classes + from;
    if (back) turn(rows, 0, 1, classes, lying, at, inner, 1, classes, n);
    else turn(lying, at, inner, 1, rows, 0, 1, classes, classes, n);
  }
}

function words({ buffer, byteOffset, length }: Float32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}
