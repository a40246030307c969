import { describe, expect, it } from "vitest";
import { openJs } from "../../src/backend/js/index.js";
import { Arena } from "../../src/memory.js";
import { Scratch } from "../../src/scratch.js";
import { Workspace } from "../../src/workspace.js";

/** Bytes of a staging tile. */
const TILE = 65_536;

/** Sizes around multiples of what ranges are aligned to, more of them than a tile has room for, and one larger than a tile. */
const SIZES = [0, 1, 15, 16, 17, 160, 1024, 4080, 4096, 16_383, 16_384, 30_000, 100_000];

function open(): Workspace {
  const maximum = 64 * 65536;
  const { memory, kernels } = openJs(maximum);
  return new Workspace(new Arena(memory, kernels.heapBase(), maximum), TILE / 4);
}

describe("what a call takes for itself", () => {
  it("lies apart, aligned and in the memory, in any order of sizes", () => {
    for (const sizes of [SIZES, [...SIZES].reverse(), SIZES.flatMap((size) => [size, 16, size, 4096])]) {
      const work = open();
      const { arena } = work;
      const own = arena.allocate(100).start;
      const scratch = new Scratch(work);
      const ranges = sizes.map((size) => ({ start: scratch.take(size), size }));
      ranges.push({ start: own, size: 100 }, { start: work.tile(1), size: TILE });
      ranges.sort((a, b) => a.start - b.start);
      for (const [i, { start, size }] of ranges.entries()) {
        expect(start).toBeGreaterThan(0);
        expect(start % 16).toBe(0);
        expect(start + size).toBeLessThanOrEqual(ranges[i + 1]?.start ?? arena.reserved);
      }
    }
  });

  it("goes back whole", () => {
    const work = open();
    const { arena } = work;
    const { used } = arena;
    for (let round = 0; round < 3; round++) {
      const scratch = new Scratch(work);
      const first = scratch.take(100);
      expect(first).toBe(work.tile(0));
      expect(scratch.take(100) - first).toBe(112);
      scratch.take(100_000);
      expect(arena.used).toBeGreaterThanOrEqual(used + 100_000);
      scratch.release();
      expect(arena.used).toBe(used);
    }
  });

  it("takes no memory as long as a staging tile has room", () => {
    const work = open();
    const { used } = work.arena;
    const scratch = new Scratch(work);
    for (let i = 0; i < 64; i++) scratch.take(1024);
    expect(work.arena.used).toBe(used);
    scratch.take(1);
    expect(work.arena.used).toBe(used + 16);
  });
});
