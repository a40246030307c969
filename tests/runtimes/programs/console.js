// Node, Deno and Bun, which read the binaries from the package's folder.
import { readFile } from "node:fs/promises";

async function compile(name) {
  const bytes = await readFile(new URL(import.meta.resolve(`xentropy/${name}.wasm`)));
  return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
}

// Until the program ends: Node 20 can stand still for ever where the event loop is empty while V8 optimizes in the
// background (nodejs/node#54918), and the compilations below, and the end, are such places.
const awake = setInterval(() => {}, 60_000);

globalThis.binaries = async () => ({ simd: await compile("simd"), relaxed: await compile("relaxed") });

globalThis.threads = !process.argv.includes("--no-threads");

globalThis.internals = async () => ({
  ...(await import("./node_modules/xentropy/dist/threads/index.js")),
  Xentropy: (await import("./node_modules/xentropy/dist/index.js")).loadSync({ backend: "js" }).constructor,
  module: await compile("simd-shared"),
});

await (await import("./main.js")).done;
setTimeout(() => clearInterval(awake), 200);
