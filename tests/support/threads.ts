import type { Backend, Xentropy as Kernels } from "../../src/index.js";
import { Xentropy } from "../../src/kernels.js";
import { Threads } from "../../src/threads/index.js";
import { spawner } from "../../src/threads/platform.js";
import type { Settings } from "../../src/threads/pool.js";

/** Threads that the suite runs with: `npm run test:threads` sets it. */
export const THREADS = Number(process.env.THREADS ?? 1);

/** The built worker: Node runs no TypeScript. */
export const WORKER = new URL("../../build/lib/threads/worker.js", import.meta.url);

const spawn = await spawner(WORKER);

/** Every batch is shared, however small, in shares as small as can be; a loaded machine may take its time. */
export const EAGER: Partial<Settings> = {
  worthSharing: 0,
  worthWaking: 0,
  share: 1,
  copiedShare: 1,
  spin: 1,
  patience: Infinity,
  deadline: 60_000,
};

/** What threads need for their workspace; below it the tests of memory limits are run on one. */
export const LEAST_MEMORY = 8 << 20;

/** Pools that tests opened for themselves and may still use: not more of them are kept alive. */
const opened: Threads[] = [];
const KEPT = 6;

/** Kernels on several threads that are all there; with `own` for one test. */
export function openThreaded(
  backend: Backend,
  module: WebAssembly.Module,
  maximumMemory: number,
  own: boolean,
): Kernels {
  const threads = new Threads(backend, module, maximumMemory, EAGER);
  for (let i = 1; i < THREADS; i++) threads.add(spawn).catch(() => {});
  threads.awaitStart(30_000);
  if (own) opened.push(threads);
  if (opened.length > KEPT) opened.shift()?.dispose();
  return new Xentropy(threads.engine, maximumMemory, threads);
}
