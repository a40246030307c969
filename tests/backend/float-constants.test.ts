import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const MATH = new URL("../../src/backend/js/math/", import.meta.url);

/** What computes in float64. */
const DOUBLE = new Set(["logistic.ts", "scalar.ts"]);

const CONSTANTS = readdirSync(MATH)
  .filter((file) => file.endsWith(".ts") && !DOUBLE.has(file))
  .flatMap((file) => {
    const source = readFileSync(new URL(file, MATH), "utf8");
    const found = source.matchAll(/^(?:export )?const (\w+) = (-?[\d.e-]+);/gm);
    return [...found].map(([, name, value]) => [file, name, Number(value)] as const);
  });

it.each(CONSTANTS)("of %s, %s = %d is a float32: in wasm its type would round it", (_file, _name, value) => {
  expect(Math.fround(value)).toBe(value);
});
