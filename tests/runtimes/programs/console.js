// Node, Deno and Bun, which read the binaries from the package's folder.
import { readFile } from "node:fs/promises";

async function compile(name) {
  const bytes = await readFile(new URL(import.meta.resolve(`xentropy/${name}.wasm`)));
  return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
}

globalThis.binaries = async () => ({ simd: await compile("simd"), relaxed: await compile("relaxed") });

await import("./main.js");
