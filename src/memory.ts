import { type LinearMemory, PAGE } from "./backend/backend.js";
import { FreedError, MemoryError } from "./errors.js";
import { type Extent, Extents } from "./extents.js";
import type { Held } from "./held.js";

/**
 * Linear memory, seen from TypeScript: an arena that hands out ranges. The memory in use depends on the resident batches
 * alone, never on the size of a foreign one, which passes through a workspace (workspace.ts); none but `alloc` and the
 * linear losses, which take memory for a call (scratch.ts), makes it grow: no view of it dies during another operation.
 * Strips (strips.ts) lie beside it.
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

/** Hands ranges of linear memory out. */
export class Arena {
  #memory: LinearMemory;
  /** Bytes that it may grow to, those of `beside` among them. */
  readonly maximum: number;
  readonly #extents: Extents;
  /** What lost workers may still write to, once there has been one. */
  held: Held | undefined;
  /** Buffers of a shared memory before it grew: views of them are views of it still. */
  readonly #older = new WeakSet<ArrayBufferLike>();
  #used = 0;
  /** The whole memory and views of it, renewed when it grows. */
  buffer!: ArrayBufferLike;
  f32!: Float32Array;
  f64!: Float64Array;
  i32!: Int32Array;

  /** Whether other threads see the memory. */
  readonly shared: boolean;
  /**
   * The arena of the other memory where kernels have two: with threads, one that all see and one that no other thread sees.
   * They share a limit. A batch in the other memory is copied as a foreign one is, but not refused.
   */
  beside: Arena | undefined;

  constructor(memory: LinearMemory, base: number, maximum: number, beside?: Arena) {
    this.beside = beside;
    if (beside) beside.beside = this;
    this.#memory = memory;
    this.maximum = maximum;
    this.#extents = new Extents(Math.ceil(base / ALIGN) * ALIGN);
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

  /** A range of at least `bytes`, 16-byte aligned. Throws MemoryError, naming the size, where it can't be had. */
  allocate(bytes: number): Extent {
    const size = Math.max(ALIGN, Math.ceil(bytes / ALIGN) * ALIGN);
    const free = this.#extents.fit(size);
    this.#grow(free.start + size, bytes);
    this.#used += size;
    return this.#extents.take(free, size);
  }

  /** Whether a view of this buffer is a view of the memory. */
  owns(buffer: ArrayBufferLike): boolean {
    if (buffer === this.buffer) return true;
    return this.shared && !(buffer instanceof ArrayBuffer) && this.#older.has(buffer);
  }

  /** Gives a range back. */
  free(extent: Extent): void {
    if (extent.at >= 0 || this.disposed || this.held?.keeps(extent)) return;
    this.#used -= extent.size;
    this.#extents.giveBack(extent);
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
    this.#used = 0;
    this.#look(this.#memory.buffer);
  }

  #grow(end: number, bytes: number): void {
    if (end <= this.reserved) return;
    const others = this.beside?.reserved ?? 0;
    if (end + others > this.maximum) {
      const remedies = bytes < this.maximum ? ["free batches"] : [];
      if (this.maximum < LARGEST_MEMORY && bytes < LARGEST_MEMORY) remedies.push("raise maximumMemory");
      throw new MemoryError(
        `${bytes} bytes can't be had: ${this.#used + others} of at most ${this.maximum} are in use` +
          `${remedies.length > 0 ? `; ${remedies.join(" or ")}` : ""}.`,
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
