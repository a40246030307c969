import { BLOCK, type LinearMemory, QUADS_BYTES } from "./backend/backend.js";
import { FreedError, MemoryError } from "./errors.js";
import type { Held, Range } from "./held.js";

/**
 * Linear memory, seen from TypeScript: an arena that hands out 16-byte aligned ranges, and the workspace that every call
 * uses: a few fixed regions through which foreign arrays are staged a tile at a time. So the memory in use depends on the
 * resident batches alone, never on the size of a foreign one, and none but `alloc` and what takes memory for a call
 * (scratch.ts: the linear losses, cross-entropy of a shard) makes it grow: no view of it dies during another operation.
 */

/** Floats of a staged tile. 256 KiB: two tiles and a block stay in a second-level cache of 1 MiB. */
export const TILE = 65536;

/** Those of one that threads share. */
export const SHARED_TILE = 4 * TILE;

/** Positions that are handled at a time: labels, scales and losses are staged for so many. */
export const POSITIONS = 4096;

const SLOTS = 5;

const ALIGN = 16;

/** Bytes of a cache line. */
const LINE = 64;

/** A float batch's place: a foreign array, or an address in linear memory. */
export interface Operand {
  readonly array: Float32Array | undefined;
  readonly pointer: number;
}

/** Number of a staging tile. Transpositions pass through tile 2. */
export type Slot = 0 | 1 | 2 | 3 | 4;

/** First-fit allocation with coalescing. The free ranges are kept in order of address. */
export class Arena {
  #memory: LinearMemory;
  readonly #maximum: number;
  readonly #free: Range[] = [];
  readonly #sizes = new Map<number, number>();
  /** What lost workers may still write to, once there has been one. */
  held: Held | undefined;
  /** Buffers of a shared memory before it grew: views of them are views of it still. */
  readonly #older = new WeakSet<ArrayBufferLike>();
  /** Whether the memory has been given up. */
  disposed = false;
  #end: number;
  #used = 0;
  /** The whole memory and views of it, renewed when it grows. */
  buffer!: ArrayBufferLike;
  f32!: Float32Array;
  f64!: Float64Array;
  i32!: Int32Array;
  /** For zeros: JavaScriptCore fills bytes twice as fast as the same number of floats. */
  u8!: Uint8Array;

  /** Whether other threads see the memory. */
  readonly shared: boolean;
  /** That of a memory that goes with this one and shares its limit: what lies there is taken as foreign, but not refused. */
  beside: Arena | undefined;

  constructor(memory: LinearMemory, base: number, maximum: number, beside?: Arena) {
    this.beside = beside;
    if (beside) beside.beside = this;
    this.#memory = memory;
    this.#maximum = maximum;
    this.#end = Math.ceil(base / ALIGN) * ALIGN;
    this.shared = !(memory.buffer instanceof ArrayBuffer);
    this.#look(memory.buffer);
  }

  #look(buffer: ArrayBufferLike): void {
    this.buffer = buffer;
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u8 = new Uint8Array(buffer);
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

  /** Whether a view of this buffer is a view of the memory. */
  owns(buffer: ArrayBufferLike): boolean {
    if (buffer === this.buffer) return true;
    return this.shared && !(buffer instanceof ArrayBuffer) && this.#older.has(buffer);
  }

  /** Gives a range back. */
  free(start: number): void {
    const size = this.#sizes.get(start);
    if (size === undefined) return;
    if (this.held?.keeps(start, size)) return;
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

  /** Throws FreedError once the memory has been given up. */
  checkLive(): void {
    if (this.disposed) throw new FreedError("These kernels have been disposed.");
  }

  /** Gives the memory up. */
  dispose(): void {
    this.disposed = true;
    this.#memory = { buffer: new ArrayBuffer(0), grow() {} };
    this.#free.length = 0;
    this.#sizes.clear();
    this.#used = 0;
    this.#look(this.#memory.buffer);
  }

  #grow(end: number, bytes: number): void {
    if (end <= this.reserved) return;
    const others = this.beside?.reserved ?? 0;
    if (end + others > this.#maximum) {
      throw new MemoryError(
        `${bytes} bytes can't be had: ${this.#used + others} of at most ${this.#maximum} are in use. ` +
          "Free batches or raise maximumMemory.",
      );
    }
    try {
      this.#memory.grow(end);
    } catch (cause) {
      throw new MemoryError(`${bytes} bytes can't be had: the engine refused.`, { cause });
    }
    this.#older.add(this.buffer);
    this.#look(this.#memory.buffer);
  }
}

/** Copies shorter than this cost less as a loop than as a view of their part and a call of TypedArray.set. */
const SHORT = 48;

/** The fixed regions, by their byte addresses. */
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
  /** Room for the exponentials of two rows, `pairRoom` floats each: tiles 3 and 4, or with threads what each has of its own. */
  readonly pair: number;
  readonly pairRoom: number;
  readonly #tiles: number;
  readonly #ranges: number[] = [];
  #skew = 0;

  /** Memory that holds the kernels' constants and the workspace. */
  static readonly LEAST_MEMORY = 2 * 1024 * 1024;

  /** That of so many threads: their tiles are larger, and each has its scratch. */
  static leastMemory(threads: number): number {
    if (threads === 1) return Workspace.LEAST_MEMORY;
    return Workspace.LEAST_MEMORY + SLOTS * (SHARED_TILE - TILE) * 4 + threads * Workspace.SCRATCH;
  }

  /** Columns of a row that a kernel takes at once, at most: `maxima` has room for the blocks of so many. */
  static readonly COLUMNS = 256 * BLOCK;

  /** Bytes of what every thread has of its own: state, secondState, exponentials and maxima, in this order. */
  static readonly SCRATCH = 2 * QUADS_BYTES + 8 * BLOCK * 4 + (Workspace.COLUMNS / BLOCK) * 4;

  /** Floats of a staging tile here: several threads share larger ones. */
  readonly tileFloats: number;

  constructor(arena: Arena, tileFloats = TILE) {
    this.arena = arena;
    this.tileFloats = tileFloats;
    try {
      this.state = this.allocate(Workspace.SCRATCH);
      this.secondState = this.state + QUADS_BYTES;
      this.exponentials = this.secondState + QUADS_BYTES;
      this.maxima = this.exponentials + 8 * BLOCK * 4;
      this.labels = this.allocate(POSITIONS * 4);
      this.scales = this.allocate(POSITIONS * 8);
      this.losses = this.allocate(POSITIONS * 8);
      this.tops = this.allocate(POSITIONS * 8);
      this.hits = this.allocate(POSITIONS * 4);
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
    const start = this.arena.allocate(bytes);
    this.#ranges.push(start);
    return start;
  }

  /** Gives everything back. */
  free(): void {
    for (const start of this.#ranges) this.arena.free(start);
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
    else if (n === array.length) f32.set(array, at);
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
