import type { Arena } from "./memory.js";

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
