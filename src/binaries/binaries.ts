/** WebAssembly.Module, where the types of one are known: not every `lib` has them. */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : object;

/** The name of a compiled binary; that of the backend it is. */
export type BinaryName = "simd" | "relaxed";

/**
 * Where the compiled binaries come from. There is one source for each way in which runtimes let wasm in, and one entry
 * file for each source: `exports` in package.json chooses.
 */
export interface Binaries {
  /** Compiles a binary; later calls give the same module. Rejects where the runtime refuses. */
  compile(name: BinaryName): Promise<CompiledModule>;
  /** As `compile`, at once; undefined for a binary that isn't at hand without waiting. */
  compileSync(name: BinaryName): CompiledModule | undefined;
  /** As `compile`, the binary for memory that threads share; absent where there are no threads. */
  compileShared?(name: BinaryName): Promise<CompiledModule>;
  /** @internal What makes threads; absent where there are none. */
  threads?(): Promise<typeof import("../threads/index.js")>;
}
