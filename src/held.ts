import { WorkerLostError } from "./errors.js";
import type { Extent } from "./extents.js";

/** A range of linear memory, in bytes. */
export interface Range {
  start: number;
  size: number;
}

/** Ranges that a lost worker may still write to: not to be used, nor to be handed out if they are freed. */
export class Held {
  readonly #arena: { free(extent: Extent): void };
  readonly #ranges = new Set<readonly Range[]>();
  readonly #freed: Extent[] = [];
  /** Whether any range is held. */
  active = false;

  constructor(arena: { free(extent: Extent): void }) {
    this.#arena = arena;
  }

  /** Holds ranges. What it returns lets them go, and frees what was to be freed meanwhile. */
  hold(ranges: readonly Range[]): () => void {
    this.#ranges.add(ranges);
    this.active = true;
    return () => {
      this.#ranges.delete(ranges);
      this.active = this.#ranges.size > 0;
      for (const extent of this.#freed.splice(0)) this.#arena.free(extent);
    };
  }

  /** Throws WorkerLostError for a range that is held. */
  check(start: number, bytes: number, name: string): void {
    if (this.active && this.#includes(start, bytes)) {
      throw new WorkerLostError(
        `${name} may still be written to by a worker that was lost; it is free when that has ended.`,
      );
    }
  }

  /** Takes note that a range is freed, if it is held. */
  keeps(extent: Extent): boolean {
    if (!this.active || !this.#includes(extent.start, extent.size)) return false;
    this.#freed.push(extent);
    return true;
  }

  #includes(start: number, bytes: number): boolean {
    for (const ranges of this.#ranges) {
      if (ranges.some((range) => start < range.start + range.size && range.start < start + bytes)) return true;
    }
    return false;
  }
}
