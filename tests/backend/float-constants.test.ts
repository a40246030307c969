import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const MATH = new URL("../../src/backend/js/math/", import.meta.url);

/** What computes in float64. */
const DOUBLE = new Set(["logistic.ts", "scalar.ts"]);

it.each(readdirSync(MATH).filter((file) => file.endsWith(".ts") && !DOUBLE.has(file)))(
  "the constants of %s are float32: in wasm their type rounds them",
  (file) => {
    const source = readFileSync(new URL(file, MATH), "utf8");
    for (const [line, value] of source.matchAll(/^(?:export )?const \w+ = (-?[\d.e-]+);/gm)) {
      expect(Math.fround(Number(value)), line).toBe(Number(value));
    }
  },
);
