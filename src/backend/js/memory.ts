import { type LinearMemory, PAGE } from "../backend.js";

/**
 * Linear memory without WebAssembly: an ArrayBuffer, and views of it for the kernels, which take the memory as their
 * first argument and byte addresses as wasm does. Float32 and int32 are 4-byte aligned, float64 8-byte.
 *
 * It grows as wasm memory does, by pages and up to a maximum, but into a new buffer: the bytes are copied and the views
 * made anew. Views that someone else holds are detached as those of wasm memory are, where the engine can transfer buffers.
 */

/** The first byte that the caller may use: address 0 stands for "none". */
export const HEAP_BASE = 1024;

export class Memory implements LinearMemory {
  buffer: ArrayBuffer;
  i32: Int32Array;
  f32: Float32Array;
  f64: Float64Array;
  readonly #maximum: number;

  constructor(maximum: number) {
    this.#maximum = Math.floor(maximum / PAGE) * PAGE;
    if (!(this.#maximum >= PAGE)) throw new RangeError(`The least memory is ${PAGE} bytes, not ${maximum}.`);
    this.buffer = new ArrayBuffer(PAGE);
    this.i32 = new Int32Array(this.buffer);
    this.f32 = new Float32Array(this.buffer);
    this.f64 = new Float64Array(this.buffer);
  }

  grow(bytes: number): void {
    const { buffer } = this;
    if (bytes <= buffer.byteLength) return;
    const least = Math.ceil(bytes / PAGE) * PAGE;
    if (!(least <= this.#maximum)) throw new RangeError(`${bytes} bytes are above the maximum of ${this.#maximum}.`);
    // Half as much again, so that many small steps don't copy everything each time.
    const ample = Math.ceil((buffer.byteLength * 1.5) / PAGE) * PAGE;
    this.buffer = allocate(Math.max(least, Math.min(ample, this.#maximum)), least);
    this.i32 = new Int32Array(this.buffer);
    this.f32 = new Float32Array(this.buffer);
    this.f64 = new Float64Array(this.buffer);
    this.f64.set(new Float64Array(buffer));
    globalThis.structuredClone?.(buffer, { transfer: [buffer] });
  }
}

/** `size` bytes, or `least` where so many can't be had; throws the engine's RangeError where neither can. */
function allocate(size: number, least: number): ArrayBuffer {
  try {
    return new ArrayBuffer(size);
  } catch {
    return new ArrayBuffer(least);
  }
}
