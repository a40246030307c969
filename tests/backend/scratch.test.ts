import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as sizes from "../../src/backend/backend.js";

const { BLOCK, QUADS_BYTES, STATE_BYTES } = sizes;

function sourceOf(file: string): string {
  return readFileSync(new URL(`../../assembly/${file}.ts`, import.meta.url), "utf8");
}

/** A number of the kernels, from their source; NaN where it isn't there. */
function constant(file: string, name: string): number {
  return Number(new RegExp(`const ${name}: usize = (\\d+);`).exec(sourceOf(file))?.[1]);
}

/** Where the fields of a class of the kernels stand, and how long it is. */
function layout(file: string, name: string): { fields: Record<string, number>; bytes: number } {
  const body = new RegExp(`class ${name} \\{\n(.*?)\n\\}`, "s").exec(sourceOf(file))?.[1] ?? "";
  const fields: Record<string, number> = {};
  let bytes = 0;
  for (const [, field, type] of body.matchAll(/^ {2}(\w+): [if](32|64);$/gm)) {
    fields[field] = bytes;
    bytes += Number(type) / 8;
  }
  return { fields, bytes };
}

const RUN = constant("distillation", "RUN");
const NARROW = constant("narrow", "NARROW");
const QUADS = constant("quad", "QUADS");
const RECORD = constant("quad", "RECORD");

it("a row's state has the bytes that the kernels take it to have", () => {
  const { fields, bytes } = layout("row", "Node");
  expect(Object.keys(fields)).toEqual(["max", "peak", "rest", "gap", "mass"]);
  expect(sizes.NODE_BYTES).toBe(bytes);
  expect(sizes.STATE_NODE).toBe(constant("row", "NODES"));
  expect(STATE_BYTES).toBe(sizes.STATE_NODE + 24 * bytes);
});

it("the fields of a linear loss's row are where the kernels take them to be", () => {
  const { fields, bytes } = layout("linear", "Row");
  expect(sizes.ROW_RECORD).toBe(bytes);
  expect(fields).toEqual({
    spike: sizes.ROW_SPIKE,
    factor: sizes.ROW_FACTOR,
    loss: sizes.ROW_LOSS,
    logSumExp: sizes.ROW_LOG_SUM_EXP,
    label: sizes.ROW_LABEL,
    labelLogit: sizes.ROW_LABEL_LOGIT,
    largest: sizes.ROW_LARGEST,
    largestColumn: sizes.ROW_LARGEST_COLUMN,
  });
});

it("there is room for as many records and turned rows as go together, and for a row's state and terms", () => {
  expect(QUADS_BYTES).toBe(QUADS * (RECORD + NARROW * 16));
  expect(QUADS_BYTES).toBeGreaterThanOrEqual(STATE_BYTES + (4 * RUN + 12) * 4);
  // Four sums of dense targets, in two vectors each, are the most that a kernel keeps of its own.
  expect(RECORD).toBeGreaterThanOrEqual(constant("quad", "OWN") + 4 * 16);
});

it("a block has room for the exponentials of narrow rows that go together", () => {
  expect(NARROW % 4).toBe(0);
  expect(QUADS * NARROW * 16).toBeLessThanOrEqual(BLOCK * 4);
});
