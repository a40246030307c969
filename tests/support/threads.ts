import type { Backend, Xentropy as Kernels } from "../../src/index.js";
import { Xentropy } from "../../src/kernels.js";
import { Control, STARTED, wordsOf } from "../../src/threads/control.js";
import { Threads } from "../../src/threads/index.js";
import { type Spawn, spawner } from "../../src/threads/platform.js";
import type { Join } from "../../src/threads/take-part.js";
import { EAGER } from "../../tools/support/eager.js";

/** Threads that the suite runs with: `npm run test:threads` sets it. */
export const THREADS = Number(process.env.THREADS ?? 1);

/** The built worker: Node runs no TypeScript. */
export const WORKER = new URL("../../build/programs/src/threads/worker.js", import.meta.url);

const spawn = await spawner(WORKER);

export { EAGER };

/** What threads need for their workspace; below it the tests of memory limits are run on one. */
export const LEAST_MEMORY = 8 << 20;

/** Milliseconds; a test may keep the event loop busy for as long as it likes. */
const FOREVER = 2 ** 31 - 1;

/** Starts workers as `spawn` does, and knows when they have begun: the message that each is sent says where it notes so. */
export class Starter {
  readonly #joins: Join[] = [];
  readonly spawn: Spawn;

  constructor(spawn: Spawn) {
    this.spawn = (listener) => {
      const thread = spawn(listener);
      const post = (join: unknown) => {
        this.#joins.push(join as Join);
        thread.post(join);
      };
      return { ...thread, post };
    };
  }

  /** Sleeps until every worker takes part: for those who can't await, and since a worker is ready a moment before. */
  awaitAll(): void {
    for (const { control, worker } of this.#joins) {
      const woken = Atomics.wait(new Control(control).ints, wordsOf(worker) + STARTED, 0, 60_000);
      if (woken === "timed-out") throw new Error("a worker did not start");
    }
  }
}

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
  const starter = new Starter(spawn);
  // Those that a test disposes before they are heard of are rejected.
  threads.start(THREADS - 1, starter.spawn, FOREVER).catch(() => {});
  starter.awaitAll();
  if (own) opened.push(threads);
  if (opened.length > KEPT) opened.shift()?.dispose();
  return new Xentropy(threads.engine, maximumMemory, threads);
}
