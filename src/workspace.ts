import { BLOCK, QUADS_BYTES } from "./backend/backend.js";
import type { Extent } from "./extents.js";
import { ALIGN, type Arena, type Operand } from "./memory.js";

/** Floats of a staged tile. 256 KiB: two tiles and a block stay in a second-level cache of 1 MiB. */
export const TILE = 65536;

/** Floats of a staged tile that threads share. */
export const SHARED_TILE = 4 * TILE;

/** Positions that are handled at a time: labels, scales and losses are staged for so many. */
export const POSITIONS = 4096;

const SLOTS = 5;

/** Columns of a row that a kernel takes at once, at most: `maxima` has room for the blocks of so many. */
export const MOST_COLUMNS = 256 * BLOCK;

/** Bytes of what every thread has of its own: state, secondState, exponentials and maxima, in this order. */
export const THREAD_BYTES = 2 * QUADS_BYTES + 8 * BLOCK * 4 + (MOST_COLUMNS / BLOCK) * 4;

/** Memory that holds the kernels' constants and the workspace. */
export const LEAST_MEMORY = 2 * 1024 * 1024;

/** As LEAST_MEMORY, for so many threads: their tiles are larger, and each has its own scratch. */
export function leastMemory(threads: number): number {
  return LEAST_MEMORY + (threads > 1 ? SLOTS * (SHARED_TILE - TILE) * 4 + threads * THREAD_BYTES : 0);
}

/** Bytes of a cache line. */
const LINE = 64;

/** Number of a staging tile. Transpositions pass through tile 2, strips through tile 4 too; scratch begins with tile 0. */
export type Slot = 0 | 1 | 2 | 3 | 4;

/** Not that of a subclass. */
const { set } = Float32Array.prototype;

/** Copies shorter than this cost less as a loop than as a view of their part and a call of TypedArray.set. */
const SHORT = 48;

/**
 * What every call works in: a few fixed regions of linear memory, by their byte addresses, through which foreign arrays are
 * staged a tile at a time.
 */
export class Workspace {
  readonly arena: Arena;
  readonly state: number;
  readonly exponentials: number;
  readonly maxima: number;
  readonly labels: number;
  readonly scales: number;
  readonly losses: number;
  readonly spikes: number;
  /** Sums of a second row, for operations on two. */
  readonly secondState: number;
  /** Results besides losses: a float64 or float32 for each position, such as a log-sum-exp, or for each block of a long row. */
  readonly values: number;
  /** What argmax finds: an int32 for each position. */
  readonly indices: number;
  /** Room for the exponentials of two rows, `pairRoom` floats each: tiles 3 and 4, or with threads what each has of its own. */
  readonly pair: number;
  readonly pairRoom: number;
  readonly #tiles: number;
  readonly #extents: Extent[] = [];
  #skew = 0;

  /** Floats of a staging tile here: several threads share larger ones. */
  readonly tileFloats: number;

  constructor(arena: Arena, tileFloats = TILE) {
    this.arena = arena;
    this.tileFloats = tileFloats;
    try {
      this.state = this.allocate(THREAD_BYTES);
      this.secondState = this.state + QUADS_BYTES;
      this.exponentials = this.secondState + QUADS_BYTES;
      this.maxima = this.exponentials + 8 * BLOCK * 4;
      this.labels = this.allocate(POSITIONS * 4);
      this.scales = this.allocate(POSITIONS * 8);
      this.losses = this.allocate(POSITIONS * 8);
      this.values = this.allocate(POSITIONS * 8);
      this.indices = this.allocate(POSITIONS * 4);
      this.spikes = this.allocate(POSITIONS * 8);
      this.#tiles = Math.ceil(this.allocate(SLOTS * (tileFloats * 4 + LINE) + LINE) / LINE) * LINE + ALIGN;
      this.pair = arena.shared ? this.exponentials : this.tile(3);
      this.pairRoom = arena.shared ? 4 * BLOCK : tileFloats;
    } catch (cause) {
      this.free();
      throw cause;
    }
  }

  /** A range that belongs to the workspace. */
  allocate(bytes: number): number {
    const extent = this.arena.allocate(bytes);
    this.#extents.push(extent);
    return extent.start;
  }

  /** Gives everything back. */
  free(): void {
    for (const extent of this.#extents) this.arena.free(extent);
  }

  /**
   * Address of a staging tile: 16 bytes past a cache line, as allocators begin large arrays (glibc: 16 bytes into a page).
   * A copy between two sides that aren't alike mod 32 takes up to 1.6 times as long.
   */
  tile(slot: Slot): number {
    return this.#tiles + slot * (this.tileFloats * 4 + LINE) + this.#skew;
  }

  /** Floats that there is room for at tile 0 where no other is needed. */
  get slabFloats(): number {
    return SLOTS * this.tileFloats;
  }

  /**
   * Lets all tiles begin where floats from this index of an array on are copied fastest. Engines copy between shared
   * memory and arrays eight bytes at a time, but byte by byte, 8 times slower, where the two sides aren't alike mod 8.
   */
  alignTo(index: number): void {
    this.#skew = this.arena.shared ? (index & 1) * 4 : 0;
  }

  /** Copies n floats of an array into linear memory. Throws FreedError once that has been given up. */
  copyIn(array: Float32Array, from: number, n: number, to: number): void {
    const { f32 } = this.arena;
    if (f32.length === 0) this.arena.checkLive();
    const at = to >>> 2;
    if (n < SHORT) for (let i = 0; i < n; i++) f32[at + i] = array[from + i];
    // The array has n floats, no more. Its `length` may be a getter that makes a call, which would overwrite what is here.
    else if (from === 0 && array[n] === undefined) f32.set(array, at);
    else f32.set(array.subarray(from, from + n), at);
  }

  /** Copies n floats of linear memory into an array. */
  copyOut(from: number, n: number, array: Float32Array, to: number): void {
    const { f32 } = this.arena;
    const at = from >>> 2;
    if (n < SHORT) for (let i = 0; i < n; i++) array[to + i] = f32[at + i];
    else set.call(array, f32.subarray(at, at + n), to);
  }

  /** Copies n floats of an operand, wherever it is, to an address. */
  bring({ array, pointer }: Operand, from: number, n: number, to: number): void {
    if (array) this.copyIn(array, from, n, to);
    else this.move(pointer + from * 4, n, to);
  }

  /** Copies n floats within linear memory. */
  move(from: number, n: number, to: number): void {
    this.arena.f32.copyWithin(to >>> 2, from >>> 2, (from >>> 2) + n);
  }
}
