import { type Backend, type Engine, PAGE } from "./backend/backend.js";
import { openJs } from "./backend/js/index.js";
import { type MemorySize, openWasm, openWasmSync } from "./backend/wasm.js";
import type { Binaries, CompiledModule } from "./binaries/binaries.js";
import { type Identity, identify } from "./binaries/identity.js";
import { checkOptions, readChoice, refuse } from "./checks.js";
import { BackendError, MemoryError, OptionError, XentropyError } from "./errors.js";
import { Xentropy } from "./kernels.js";
import { LARGEST_MEMORY } from "./memory.js";
import { LEAST_MEMORY, leastMemory } from "./workspace.js";

/** Options of `load` and `loadSync`. */
export interface LoadOptions {
  /**
   * One backend, or several in order of preference. Default ["simd", "js"]. One name that can't be had is an error; of a
   * list the first that can be had is taken.
   */
  backend?: Backend | readonly Backend[] | undefined;
  /** Threads to compute with, the calling one among them: a positive integer, 65 at most, or "auto". Default 1. */
  threads?: number | "auto" | undefined;
  /**
   * One of xentropy's binaries, compiled elsewhere: where bytes may not be compiled, or to compile once for many. It
   * serves the backend it was made for, which must be among those asked for.
   */
  module?: CompiledModule | undefined;
  /**
   * Limit of the kernels' memory in bytes, rounded down to a multiple of 64 KiB: at least 2 MiB; with n > 1 threads 5.75 MiB
   * and 84,224 bytes for each of the n, below which "auto" is one thread. Default 4 GiB less 64 KiB, what wasm can address.
   */
  maximumMemory?: number | undefined;
}

const LOAD_OPTIONS = ["backend", "threads", "module", "maximumMemory"];
const BACKENDS = ["simd", "relaxed", "js"] as const;
const DEFAULT: readonly Backend[] = ["simd", "js"];

interface Request {
  readonly backends: readonly Backend[];
  readonly threads: number | "auto";
  readonly given: (Identity & { module: WebAssembly.Module }) | undefined;
  readonly maximumMemory: number;
}

function readBackends(backend: unknown): readonly Backend[] {
  const backends: Backend[] = Array.isArray(backend) ? [...backend] : [backend];
  if (backends.length === 0) throw new OptionError("backend is a name or a list of at least one name.");
  for (const name of backends) readChoice(name ?? String(name), "backend", BACKENDS);
  return backends;
}

/** `threads`: for which it is to suffice. */
function readMaximumMemory(bytes: unknown, threads: number): number {
  if (typeof bytes !== "number" || Number.isNaN(bytes)) return refuse("maximumMemory", "a number of bytes", bytes);
  const least = leastMemory(threads);
  if (bytes < least) {
    const by = threads > 1 ? ` for ${threads} threads` : "";
    throw new MemoryError(`maximumMemory ${bytes} can't hold the kernels: they need ${least} bytes${by}.`);
  }
  return Math.min(LARGEST_MEMORY, Math.floor(bytes / PAGE) * PAGE);
}

function readThreads(threads: unknown): number | "auto" {
  if (threads === "auto" || (Number.isInteger(threads) && (threads as number) > 0)) return threads as number | "auto";
  return refuse("threads", 'a positive integer or "auto"', threads);
}

function read(options: LoadOptions): Request {
  checkOptions(options, LOAD_OPTIONS);
  const { backend = DEFAULT, threads = 1, module, maximumMemory } = options;
  const count = readThreads(threads);
  const request = {
    backends: readBackends(backend),
    threads: count,
    given: module === undefined ? undefined : { ...identify(module), module: module as WebAssembly.Module },
    maximumMemory:
      maximumMemory === undefined ? LARGEST_MEMORY : readMaximumMemory(maximumMemory, count === "auto" ? 1 : count),
  };
  if (request.given) checkFits(request.given, request);
  return request;
}

/** Refuses a module that serves another backend than those asked for, or more or fewer threads. */
function checkFits({ name, shared }: Identity, { backends, threads }: Request): void {
  if (backends.includes(name) && (threads === "auto" || shared === threads > 1)) return;
  const binary = shared ? `${name}-shared` : name;
  throw new BackendError(
    `The module given is the "${binary}" binary; "${name}" is for one thread, "${name}-shared" for several, and asked for are ${backends.join(", ")} on ${threads}.`,
  );
}

const LACKING = {
  simd: "this engine has no SIMD instructions",
  relaxed: "this engine has no relaxed SIMD; Node 20 has it with --experimental-wasm-relaxed-simd",
  js: "",
} as const;

