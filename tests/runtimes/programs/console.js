// Node, Deno and Bun, which read the binaries from the package's folder.
import { readFile } from "node:fs/promises";

async function compile(name) {
  const bytes = await readFile(new URL(import.meta.resolve(`xentropy/${name}.wasm`)));
  return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
}

globalThis.binaries = async () => ({ simd: await compile("simd"), relaxed: await compile("relaxed") });

globalThis.threads = !process.argv.includes("--no-threads");

globalThis.internals = async () => ({
  ...(await import("./node_modules/xentropy/dist/threads/index.js")),
  Xentropy: (await import("./node_modules/xentropy/dist/index.js")).loadSync({ backend: "js" }).constructor,
  module: await compile("simd-shared"),
});

await import("./main.js");
