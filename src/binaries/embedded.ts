import { binary as simd } from "../generated/simd.js";
import type { Binaries, BinaryName } from "./binaries.js";
import { unpack } from "./unpack.js";

type Name = BinaryName | `${BinaryName}-shared`;

/** Compiled once, instantiated as often as asked. */
const compiled = new Map<Name, WebAssembly.Module>();

function keep(name: Name, module: WebAssembly.Module): WebAssembly.Module {
  compiled.set(name, module);
  return module;
}

/** The default binary. In one place, since esbuild, minifying, copies a constant to wherever it is used. */
function simdBytes(): Uint8Array<ArrayBuffer> {
  return unpack(simd);
}

/**
 * Compiles in the background, with a timer on the event loop until it is done. Where the loop is empty, Node 20 waits
 * for its background threads, and if one of them, optimizing JavaScript, asks the main thread for a garbage collection
 * just then, both wait for ever (nodejs/node#54918). Runtimes without timers, audio worklets among them, have no such loop.
 */
async function compileAwake(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  const timer = globalThis.setInterval?.(() => {}, 60_000);
  try {
    return await WebAssembly.compile(bytes);
  } finally {
    globalThis.clearInterval?.(timer);
  }
}

async function compileOnce(name: Name, bytes: () => Promise<Uint8Array<ArrayBuffer>>): Promise<WebAssembly.Module> {
  return compiled.get(name) ?? keep(name, await compileAwake(await bytes()));
}

/**
 * Binaries embedded as text and compiled here: for every runtime that compiles bytes. Nothing is fetched or read, so it
 * needs no server, no file system and no bundler. Only the default binary is part of the import itself.
 */
export const embedded: Binaries = {
  compile: (name) =>
    compileOnce(name, async () =>
      name === "simd" ? simdBytes() : unpack((await import("../generated/relaxed.js")).binary),
    ),
  compileShared: (name) =>
    compileOnce(`${name}-shared`, async () => {
      const { binary } =
        name === "simd" ? await import("../generated/simd-shared.js") : await import("../generated/relaxed-shared.js");
      return unpack(binary);
    }),
  threads: () => import("../threads/index.js"),
  compileSync(name) {
    if (name !== "simd") return undefined;
    return compiled.get(name) ?? keep(name, new WebAssembly.Module(simdBytes()));
  },
};
