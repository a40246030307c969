import { describe, expect, it } from "vitest";
import { openJs } from "../../src/backend/js/index.js";
import { Arena } from "../../src/memory.js";
import { Scratch } from "../../src/scratch.js";

/** Sizes around that up to which ranges are cut from a larger one, and around that one's own. */
const SIZES = [0, 1, 15, 16, 17, 160, 1024, 4080, 4095, 4096, 4097, 5000, 16_383, 16_384, 16_385, 100_000];

function open(): Arena {
  const maximum = 64 * 65536;
  const { memory, kernels } = openJs(maximum);
  return new Arena(memory, kernels.heapBase(), maximum);
}

describe("what a call takes for itself", () => {
  it("lies apart, aligned and in the memory, in any order of sizes", () => {
    for (const sizes of [SIZES, [...SIZES].reverse(), SIZES.flatMap((size) => [size, 16, size, 4096])]) {
      const arena = open();
      const own = arena.allocate(100).start;
      const scratch = new Scratch(arena);
      const ranges = sizes.map((size) => ({ start: scratch.take(size), size }));
      ranges.push({ start: own, size: 100 });
      ranges.sort((a, b) => a.start - b.start);
      for (const [i, { start, size }] of ranges.entries()) {
        expect(start).toBeGreaterThan(0);
        expect(start % 16).toBe(0);
        expect(start + size).toBeLessThanOrEqual(ranges[i + 1]?.start ?? arena.reserved);
      }
    }
  });

  it("goes back whole, and is taken anew afterwards", () => {
    const arena = open();
    const used = arena.used;
    const scratch = new Scratch(arena);
    for (let round = 0; round < 3; round++) {
      const first = scratch.take(100);
      const second = scratch.take(100);
      expect(second - first).toBe(112);
      scratch.take(100_000);
      expect(arena.used).toBeGreaterThan(used + 100_200);
      scratch.release();
      expect(arena.used).toBe(used);
      // What somebody else takes in between isn't given out again.
      const other = arena.allocate(16_000);
      const next = scratch.take(100);
      expect(next >= other.start + 16_000 || next + 100 <= other.start).toBe(true);
      scratch.release();
      arena.free(other);
    }
  });

  it("is one range of the memory for a dozen small ones", () => {
    const arena = open();
    const scratch = new Scratch(arena);
    scratch.take(16);
    const { used } = arena;
    for (let i = 0; i < 12; i++) scratch.take(1000);
    expect(arena.used).toBe(used);
  });
});
