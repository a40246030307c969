import { typedName } from "./checks.js";
import type { Arena } from "./memory.js";
import { ResidentBatch } from "./resident.js";

/** Memory that one call takes for itself, and gives back together when it ends. */
export class Scratch {
  readonly #arena: Arena;
  readonly #taken: number[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Room for so many bytes, 16-byte aligned. Views of the memory may have to be taken anew. Throws MemoryError. */
  take(bytes: number): number {
    const start = this.#arena.allocate(bytes);
    this.#taken.push(start);
    return start;
  }

  release(): void {
    for (const start of this.#taken) this.#arena.free(start);
    this.#taken.length = 0;
  }
}

/**
 * Runs an operation that takes memory for itself. `prepare` reads its arguments, takes all memory and writes nothing;
 * what it returns does the work, and takes none. If memory has grown meanwhile, views of it that were read are dead, so
 * the arguments are read once more: now the memory is there.
 */
export function withScratch<T>(arena: Arena, prepare: (scratch: Scratch) => () => T): T {
  const scratch = new Scratch(arena);
  try {
    for (;;) {
      const { buffer } = arena;
      const work = prepare(scratch);
      if (arena.buffer === buffer) return work();
      scratch.release();
    }
  } finally {
    scratch.release();
  }
}

/**
 * Arguments that outlive the memory's growth: what it returns gives them with views of the memory made anew. A tensor's
 * properties are read here, once, and what is given in its place has them; but an output is returned, so it stays itself.
 */
export function pinned<T extends object>(values: T, arena: Arena, outputs = false): () => T {
  const pins = Object.entries(values).map(([name, value]) => [name, pin(value, arena, outputs)] as const);
  return () => Object.fromEntries(pins.map(([name, give]) => [name, give()])) as T;
}

function pin(value: unknown, arena: Arena, output: boolean): () => unknown {
  if (ArrayBuffer.isView(value)) return pinView(value, arena);
  if (typeof value !== "object" || value === null || value instanceof ResidentBatch || !("data" in value)) {
    return () => value;
  }
  const { data, shape, dims, type } = value as { data: unknown; shape?: unknown; dims?: unknown; type?: unknown };
  const give = pin(data, arena, output);
  return () => (output && give() === data ? value : { data: give(), shape: shape ?? dims, type });
}

function pinView(view: ArrayBufferView, arena: Arena): () => unknown {
  const make = VIEWS.get(typedName(view));
  if (!make || !arena.owns(view.buffer)) return () => view;
  const { byteOffset, byteLength } = view;
  return () => (arena.owns(view.buffer) ? view : make(arena.buffer as ArrayBuffer, byteOffset, byteLength));
}

type Make = (buffer: ArrayBuffer, start: number, bytes: number) => ArrayBufferView;

const VIEWS = new Map<string | undefined, Make>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    BigInt64Array,
    BigUint64Array,
  ].map((View) => [View.name, (buffer, start, bytes) => new View(buffer, start, bytes / View.BYTES_PER_ELEMENT)]),
);
