import { type LinearMemory, PAGE } from "./backend/backend.js";
import { FreedError, MemoryError } from "./errors.js";
import type { Held, Range } from "./held.js";

/**
 * Linear memory, seen from TypeScript: an arena that hands out ranges. The memory in use depends on the resident batches
 * alone, never on the size of a foreign one, which passes through a workspace (workspace.ts); none but `alloc` and what takes
 * memory for a call (scratch.ts: the linear losses, cross-entropy of a shard) makes it grow: no view of it dies during another
 * operation.
 */

/** The largest limit: what 32-bit addresses reach, less a page. */
export const LARGEST_MEMORY = 65535 * PAGE;

/** Ranges begin at a multiple of so many bytes. */
export const ALIGN = 16;

/** A float batch's place: a foreign array, or an address in linear memory. */
export interface Operand {
  readonly array: Float32Array | undefined;
  readonly pointer: number;
}

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
  #end: number;
  #used = 0;
  /** The whole memory and views of it, renewed when it grows. */
  buffer!: ArrayBufferLike;
  f32!: Float32Array;
  f64!: Float64Array;
  i32!: Int32Array;

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
    // Jest's ArrayBuffer is of another realm than WebAssembly's memory.
    this.shared = memory.buffer[Symbol.toStringTag] === "SharedArrayBuffer";
    this.#look(memory.buffer);
  }

  #look(buffer: ArrayBufferLike): void {
    this.buffer = buffer;
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
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

  /** Whether the memory has been given up; or taken, as js's can be, by a transfer of the buffer under a batch's `data`. */
  get disposed(): boolean {
    return this.f32[0] === undefined;
  }

  /** Throws FreedError once the memory has been given up. */
  checkLive(): void {
    if (this.disposed) throw new FreedError("These kernels have been disposed, or their memory was transferred.");
  }

  /** Gives the memory up. */
  dispose(): void {
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
          `Free batches${this.#maximum < LARGEST_MEMORY ? " or raise maximumMemory" : ""}.`,
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
