import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Xentropy } from "../../src/index.js";
import { Xentropy as Kernels } from "../../src/kernels.js";
import { Threads } from "../../src/threads/index.js";
import { type Spawn, spawner } from "../../src/threads/platform.js";
import { EAGER, Starter } from "./threads.js";

/** Threads of which workers fail on purpose: tests/threads/faulty-worker.mjs. */

const MEMORY = 64 << 20;
const FAULTY = new URL("../threads/faulty-worker.mjs", import.meta.url);

const module = new WebAssembly.Module(
  new Uint8Array(readFileSync(new URL("../../build/simd-shared.wasm", import.meta.url))),
);

export function newThreads(deadline = 60_000): Threads {
  return new Threads("simd", module, MEMORY, { ...EAGER, deadline });
}

export function kernelsOn(threads: Threads): Xentropy {
  return new Kernels(threads.engine, MEMORY, threads);
}

/** Starts one worker that fails as `fault` says; `spawn` may come between. */
export async function startFaulty(
  threads: Threads,
  fault: string,
  between: (spawn: Spawn) => Spawn = (spawn) => spawn,
): Promise<void> {
  process.env.FAULT = fault;
  const starter = new Starter(await spawner(FAULTY));
  await threads.start(1, between(starter.spawn));
  starter.awaitAll();
}

/** Calls until the worker has had its share, since the caller may be faster, and on a busy machine often. */
export function untilFault(threads: Threads, call: () => void): unknown {
  for (const end = Date.now() + 60_000; Date.now() < end; ) {
    try {
      call();
      if (threads.count === 1) return undefined;
    } catch (error) {
      return error;
    }
  }
  return expect.fail("the worker never took a share");
}
