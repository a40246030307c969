import { instantiateSync } from "@assemblyscript/loader";
import { type Backend, type Engine, type Kernels, type LinearMemory, PAGE } from "./backend.js";

/**
 * The wasm backends. The only file that knows the loader, which instantiates. The kernels themselves are called as the
 * instance exports them, without the loader's wrapper, which costs more than a small kernel call.
 */

export class WasmMemory implements LinearMemory {
  readonly #memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  get buffer(): ArrayBufferLike {
    return this.#memory.buffer;
  }

  grow(bytes: number): void {
    const missing = Math.ceil(bytes / PAGE) - this.buffer.byteLength / PAGE;
    if (missing > 0) this.#memory.grow(missing);
  }
}

function engineOf(backend: Backend, instance: WebAssembly.Instance, memory: WebAssembly.Memory): Engine {
  return { backend, kernels: instance.exports as unknown as Kernels, memory: new WasmMemory(memory) };
}

/** What unpacks the other binaries. assembly/unpack.ts */
export interface Unpacker {
  readonly memory: WebAssembly.Memory;
  unpack(text: number, end: number): number;
}

/** Compiles and instantiates the unpacker, which is below the 4 kB that a page may compile at once anywhere. */
export function openUnpacker(bytes: Uint8Array<ArrayBuffer>): Unpacker {
  return instantiateSync(bytes, {}).instance.exports as unknown as Unpacker;
}

/** Bytes of a memory: what it has from the start, and what it may grow to. */
export interface MemorySize {
  readonly initial: number;
  readonly maximum: number;
}

function memoryOf({ initial, maximum }: MemorySize): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: Math.ceil(initial / PAGE), maximum: Math.floor(maximum / PAGE) });
}

/** Instantiates a compiled binary. The loader takes a module of another realm, as Next.js has it at the edge, for bytes. */
export function openWasmSync(backend: Backend, module: WebAssembly.Module, size: MemorySize): Engine {
  const memory = memoryOf(size);
  const imports = { env: { memory } };
  const ours = module instanceof WebAssembly.Module;
  const instance = ours ? instantiateSync(module, imports).instance : new WebAssembly.Instance(module, imports);
  return engineOf(backend, instance, memory);
}

/**
 * Instantiates a compiled binary where a page's main thread may refuse to do it at once (a RangeError; Chrome did above
 * 4 kB, now does above 8 MB). Without the loader: its way leads by WebAssembly.compile, which Next.js refuses to have in what
 * it builds for its edge runtime, called or not.
 */
export async function openWasm(backend: Backend, module: WebAssembly.Module, size: MemorySize): Promise<Engine> {
  try {
    return openWasmSync(backend, module, size);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const memory = memoryOf(size);
  return engineOf(backend, await WebAssembly.instantiate(module, { env: { memory } }), memory);
}
