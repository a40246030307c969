import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { BLOCK, STATE_BYTES } from "../../src/backend/backend.js";

/** A constant of the kernels, from their source: a number, or a product and a sum of some. */
function constant(file: string, name: string): number {
  const source = readFileSync(new URL(`../../assembly/${file}.ts`, import.meta.url), "utf8");
  const [, value = ""] = new RegExp(`const ${name}: usize = ([\\d +*]+);`).exec(source) ?? [];
  return value
    .split("+")
    .reduce((sum, term) => sum + term.split("*").reduce((product, n) => product * Number(n), 1), 0);
}

const LANES_BYTES = constant("quad", "LANES_BYTES");
const FOURS = Math.ceil(constant("quad", "NARROW") / 4) * 4;

it("a row's state has the bytes that the kernels take it to have", () => {
  expect(STATE_BYTES).toBe(constant("row", "STATE_BYTES"));
});

it("a row's state has room for the sums of four narrow rows and for the rows turned, padded to fours", () => {
  expect(FOURS).toBeGreaterThan(0);
  expect(LANES_BYTES).toBeGreaterThan(0);
  expect(LANES_BYTES + FOURS * 16).toBeLessThanOrEqual(STATE_BYTES);
});

it("a block has room for the exponentials of four narrow rows and four beside them", () => {
  expect(FOURS * 16 * 2).toBeLessThanOrEqual(BLOCK * 4);
});
