import { describe, expect, it } from "vitest";
import { openJs } from "../../src/backend/js/index.js";
import { Arena } from "../../src/memory.js";
import { uniform } from "../support/samples.js";

const MAXIMUM = 256 * 65536;

function open(): Arena {
  const { memory, kernels } = openJs(MAXIMUM);
  return new Arena(memory, kernels.heapBase(), MAXIMUM);
}

describe("ranges of the memory", () => {
  it.each([1, 2, 3])("lie apart, and are one again when all are freed in any order: seed %i", (seed) => {
    const next = uniform(seed);
    const arena = open();
    const { start: first } = arena.allocate(0);
    const live: Range[] = [];
    let { used } = arena;
    let end = 0;
    for (let step = 0; step < 4000; step++) {
      if (next() * 300 < live.length) {
        const [one] = live.splice(Math.floor(next() * live.length), 1) as [Range];
        used -= one.size;
        arena.free(one);
        arena.free(one);
      } else {
        const bytes = Math.floor(next() ** 3 * 5000);
        const one = arena.allocate(bytes);
        const over = live.filter(({ start, size }) => one.start < start + size && start < one.start + one.size);
        if (over.length > 0 || one.size < bytes || one.start % 16 > 0) expect([one, bytes, over]).toBe("apart");
        live.push(one);
        used += one.size;
        end = Math.max(end, one.start + one.size);
      }
      if (arena.used !== used) expect(arena.used).toBe(used);
    }
    for (const one of live) arena.free(one);
    expect(arena.used).toBe(16);
    expect(arena.allocate(end - first - 16).start).toBe(first + 16);
    expect(arena.allocate(16).start).toBe(end);
  });

  it("are cut from the shortest free one that they fit in", () => {
    const arena = open();
    const starts = (...sizes: number[]) => sizes.map((bytes) => arena.allocate(bytes));
    const [long, , fit, , short] = starts(320, 16, 64, 16, 48, 16) as [Range, Range, Range, Range, Range];
    const expected = [fit.start, long.start, short.start, long.start + 64];
    for (const one of [short, fit, long]) arena.free(one);
    expect(starts(60, 60, 48, 200).map(({ start }) => start)).toEqual(expected);
  });

  it("are as they were where the memory can't grow", () => {
    const arena = open();
    const one = arena.allocate(1000);
    expect(() => arena.allocate(MAXIMUM)).toThrow("can't be had");
    expect(arena.used).toBe(one.size);
    expect(arena.allocate(16).start).toBe(one.start + one.size);
  });

  it("are found among 100,000 free ones, and freed, within seconds", { timeout: 10_000 }, () => {
    const arena = open();
    const ranges = Array.from({ length: 200_000 }, (_, i) => arena.allocate(16 + (i % 5) * 16));
    for (let i = 0; i < ranges.length; i += 2) arena.free(ranges[i] as Range);
    for (let i = 0; i < ranges.length; i += 2) ranges[i] = arena.allocate(16 + (i % 7) * 16);
    for (const one of ranges) arena.free(one);
    expect(arena.used).toBe(0);
  });
});

type Range = ReturnType<Arena["allocate"]>;
