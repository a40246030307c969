import { readFileSync } from "node:fs";
import { defineConfig } from "vitest/config";

/** Node 20 has relaxed SIMD behind a flag that newer versions don't know any more. */
const relaxed = new URL("./build/relaxed.wasm", import.meta.url);
const execArgv = WebAssembly.validate(readFileSync(relaxed)) ? [] : ["--experimental-wasm-relaxed-simd"];

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    pool: "forks",
    isolate: false,
    maxWorkers: 2,
    execArgv,
    testTimeout: 120_000,
  },
});
