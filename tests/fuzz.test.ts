import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checked } from "../src/check.js";
import { CASES, draw } from "../tools/fuzz/case.js";
import { runCase } from "../tools/fuzz/run.js";
import { describeEachBackend } from "./support/backends.js";

/** A short run of `npm run fuzz`, from one seed, so that a failure comes again. */

type Kernels = Parameters<typeof runCase>[1];

const RUNS = 400;

describeEachBackend("a random call", (backend) => {
  it(`is right, within its bound, and has the same bits wherever its operands lie: ${RUNS} cases`, () => {
    const k = backend.k as unknown as Kernels;
    const checkedK = checked(backend.k) as unknown as Kernels;
    fc.assert(
      fc.property(CASES, (given) => runCase(given, k, checkedK)),
      { seed: 2026, numRuns: RUNS },
    );
  });
});

describe("the cases", () => {
  it("reach every operation", () => {
    const seen = new Set(fc.sample(CASES, { seed: 2026, numRuns: RUNS }).map((given) => draw(given)?.operation.name));
    seen.delete(undefined);
    expect(seen.size).toBe(24);
  });
});
