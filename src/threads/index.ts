import { type Backend, type Engine, type Kernels, PAGE, type ThreadKernels } from "../backend/backend.js";
import { WasmMemory } from "../backend/wasm.js";
import type { CompiledModule } from "../binaries/binaries.js";
import type { Spreading } from "../context.js";
import { COST, HIGHEST_COST, type Operation } from "../costs.js";
import { BackendError } from "../errors.js";
import { Held, type Range } from "../held.js";
import { Xentropy } from "../kernels.js";
import type { Arena } from "../memory.js";
import { leastMemory, THREAD_BYTES, type Workspace } from "../workspace.js";
import { MAX_WORKERS } from "./control.js";
import { Cut } from "./cut.js";
import type { Kernel } from "./job.js";
import { availableThreads, requireSharing, type Spawn, spawner, type Thread } from "./platform.js";
import { Pool, type Settings } from "./pool.js";
import { spreadKernels } from "./spread.js";
import { SharedStreams } from "./streams.js";
import type { Start } from "./take-part.js";

export { spawner };

/** Threads that there can be, the calling one among them. */
const MAX_THREADS = MAX_WORKERS + 1;

/** Measured on two cores: docs/threads.md. */
const SETTINGS: Settings = {
  worthSharing: 10_000,
  worthWaking: 60_000,
  share: 2_000,
  copiedShare: 8_000,
  spin: 0.1,
  patience: 0.1,
  deadline: 5_000,
};

/** Threads that "auto" takes at most: beyond a few, memory is the limit and not arithmetic. */
const AUTO = 8;

/** Milliseconds that workers are given to start. */
const START = 30_000;

/** What there is of threads until they end. */
interface Live {
  readonly engine: Engine;
  readonly pool: Pool;
  readonly start: Start;
}

/** A pool of threads on one shared memory. */
export class Threads implements Spreading {
  #live: Live | undefined;
  /** Nanoseconds of work from which on a call is shared with workers that are awake, and with those that sleep. */
  readonly worthSharing: number;
  readonly worthWaking: number;
  /** Below so many elements no call is shared, whatever it computes. */
  readonly few: number;

