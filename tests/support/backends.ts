import { readFileSync } from "node:fs";
import { describe, it } from "vitest";
import { type Backend, type LoadOptions, loadSync, type Xentropy } from "../../src/index.js";
import { LEAST_MEMORY, openThreaded, THREADS } from "./threads.js";

type Binary = "simd" | "relaxed" | "simd-shared" | "relaxed-shared";

/** A wasm backend's binary, as the build left it. */
export function binaryOf(name: Binary): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../build/${name}.wasm`, import.meta.url)));
}

/** A backend that the suite runs over. */
export class BackendRow {
  readonly name: Backend;
  /** Whether this runtime has it: Node 20 has relaxed SIMD behind a flag alone. Without simd every test of it fails. */
  readonly available: boolean;
  #shared: Xentropy | undefined;
  #module: WebAssembly.Module | undefined;
  #sharedModule: WebAssembly.Module | undefined;

  constructor(name: Backend) {
    this.name = name;
    this.available = name !== "relaxed" || WebAssembly.validate(binaryOf(name));
  }

  /** Threads that its kernels compute on. */
  get threads(): number {
    return this.name === "js" ? 1 : THREADS;
  }

  /** Kernels that tests share; opened at the first use. */
  get k(): Xentropy {
    this.#shared ??= this.#open({}, false);
    return this.#shared;
  }

  /**
   * Whether a test should spend this many elements on the backend: always on simd. What is long is cut by the one wrapper,
   * relaxed is made of the sources of simd, and js has its bits (same-bits.test.ts) but takes 30 times as long.
   */
  affords(elements: number): boolean {
    return this.name === "simd" || elements <= 17_000;
  }

  /** Kernels of one's own. */
  open(options: LoadOptions = {}): Xentropy {
    return this.#open(options, true);
  }

  #open(options: LoadOptions, own: boolean): Xentropy {
    if (this.name === "js") return loadSync({ ...options, backend: "js" });
    const { maximumMemory = 65535 * 65536 } = options;
    if (THREADS > 1 && maximumMemory >= LEAST_MEMORY) {
      this.#sharedModule ??= new WebAssembly.Module(binaryOf(`${this.name}-shared`));
      return openThreaded(this.name, this.#sharedModule, maximumMemory, own);
    }
    this.#module ??= new WebAssembly.Module(binaryOf(this.name));
    return loadSync({ ...options, backend: this.name, module: this.#module });
  }
}

export const BACKENDS: readonly BackendRow[] = (["simd", "relaxed", "js"] as const).map((name) => new BackendRow(name));

/**
 * Declares a suite once for each backend, on several threads for those that have them. `backend.k` may be used in tests, not
 * while they are declared.
 */
export function describeEachBackend(title: string, suite: (backend: BackendRow) => void): void {
  for (const backend of BACKENDS) {
    if (backend.threads !== THREADS) continue;
    const name = `${title} (${backend.name})`;
    if (backend.available) describe(name, () => suite(backend));
    else describe.skip(name, () => it("is not available in this runtime", () => {}));
  }
}
