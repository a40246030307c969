import type { Binaries } from "./binaries.js";

/**
 * Binaries that the runtime compiled at deployment and hands over as modules, if any; relaxed is imported when it is asked
 * for. No threads.
 */
export function modules(simd?: WebAssembly.Module, relaxed?: () => Promise<{ default: WebAssembly.Module }>): Binaries {
  return {
    compile: async (name) => {
      const module = name === "simd" ? simd : (await relaxed?.())?.default;
      if (module) return module;
      throw new Error("this runtime's entry has no binary of it: give one as module");
    },
    compileSync: (name) => (name === "simd" ? simd : undefined),
  };
}
