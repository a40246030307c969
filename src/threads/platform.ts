import { BackendError } from "../errors.js";
import { hasNodeModules, nodeModule } from "./node-module.js";

/** Threads as the runtime has them: worker_threads in Node, Deno and Bun, module workers in browsers. */

/** URL, where its type is known: not every `lib` has it. */
export type FileUrl = typeof globalThis extends { URL: { prototype: infer Url } } ? Url : object;

/** A worker, seen from the thread that made it. */
export interface Thread {
  post(message: unknown): void;
  /** Ends the worker, whatever it does. */
  terminate(): void;
  /** Lets the process end while the worker is there. In browsers nothing waits for it. */
  letGo(): void;
  /** Whether a terminated worker has ended when the listener hears so. */
  readonly tellsEnd: boolean;
}

/** What is heard of a worker. */
export interface Listener {
  /** It takes part, or will in a moment. */
  ready(): void;
  /**
   * It has ended, or never began; `cause` where anybody knows why. Browsers don't say when a worker ends, and Deno says so
   * of a terminated one at once, though it goes on: asleep, and at work once it is woken.
   */
  ended(cause?: unknown): void;
}

export type Spawn = (listener: Listener) => Thread;

interface NodeWorker {
  on(event: string, listener: (value: unknown) => void): void;
  postMessage(message: unknown): void;
  terminate(): Promise<number>;
  unref(): void;
}

interface WorkerThreads {
  Worker: new (url: URL, options: object) => NodeWorker;
}

/** Throws BackendError, naming what is missing, where no memory can be shared. */
export function requireSharing(): void {
  const page = globalThis as { crossOriginIsolated?: boolean };
  if (page.crossOriginIsolated === false && !hasNodeModules) {
    throw new BackendError(
      "Threads need a page that is cross-origin isolated: serve it with the headers " +
        "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.",
    );
  }
  if (typeof SharedArrayBuffer !== "function") {
    throw new BackendError("Threads need SharedArrayBuffer, which this runtime doesn't have.");
  }
  if (!hasNodeModules && typeof Worker !== "function") {
    throw new BackendError("Threads need workers, which this runtime doesn't have.");
  }
}

/** Makes workers from this package's own file, or from another. Throws BackendError where a bundle hides the former. */
export async function spawner(file?: FileUrl): Promise<Spawn> {
  // Not one expression, or bundlers for browsers would take it for an asset.
  const here = import.meta.url;
  if (!file && !here) {
    throw new BackendError("Threads need import.meta.url, which a bundle has only if it is an ES module.");
  }
  if (!hasNodeModules) return (listener) => webThread(file, listener);
  const threads = await nodeModule<WorkerThreads>("node:worker_threads");
  const url = file ?? new URL("./worker.js", here);
  return (listener) => nodeThread(new threads.Worker(url, { execArgv: [] }), listener);
}

function nodeThread(worker: NodeWorker, listener: Listener): Thread {
  let cause: unknown;
  worker.on("message", () => listener.ready());
  worker.on("error", (error) => {
    cause = error;
  });
  worker.on("exit", () => listener.ended(cause));
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => void worker.terminate(),
    letGo: () => worker.unref(),
    tellsEnd: !("Deno" in globalThis),
  };
}

function webThread(file: URL | undefined, listener: Listener): Thread {
  // Written so that Vite and webpack find the worker's file.
  const worker = file
    ? new Worker(file, { type: "module" })
    : new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  worker.onmessage = () => listener.ready();
  // Without a message where there is no such file, as in a bundle that lacks it.
  worker.onerror = ({ message }) => listener.ended(message ?? "its file can't be loaded");
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
    letGo: () => {},
    tellsEnd: false,
  };
}

/** Threads that run at once here, as far as the runtime says. */
export async function availableThreads(): Promise<number> {
  if (hasNodeModules) {
    const { availableParallelism } = await nodeModule<{ availableParallelism?: () => number }>("node:os");
    if (availableParallelism) return availableParallelism();
  }
  const { navigator } = globalThis as { navigator?: { hardwareConcurrency?: number } };
  return navigator?.hardwareConcurrency ?? 1;
}
