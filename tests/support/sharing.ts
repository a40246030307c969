import { expect } from "vitest";
import { type Xentropy as Kernels, loadSync } from "../../src/index.js";
import { Xentropy } from "../../src/kernels.js";
import { Threads } from "../../src/threads/index.js";
import { spawner } from "../../src/threads/platform.js";
import { binaryOf } from "./backends.js";
import { EAGER, WORKER } from "./threads.js";

const MEMORY = 256 << 20;

/** Calls that aren't shared: these have no kernel, or one that takes a row of its own each time. */
export const ALONE: ReadonlySet<string> = new Set(["topK", "nllLoss"]);

/** Kernels on one thread, and on three that share every batch. */
export async function openSharing(): Promise<{ one: Kernels; threads: Threads; k: Xentropy }> {
  const threads = new Threads("simd", new WebAssembly.Module(binaryOf("simd-shared")), MEMORY, EAGER);
  await threads.start(2, await spawner(WORKER));
  return { one: loadSync({ backend: "simd" }), threads, k: new Xentropy(threads.engine, MEMORY, threads) };
}

/** Milliseconds in which a worker of a busy machine gets its turn; where one didn't, the next tests wait less. */
let patience = 100_000;

/**
 * Makes a call, which workers take a part in or not. One that they do is made again until they have: the caller may be
 * done before a worker is awake.
 */
export function callShared(threads: Threads, shared: boolean, call: () => void): void {
  const before = threads.taken;
  const end = Date.now() + patience;
  do call();
  while (shared && threads.taken === before && Date.now() < end);
  if (shared && threads.taken === before) patience = 1000;
  expect(threads.taken > before, "workers have taken shares").toBe(shared);
}