/** Why a backend, or threads, could not be had, in words a user can act on. */
function unavailable(cause: unknown, backend?: Backend): BackendError {
  if (cause instanceof XentropyError) throw cause;
  const message = String((cause as Error | undefined)?.message ?? cause);
  const reason =
    typeof WebAssembly === "undefined"
      ? "this runtime has no WebAssembly"
      : /unsafe-eval|Content Security|CSP|generation disallowed/i.test(message)
        ? "compiling WebAssembly is forbidden here; a page needs 'wasm-unsafe-eval' in its policy's script-src, an edge runtime the module option"
        : backend && cause instanceof WebAssembly.CompileError
          ? LACKING[backend]
          : message;
  const what = backend ? `The backend "${backend}"` : "Threads";
  return new BackendError(`${what} can't be had: ${reason}.`.replace(/\.+$/, "."), { cause });
}

function settle(failures: readonly BackendError[]): never {
  throw new BackendError(failures.map(({ message }) => message).join(" "), { cause: failures[0].cause });
}

/**
 * The sizes of a memory, with room for the workspace from the start. Memory that grows, as it does for large resident batches,
 * detaches its buffer; and once any buffer has been detached, V8 11 checks at every access to any array of the program
 * whether that array's buffer is.
 */
function memorySize(maximumMemory: number): MemorySize {
  return { initial: LEAST_MEMORY, maximum: maximumMemory };
}

async function open(backend: Backend, { given, maximumMemory }: Request, binaries: Binaries): Promise<Engine> {
  if (backend === "js") return openJs(maximumMemory);
  const module = given?.name === backend && !given.shared ? given.module : await binaries.compile(backend);
  return openWasm(backend, module, memorySize(maximumMemory));
}

function openSync(backend: Backend, { given, maximumMemory }: Request, binaries: Binaries): Engine {
  if (backend === "js") return openJs(maximumMemory);
  const module = given?.name === backend && !given.shared ? given.module : binaries.compileSync(backend);
  if (module) return openWasmSync(backend, module, memorySize(maximumMemory));
  throw new Error(`loadSync has no "${backend}" binary of its own: give it as module, or try load`);
}

/** The backends of a list, without js where several threads are asked for and others are there to give them. */
function threadable({ backends, threads }: Request): readonly Backend[] {
  const wasm = threads === 1 || threads === "auto" ? [] : backends.filter((backend) => backend !== "js");
  return wasm.length > 0 ? wasm : backends;
}

/** What makes threads; undefined where "auto" does without: service workers and worklets import nothing later. */
async function makerOf({ threads }: Binaries, count: number | "auto") {
  try {
    if (threads) return await threads();
    throw new Error("this runtime doesn't have workers");
  } catch (cause) {
    if (count !== "auto") throw unavailable(cause);
  }
}

/** The kernels of a backend on one thread or more. */
async function kernelsOn(backend: Backend, request: Request, binaries: Binaries): Promise<Xentropy> {
  const { threads, given, maximumMemory } = request;
  const engine = () => open(backend, request, binaries);
  if (threads !== 1 && !(threads === "auto" && (backend === "js" || given?.shared === false))) {
    if (backend === "js") throw new BackendError('The backend "js" computes on one thread.');
    const compile = () => (given?.name === backend ? given.module : binaries.compileShared?.(backend));
    const maker = await makerOf(binaries, threads);
    const k = await maker?.loadThreads(backend, threads, compile, maximumMemory, engine);
    if (k) return k;
  }
  return new Xentropy(await engine(), maximumMemory);
}

/** Loads the first backend of the list that can be had, from these binaries. */
export async function loadFrom(binaries: Binaries, options: LoadOptions = {}): Promise<Xentropy> {
  const request = read(options);
  const failures: BackendError[] = [];
  for (const backend of threadable(request)) {
    try {
      return await kernelsOn(backend, request, binaries);
    } catch (cause) {
      failures.push(unavailable(cause, backend));
    }
  }
  return settle(failures);
}

/** As `loadFrom`, at once. */
export function loadSyncFrom(binaries: Binaries, options: LoadOptions = {}): Xentropy {
  const request = read(options);
  if (request.threads !== "auto" && request.threads > 1) {
    throw new BackendError("Workers start asynchronously: more than one thread is had by load.");
  }
  if (request.given) checkFits(request.given, { ...request, threads: 1 });
  const failures: BackendError[] = [];
  for (const backend of request.backends) {
    try {
      return new Xentropy(openSync(backend, request, binaries), request.maximumMemory);
    } catch (cause) {
      failures.push(unavailable(cause, backend));
    }
  }
  return settle(failures);
}

/** The js backend, which needs no binaries. */
export function loadJs(): Xentropy {
  return new Xentropy(openJs(LARGEST_MEMORY), LARGEST_MEMORY);
}
