import type { Binaries, BinaryName } from "./binaries.js";

/** Binaries that the runtime compiled at deployment and hands over as modules; others than simd are imported when asked for. */
export function modules(
  simd: WebAssembly.Module,
  others: { readonly [name in Exclude<BinaryName, "simd">]: () => Promise<{ default: WebAssembly.Module }> },
): Binaries {
  return {
    compile: async (name) => (name === "simd" ? simd : (await others[name]()).default),
    compileSync: (name) => (name === "simd" ? simd : undefined),
  };
}
