import { instantiate, instantiateSync } from "@assemblyscript/loader";
import { BackendError } from "../errors.js";
import type { Backend, Engine, Kernels, LinearMemory } from "./backend.js";

/**
 * The wasm backends. The only file that knows the loader: it compiles and instantiates. The kernels themselves are
 * called as the instance exports them, without the loader's wrapper, which costs more than a small kernel call.
 */

const PAGE = 65536;

class WasmMemory implements LinearMemory {
  readonly #memory: WebAssembly.Memory;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  get buffer(): ArrayBuffer {
    return this.#memory.buffer as ArrayBuffer;
  }

  grow(bytes: number): void {
    const missing = Math.ceil(bytes / PAGE) - this.buffer.byteLength / PAGE;
    if (missing > 0) this.#memory.grow(missing);
  }
}

/** Decodes base64 without Buffer or DOM types: `atob` is in every runtime that has wasm. */
export function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function engineOf(backend: Backend, instance: WebAssembly.Instance, memory: WebAssembly.Memory): Engine {
  const kernels = instance.exports as unknown as Kernels;
  if (typeof kernels.heapBase !== "function" || typeof kernels.softmax !== "function") {
    throw new BackendError("The module given isn't one of xentropy's binaries: it has no kernels.");
  }
  return { backend, kernels, memory: new WasmMemory(memory) };
}

function memoryOf(maximumMemory: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: Math.floor(maximumMemory / PAGE) });
}

type Source = Uint8Array<ArrayBuffer> | WebAssembly.Module;

export async function openWasm(backend: Backend, source: Source, maximumMemory: number): Promise<Engine> {
  const memory = memoryOf(maximumMemory);
  const { instance } = await instantiate(source, { env: { memory } });
  return engineOf(backend, instance, memory);
}

export function openWasmSync(backend: Backend, source: Source, maximumMemory: number): Engine {
  const memory = memoryOf(maximumMemory);
  const { instance } = instantiateSync(source, { env: { memory } });
  return engineOf(backend, instance, memory);
}
