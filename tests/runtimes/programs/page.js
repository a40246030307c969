async function compile(name) {
  const bytes = await (await fetch(`/node_modules/xentropy/dist/${name}.wasm`)).arrayBuffer();
  return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
}

globalThis.binaries = async () => ({ simd: await compile("simd"), relaxed: await compile("relaxed") });

globalThis.internals = async () => ({
  ...(await import("/node_modules/xentropy/dist/threads/index.js")),
  ...(await import("/node_modules/xentropy/dist/threads/platform.js")),
  ...(await import("/node_modules/xentropy/dist/kernels.js")),
  module: await compile("simd-shared"),
});

import("./main.js");
