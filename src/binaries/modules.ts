import type { Binaries } from "./binaries.js";

/** Binaries that the runtime compiled at deployment and hands over as modules; relaxed is imported when it is asked for. */
export function modules(simd: WebAssembly.Module, relaxed?: () => Promise<{ default: WebAssembly.Module }>): Binaries {
  return {
    compile: async (name) => {
      if (name === "simd") return simd;
      if (relaxed) return (await relaxed()).default;
      throw new Error("this runtime's entry has no binary of it: give one as module");
    },
    compileSync: (name) => (name === "simd" ? simd : undefined),
  };
}
