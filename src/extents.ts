import type { Range } from "./held.js";

/** A range in use, or a free one, between its neighbours. */
export interface Extent extends Range {
  before: Extent;
  after: Extent;
  /** Its index among the free ones of its size; −1 in use. */
  at: number;
}

/**
 * Memory from an address on, cut into ranges, in a ring: best fit, with coalescing. No search goes range by range. Free ranges
 * are in sorted arrays and not in a Map, in which V8 steps over all entries that were deleted.
 */
export class Extents {
  /** The free ones, an array for each size there is, in order. The last has no end. */
  readonly #free: Extent[][] = [];

  constructor(start: number) {
    const first = { start, size: 0, at: -1 } as Extent;
    const rest = { start, size: Infinity } as Extent;
    link(first, rest);
    link(rest, first);
    this.#add(rest);
  }

  /** The shortest free one of at least `size` bytes. */
  fit(size: number): Extent {
    return this.#free[this.#indexOf(size)].at(-1) as Extent;
  }

  /** Takes the first bytes of a free one. */
  take(free: Extent, size: number): Extent {
    this.#remove(free);
    const taken = { start: free.start, size, at: -1 } as Extent;
    link(free.before, taken);
    if (free.size > size) {
      link(taken, free);
      free.start += size;
      free.size -= size;
      this.#add(free);
    } else link(taken, free.after);
    return taken;
  }

  /** Gives one back, which becomes one with free neighbours. */
  giveBack(extent: Extent): void {
    const { before, after } = extent;
    if (before.at >= 0) {
      this.#remove(before);
      extent.start = before.start;
      extent.size += before.size;
      link(before.before, extent);
    }
    if (after.at >= 0) {
      this.#remove(after);
      extent.size += after.size;
      link(extent, after.after);
    }
    this.#add(extent);
  }

  #add(free: Extent): void {
    const index = this.#indexOf(free.size);
    if (this.#free[index]?.[0].size !== free.size) this.#free.splice(index, 0, []);
    free.at = this.#free[index].push(free) - 1;
  }

  #remove(free: Extent): void {
    const index = this.#indexOf(free.size);
    const alike = this.#free[index];
    const last = alike.pop() as Extent;
    if (last !== free) {
      alike[free.at] = last;
      last.at = free.at;
    }
    if (alike.length === 0) this.#free.splice(index, 1);
  }

  /** Index of the first array of no lesser size. */
  #indexOf(size: number): number {
    let low = 0;
    for (let high = this.#free.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#free[middle][0].size < size) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function link(before: Extent, after: Extent): void {
  before.after = after;
  after.before = before;
}
