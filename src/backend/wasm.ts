import { instantiate, instantiateSync } from "@assemblyscript/loader";
import type { Backend, Engine, Kernels, LinearMemory } from "./backend.js";

/**
 * The wasm backends. The only file that knows the loader, which instantiates. The kernels themselves are called as the
 * instance exports them, without the loader's wrapper, which costs more than a small kernel call.
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

function engineOf(backend: Backend, instance: WebAssembly.Instance, memory: WebAssembly.Memory): Engine {
  return { backend, kernels: instance.exports as unknown as Kernels, memory: new WasmMemory(memory) };
}

function memoryOf(maximumMemory: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: Math.floor(maximumMemory / PAGE) });
}

export async function openWasm(backend: Backend, module: WebAssembly.Module, maximumMemory: number): Promise<Engine> {
  const memory = memoryOf(maximumMemory);
  const { instance } = await instantiate(module, { env: { memory } });
  return engineOf(backend, instance, memory);
}

export function openWasmSync(backend: Backend, module: WebAssembly.Module, maximumMemory: number): Engine {
  const memory = memoryOf(maximumMemory);
  const { instance } = instantiateSync(module, { env: { memory } });
  return engineOf(backend, instance, memory);
}