  /** Compiles nothing and starts nobody yet. Throws a LinkError for a module that has no shared memory. */
  constructor(backend: Backend, module: CompiledModule, maximumMemory: number, settings: Partial<Settings> = {}) {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: Math.floor(maximumMemory / PAGE), shared: true });
    const { exports } = new WebAssembly.Instance(module as WebAssembly.Module, { env: { memory } });
    const names = Object.keys(exports).filter((name) => typeof exports[name] === "function");
    const kernels = names.map((name) => exports[name] as unknown as Kernel);
    const all = { ...SETTINGS, ...settings };
    this.#live = {
      engine: { backend, kernels: exports as unknown as Kernels, memory: new WasmMemory(memory) },
      pool: new Pool(kernels, all),
      start: { module, memory, names },
    };
    this.worthSharing = all.worthSharing;
    this.worthWaking = all.worthWaking;
    this.few = all.worthSharing / HIGHEST_COST;
  }

  /** The kernels on the calling thread. */
  get engine(): Engine {
    return this.#here.engine;
  }

  /** For what only happens before `dispose`. */
  get #here(): Live {
    return this.#live as Live;
  }

  /** Threads that compute, the calling one among them. */
  get count(): number {
    return this.#live?.pool.count ?? 1;
  }

  /**
   * Starts workers; fulfilled when all take part, rejected with a BackendError when one can't, or not within `patience`
   * milliseconds.
   */
  async start(workers: number, spawn: Spawn, patience = START): Promise<void> {
    try {
      await within(patience, Promise.all(Array.from({ length: workers }, () => this.#add(spawn))));
    } catch (cause) {
      this.dispose();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new BackendError(`Threads can't be had: a worker did not start: ${reason}`, { cause });
    }
  }

  /** Adds a worker. It keeps the process alive while it starts, and no longer. */
  #add(spawn: Spawn): Promise<void> {
    return new Promise((resolve, reject) => {
      const thread: Thread = spawn({
        ready() {
          thread.letGo();
          resolve();
        },
        ended: (cause) => {
          this.#live?.pool.ended(thread);
          reject(cause ?? new Error("it ended"));
        },
      });
      const { start, pool } = this.#here;
      thread.post({ ...start, ...pool.add(thread) });
    });
  }

  /** Nanoseconds that a call takes on one thread, roughly. */
  workOf(operation: Operation, length: number): number {
    return length * COST[operation];
  }

  /** Shares that workers have computed so far. */
  get taken(): number {
    return this.#live?.pool.taken ?? 0;
  }

  /** The kernels, spread over the threads, and how foreign arrays get to them. */
  spread(arena: Arena, work: Workspace, abandon: () => () => void): { kernels: Kernels; streams: SharedStreams } {
    const setAside = (ranges: readonly Range[]) => {
      arena.held ??= new Held(arena);
      const parts = [arena.held.hold(ranges), abandon()];
      return () => {
        for (const giveBack of parts) giveBack();
      };
    };
    const { engine, pool, start } = this.#here;
    pool.equip(work.state, () => work.allocate(THREAD_BYTES), setAside);
    const streams = new SharedStreams(work, pool);
    const cut = new Cut(pool, streams, start.names);
    return { kernels: spreadKernels(engine.kernels as ThreadKernels, cut, work), streams };
  }

  /** Ends all workers, and gives the memory up. */
  dispose(): void {
    this.#live?.pool.dispose();
    this.#live = undefined;
  }
}

/**
 * A promise that is given so many milliseconds, and a turn more: a thread that was busy until its timer rings hears of
 * workers only then.
 */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const tooLate = () => reject(new Error(`nothing was heard of it for ${milliseconds / 1000} s`));
    timer = setTimeout(() => {
      timer = setTimeout(tooLate);
    }, milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

type Compile = () => CompiledModule | Promise<CompiledModule> | undefined;

/** Ends the workers of kernels that nobody can reach any more and nobody disposed. */
const abandoned =
  typeof FinalizationRegistry === "undefined"
    ? undefined
    : new FinalizationRegistry<Threads>((threads) => threads.dispose());

/**
 * The kernels of a backend on several threads. With "auto" it takes as many as the runtime says there are, at most AUTO, and
 * gives undefined where there is but one, or they or their memory can't be had. `open` gives the same backend on one.
 * Throws BackendError.
 */
export async function loadThreads(
  backend: Backend,
  count: number | "auto",
  compile: Compile,
  maximumMemory: number,
  open: () => Promise<Engine>,
): Promise<Xentropy | undefined> {
  const threads = await openThreads(backend, count, compile, maximumMemory);
  if (!threads) return undefined;
  // Where bytes may not be compiled, there is but the module given.
  const local = await open().catch(() => undefined);
  const k = new Xentropy(threads.engine, maximumMemory, threads, local);
  abandoned?.register(k, threads);
  return k;
}

async function openThreads(
  backend: Backend,
  threads: number | "auto",
  compile: Compile,
  maximumMemory: number,
): Promise<Threads | undefined> {
  if (threads !== "auto") return openSome(backend, threads, compile, maximumMemory);
  const count = Math.min(AUTO, await availableThreads());
  if (count < 2 || maximumMemory < leastMemory(count)) return undefined;
  try {
    return await openSome(backend, count, compile, maximumMemory);
  } catch {
    return undefined;
  }
}

async function openSome(backend: Backend, count: number, compile: Compile, maximumMemory: number): Promise<Threads> {
  requireSharing();
  if (count > MAX_THREADS) throw new BackendError(`There can be ${MAX_THREADS} threads at most, not ${count}.`);
  const module = await compile();
  if (!module)
    throw new BackendError("Threads need a binary for shared memory, which this runtime's entry doesn't have.");
  const threads = new Threads(backend, module, maximumMemory);
  await threads.start(count - 1, await spawner());
  return threads;
}
