async function compile(name) {
  const bytes = await (await fetch(`/node_modules/xentropy/dist/${name}.wasm`)).arrayBuffer();
  return WebAssembly.validate(bytes) ? WebAssembly.compile(bytes) : undefined;
}

globalThis.binaries = async () => ({ simd: await compile("simd"), relaxed: await compile("relaxed") });

globalThis.internals = async () => ({
  ...(await import("/node_modules/xentropy/dist/threads/index.js")),
  Xentropy: (await import("/node_modules/xentropy/dist/index.js")).loadSync({ backend: "js" }).constructor,
  module: await compile("simd-shared"),
});

import("./main.js");
