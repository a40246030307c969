async function compile(name) {
  const bytes = await (await fetch(`/node_modules/xentropy/dist/${name}.wasm`)).arrayBuffer();
  return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
}

globalThis.binaries = async () => ({ simd: await compile("simd"), relaxed: await compile("relaxed") });

import("./main.js");
