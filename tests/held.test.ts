import { expect, it } from "vitest";
import { WorkerLostError } from "../src/errors.js";
import type { Extent } from "../src/extents.js";
import { Held } from "../src/held.js";

function heldOf(): { held: Held; freed: number[] } {
  const freed: number[] = [];
  return { freed, held: new Held({ free: ({ start }) => freed.push(start) }) };
}

function extent(start: number, size: number): Extent {
  return { start, size, at: -1 } as Extent;
}

it("a range is held from its first byte to its last, and its neighbours are not", () => {
  const { held } = heldOf();
  held.hold([{ start: 64, size: 32 }]);
  for (const [start, bytes] of [
    [64, 32],
    [0, 65],
    [95, 1],
    [70, 4],
    [0, 1000],
  ] as const) {
    expect(() => held.check(start, bytes, "x"), `${bytes} bytes from ${start}`).toThrow(WorkerLostError);
  }
  for (const [start, bytes] of [
    [0, 64],
    [96, 4],
  ] as const) {
    expect(() => held.check(start, bytes, "x"), `${bytes} bytes from ${start}`).not.toThrow();
  }
});

it("what one lost worker may write to stays held when another has ended", () => {
  const { held } = heldOf();
  const first = held.hold([{ start: 0, size: 16 }]);
  const second = held.hold([{ start: 16, size: 16 }]);
  first();
  expect(held.active).toBe(true);
  expect(() => held.check(16, 16, "x")).toThrow(WorkerLostError);
  expect(() => held.check(0, 16, "x")).not.toThrow();
  second();
  expect(held.active).toBe(false);
  expect(() => held.check(16, 16, "x")).not.toThrow();
});

it("what is freed while it is held is freed once, when that ends", () => {
  const { held, freed } = heldOf();
  const release = held.hold([{ start: 16, size: 16 }]);
  expect(held.keeps(extent(16, 16))).toBe(true);
  expect(held.keeps(extent(48, 16))).toBe(false);
  expect(freed).toEqual([]);
  release();
  expect(freed).toEqual([16]);
  release();
  expect(freed).toEqual([16]);
});
