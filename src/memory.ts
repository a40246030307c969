import { BLOCK, type LinearMemory, STATE_BYTES } from "./backend/backend.js";
import { MemoryError } from "./errors.js";

/**
 * Linear memory, seen from TypeScript: an arena that hands out 16-byte aligned ranges, and the workspace that every call
 * uses: a few fixed regions through which foreign arrays are staged a tile at a time. So the memory in use depends on the
 * resident batches alone, never on the size of a foreign one, and none but `alloc` and the linear losses (scratch.ts)
 * make it grow: no view of it dies during another operation.
 */

/** Floats of a staged tile. 256 KiB: two tiles and a block stay in a second-level cache of 1 MiB. */
export const TILE = 65536;

/** Positions that are handled at a time: labels, scales and losses are staged for so many. */
export const POSITIONS = 4096;

const SLOTS = 5;

const ALIGN = 16;

/** A float batch's place: a foreign array, or an address in linear memory. */
export interface Operand {
  readonly array: Float32Array | undefined;
  readonly pointer: number;
}

/** Number of a staging tile. Transpositions pass through tile 2. */
export type Slot = 0 | 1 | 2 | 3 | 4;

interface Range {
  start: number;
  size: number;
}

/** First-fit allocation with coalescing. The free ranges are kept in order of address. */
export class Arena {
  readonly #memory: LinearMemory;
  readonly #maximum: number;
  readonly #free: Range[] = [];
  readonly #sizes = new Map<number, number>();
  #end: number;
  #used = 0;
  /** The whole memory and views of it, renewed when it grows. */
  buffer: ArrayBufferLike;
  f32: Float32Array;
  f64: Float64Array;
  i32: Int32Array;

  constructor(memory: LinearMemory, base: number, maximum: number) {
    this.#memory = memory;
    this.#maximum = maximum;
    this.#end = Math.ceil(base / ALIGN) * ALIGN;
    this.buffer = memory.buffer;
    this.f32 = new Float32Array(memory.buffer);
    this.f64 = new Float64Array(memory.buffer);
    this.i32 = new Int32Array(memory.buffer);
  }

  /** Bytes handed out. */
  get used(): number {
    return this.#used;
  }

  /** Bytes of linear memory. */
  get reserved(): number {
    return this.#memory.buffer.byteLength;
  }

  get maximum(): number {
    return this.#maximum;
  }

  /** A range of at least `bytes`, 16-byte aligned. Throws MemoryError, naming the size, where it can't be had. */
  allocate(bytes: number): number {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
    const index = this.#free.findIndex((range) => range.size >= size);
    let start: number;
    if (index >= 0) {
      const range = this.#free[index] as Range;
      start = range.start;
      range.start += size;
      range.size -= size;
      if (range.size === 0) this.#free.splice(index, 1);
    } else {
      // A free range that ends where the used part ends need only be lengthened.
      const last = this.#free.at(-1);
      const joins = last !== undefined && last.start + last.size === this.#end;
      start = joins ? last.start : this.#end;
      this.#grow(start + size, bytes);
      if (joins) this.#free.pop();
      this.#end = start + size;
    }
    this.#sizes.set(start, size);
    this.#used += size;
    return start;
  }

  /** Gives a range back. */
  free(start: number): void {
    const size = this.#sizes.get(start);
    if (size === undefined) return;
    this.#sizes.delete(start);
    this.#used -= size;
    let at = this.#free.findIndex((range) => range.start > start);
    if (at < 0) at = this.#free.length;
    const range = { start, size };
    const next = this.#free[at];
    if (next && start + size === next.start) {
      range.size += next.size;
      this.#free.splice(at, 1);
    }
    const previous = this.#free[at - 1];
    if (previous && previous.start + previous.size === start) previous.size += range.size;
    else this.#free.splice(at, 0, range);
  }

  #grow(end: number, bytes: number): void {
    if (end <= this.reserved) return;
    if (end > this.#maximum) {
      throw new MemoryError(
        `${bytes} bytes can't be had: ${this.#used} of at most ${this.#maximum} bytes of kernel memory are in use. ` +
          "Free resident batches or raise maximumMemory.",
      );
    }
    try {
      this.#memory.grow(end);
    } catch (cause) {
      throw new MemoryError(`${bytes} bytes can't be had: the engine refused to grow the kernel memory.`, { cause });
    }
    const { buffer } = this.#memory;
    this.buffer = buffer;
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
  }
}

/** Copies shorter than this cost less as a loop than as a view of their part and a call of TypedArray.set. */
const SHORT = 48;

/** The fixed regions. Names end in what they hold; all are byte addresses. */
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
  /** What a kernel gives back for each position besides its loss. */
  readonly tops: number;
  readonly hits: number;
  readonly #tiles: number[] = [];

  /** Memory that holds the kernels' constants and the workspace. */
  static readonly LEAST_MEMORY = 2 * 1024 * 1024;

  /** Columns of a row that a kernel takes at once, at most: `maxima` has room for the blocks of so many. */
  static readonly COLUMNS = 256 * BLOCK;

  constructor(arena: Arena) {
    this.arena = arena;
    this.state = arena.allocate(STATE_BYTES);
    this.secondState = arena.allocate(STATE_BYTES);
    this.exponentials = arena.allocate(8 * BLOCK * 4);
    this.maxima = arena.allocate((Workspace.COLUMNS / BLOCK) * 4);
    this.labels = arena.allocate(POSITIONS * 4);
    this.scales = arena.allocate(POSITIONS * 8);
    this.losses = arena.allocate(POSITIONS * 8);
    this.tops = arena.allocate(POSITIONS * 8);
    this.hits = arena.allocate(POSITIONS * 4);
    this.spikes = arena.allocate(POSITIONS * 8);
    for (let slot = 0; slot < SLOTS; slot++) this.#tiles.push(arena.allocate(TILE * 4));
  }

  /** Address of a staging tile. */
  tile(slot: Slot): number {
    return this.#tiles[slot];
  }

  /** Copies n floats of an array into linear memory. */
  copyIn(array: Float32Array, from: number, n: number, to: number): void {
    const { f32 } = this.arena;
    const at = to >>> 2;
    if (n === array.length) f32.set(array, at);
    else if (n < SHORT) for (let i = 0; i < n; i++) f32[at + i] = array[from + i];
    else f32.set(array.subarray(from, from + n), at);
  }

  /** Copies n floats of linear memory into an array. */
  copyOut(from: number, n: number, array: Float32Array, to: number): void {
    const { f32 } = this.arena;
    const at = from >>> 2;
    if (n < SHORT) for (let i = 0; i < n; i++) array[to + i] = f32[at + i];
    else array.set(f32.subarray(at, at + n), to);
  }

  /** Copies n floats within linear memory. */
  move(from: number, n: number, to: number): void {
    this.arena.f32.copyWithin(to >>> 2, from >>> 2, (from >>> 2) + n);
  }
}
