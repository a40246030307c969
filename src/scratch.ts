import { lengthOf, typedName, viewAt } from "./checks.js";
import type { Extent } from "./extents.js";
import { ALIGN, type Arena } from "./memory.js";
import { ownerOf, ResidentBatch } from "./resident.js";
import type { Workspace } from "./workspace.js";

/** Memory that one call takes for itself, and gives back together when it ends: the first staging tile while that lasts. */
export class Scratch {
  readonly #arena: Arena;
  readonly #taken: Extent[] = [];
  /** What is left of the tile. */
  #at: number;
  readonly #end: number;

  constructor(work: Workspace) {
    work.alignTo(0);
    this.#arena = work.arena;
    this.#at = work.tile(0);
    this.#end = this.#at + work.tileFloats * 4;
  }

  /** Room for so many bytes, 16-byte aligned. Views of the memory may have to be taken anew. Throws MemoryError. */
  take(bytes: number): number {
    const start = this.#at;
    const end = start + Math.ceil(bytes / ALIGN) * ALIGN;
    if (end <= this.#end) {
      this.#at = end;
      return start;
    }
    const extent = this.#arena.allocate(bytes);
    this.#taken.push(extent);
    return extent.start;
  }

  release(): void {
    for (const extent of this.#taken) this.#arena.free(extent);
  }
}

/**
 * Runs an operation that takes memory for itself. `prepare` reads its arguments, takes all memory and writes nothing;
 * what it returns does the work, and takes none. If memory has grown meanwhile, views of it that were read are dead, so
 * the arguments are read once more: now the memory is there.
 */
export function withScratch<T>(work: Workspace, prepare: (scratch: Scratch) => () => T): T {
  const { arena } = work;
  for (;;) {
    const { buffer } = arena;
    const scratch = new Scratch(work);
    try {
      const compute = prepare(scratch);
      if (arena.buffer === buffer) return compute();
    } finally {
      scratch.release();
    }
  }
}

/**
 * Keeps arguments usable when the memory grows, which detaches views of it. `own`: the arguments by name, in an object that
 * may be changed. Each call of what is returned gives that object, with views of the memory made anew. Lists and the
 * properties of tensors are read here, once, and replaced by copies.
 */
export function pinned<T extends object>(own: T, arena: Arena): () => T {
  const renewals: (() => void)[] = [];
  for (const name in own) {
    const renewed = pin(own[name], arena);
    if (!renewed) continue;
    renewals.push(() => {
      own[name] = renewed() as (typeof own)[typeof name];
    });
  }
  return () => {
    for (const renew of renewals) renew();
    return own;
  };
}

/** A function that gives the value anew; undefined where it stays as it is. */
function pin(value: unknown, arena: Arena): (() => unknown) | undefined {
  if (ArrayBuffer.isView(value)) return pinView(value, arena);
  if (Array.isArray(value)) {
    const copy = [...value];
    return () => copy;
  }
  if (typeof value !== "object" || value === null || value instanceof ResidentBatch || !("data" in value)) return;
  const { data, shape, dims, type } = value as { data: unknown; shape?: unknown; dims?: unknown; type?: unknown };
  const renewed = ArrayBuffer.isView(data) ? pinView(data, arena) : undefined;
  return () => ({ data: renewed ? renewed() : data, shape: shape ?? dims, type });
}

function pinView(view: ArrayBufferView, arena: Arena): (() => unknown) | undefined {
  const { byteOffset } = view;
  // Nothing of ours begins at address 0, and to ask for a buffer takes as long as to copy ten floats.
  const name = byteOffset > 0 && arena.owns(view.buffer) ? typedName(view) : undefined;
  if (!name) return;
  const length = lengthOf(view);
  const owner = ownerOf(view);
  return () => {
    if (arena.owns(view.buffer)) return view;
    // A view of a whole batch keeps it from being collected: what takes its place must too.
    return owner ? owner.data : viewAt(name, arena.buffer, byteOffset, length);
  };
}
