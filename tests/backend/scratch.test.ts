import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { BLOCK, QUADS_BYTES, STATE_BYTES } from "../../src/backend/backend.js";

/** A number of the kernels, from their source; NaN where it isn't there. */
function constant(file: string, name: string): number {
  const source = readFileSync(new URL(`../../assembly/${file}.ts`, import.meta.url), "utf8");
  return Number(new RegExp(`const ${name}: usize = (\\d+);`).exec(source)?.[1]);
}

const NARROW = constant("narrow", "NARROW");
const QUADS = constant("quad", "QUADS");
const RECORD = constant("quad", "RECORD");

it("a row's state has the bytes that the kernels take it to have", () => {
  expect(STATE_BYTES).toBe(constant("row", "NODES") + 24 * constant("row", "NODE_BYTES"));
});

it("there is room for as many records and turned rows as go together, and for a row's state", () => {
  expect(QUADS_BYTES).toBe(QUADS * (RECORD + NARROW * 16));
  expect(QUADS_BYTES).toBeGreaterThanOrEqual(STATE_BYTES);
  // Four sums of dense targets, in two vectors each, are the most that a kernel keeps of its own.
  expect(RECORD).toBeGreaterThanOrEqual(constant("quad", "OWN") + 4 * 16);
});

it("a block has room for the exponentials of narrow rows that go together", () => {
  expect(NARROW % 4).toBe(0);
  expect(QUADS * NARROW * 16).toBeLessThanOrEqual(BLOCK * 4);
});
