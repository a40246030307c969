import type { Backend, Engine } from "./backend/backend.js";
import { openJs } from "./backend/js/index.js";
import { decode, openWasm, openWasmSync } from "./backend/wasm.js";
import { checkOptions } from "./checks.js";
import { BackendError, MemoryError, OptionError, XentropyError } from "./errors.js";
import { base64 as simd } from "./generated/simd.js";
import { Xentropy } from "./kernels.js";
import { Workspace } from "./memory.js";

/** Options of `load` and `loadSync`. */
export interface LoadOptions {
  /**
   * One backend, or several in order of preference. Default ["simd", "js"]. One name that can't be had is an error; of a
   * list the first that can be had is taken.
   */
  backend?: Backend | readonly Backend[] | undefined;
  /** Threads to compute with: a positive integer, or "auto". Default 1. */
  threads?: number | "auto" | undefined;
  /** One of xentropy's binaries, compiled elsewhere: where bytes may not be compiled, or to compile once for many. */
  module?: WebAssembly.Module | undefined;
  /** Limit of the kernels' memory in bytes; at least 2 MiB. Default 4 GiB less 64 KiB, what wasm can address. */
  maximumMemory?: number | undefined;
}

const LOAD_OPTIONS = new Set(["backend", "threads", "module", "maximumMemory"]);
const BACKENDS: readonly Backend[] = ["simd", "relaxed", "js"];
const DEFAULT: readonly Backend[] = ["simd", "js"];
const LARGEST_MEMORY = 65535 * 65536;

interface Request {
  backends: readonly Backend[];
  module: WebAssembly.Module | undefined;
  maximumMemory: number;
}

function read(options: LoadOptions): Request {
  checkOptions(options, LOAD_OPTIONS);
  const { backend = DEFAULT, threads = 1, module, maximumMemory = LARGEST_MEMORY } = options;
  const backends = typeof backend === "string" ? [backend] : Array.isArray(backend) ? [...backend] : [];
  if (backends.length === 0) throw new OptionError("backend is a name or a list of at least one name.");
  for (const name of backends) {
    if (!BACKENDS.includes(name))
      throw new OptionError(`There is no backend "${String(name)}"; there are: ${BACKENDS.join(", ")}.`);
  }
  if (threads !== "auto" && !(Number.isInteger(threads) && threads > 0)) {
    throw new OptionError(`threads is a positive integer or "auto", not ${String(threads)}.`);
  }
  if (threads !== "auto" && threads > 1) throw new BackendError("More than one thread is not available yet.");
  if (typeof maximumMemory !== "number" || Number.isNaN(maximumMemory)) {
    throw new OptionError(`maximumMemory is a number of bytes, not ${String(maximumMemory)}.`);
  }
  if (maximumMemory < Workspace.LEAST_MEMORY) {
    throw new MemoryError(
      `maximumMemory ${maximumMemory} can't hold the kernels: they need ${Workspace.LEAST_MEMORY} bytes.`,
    );
  }
  return { backends, module, maximumMemory: Math.min(LARGEST_MEMORY, Math.floor(maximumMemory / 65536) * 65536) };
}

/** Compiled once, instantiated as often as asked. */
const compiled = new Map<Backend, WebAssembly.Module>();

/** Why a backend could not be had, in words a user can act on. */
function unavailable(backend: Backend, cause: unknown): BackendError {
  const reason =
    typeof WebAssembly === "undefined"
      ? "this runtime has no WebAssembly"
      : cause instanceof WebAssembly.CompileError && /unsafe-eval|Content Security|disallowed/i.test(cause.message)
        ? "compiling WebAssembly is forbidden here; a page needs 'wasm-unsafe-eval' in the script-src of its Content-Security-Policy, an edge runtime the module option"
        : cause instanceof Error
          ? cause.message
          : String(cause);
  return new BackendError(`The backend "${backend}" can't be had: ${reason}.`, { cause });
}

async function open(backend: Backend, { module, maximumMemory }: Request): Promise<Engine> {
  if (backend === "js") return openJs(maximumMemory);
  const base64 = backend === "simd" ? simd : (await import("./generated/relaxed.js")).base64;
  const source = module ?? compiled.get(backend) ?? (await WebAssembly.compile(decode(base64)));
  if (!module) compiled.set(backend, source);
  return openWasm(backend, source, maximumMemory);
}

function openSync(backend: Backend, { module, maximumMemory }: Request): Engine {
  if (backend === "js") return openJs(maximumMemory);
  if (backend === "relaxed" && !module) {
    throw new BackendError('loadSync has no "relaxed" binary of its own: give it as module, or use load.');
  }
  const source = module ?? compiled.get(backend) ?? new WebAssembly.Module(decode(simd));
  if (!module) compiled.set(backend, source);
  return openWasmSync(backend, source, maximumMemory);
}

function settle(failures: BackendError[]): never {
  if (failures.length === 1) throw failures[0];
  throw new BackendError(failures.map((failure) => failure.message).join(" "), { cause: failures[0] });
}

function asBackendError(backend: Backend, cause: unknown): BackendError {
  if (cause instanceof BackendError) return cause;
  if (cause instanceof XentropyError) throw cause;
  return unavailable(backend, cause);
}

/**
 * Loads the kernels: the first backend of the list that this runtime has. Nothing is fetched; the binary is in the
 * package. Throws OptionError, MemoryError, or BackendError where no backend of the list can be had.
 */
export async function load(options: LoadOptions = {}): Promise<Xentropy> {
  const request = read(options);
  const failures: BackendError[] = [];
  for (const backend of request.backends) {
    try {
      return new Xentropy(await open(backend, request), request.maximumMemory);
    } catch (cause) {
      failures.push(asBackendError(backend, cause));
    }
  }
  return settle(failures);
}

/**
 * As `load`, at once. It offers "simd" and "js", and other binaries through `module`. A browser's main thread may refuse
 * to compile synchronously; then the default list arrives at "js".
 */
export function loadSync(options: LoadOptions = {}): Xentropy {
  const request = read(options);
  const failures: BackendError[] = [];
  for (const backend of request.backends) {
    try {
      return new Xentropy(openSync(backend, request), request.maximumMemory);
    } catch (cause) {
      failures.push(asBackendError(backend, cause));
    }
  }
  return settle(failures);
}
