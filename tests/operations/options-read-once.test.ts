import { describe, expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits } from "../support/ulp.js";
import { type Options, optionsOf, run } from "./support/operation.js";
import { NAMED_OPERATIONS } from "./support/operations.js";

const LAYOUT = { shape: [2, 3], axis: -1 };

/** The same options behind getters that count. */
function counted(options: Options): { given: Options; reads: Map<string, number> } {
  const reads = new Map<string, number>();
  const given = {};
  for (const [name, value] of Object.entries(options)) {
    reads.set(name, 0);
    Object.defineProperty(given, name, {
      enumerable: true,
      get() {
        reads.set(name, (reads.get(name) ?? 0) + 1);
        return value;
      },
    });
  }
  return { given, reads };
}

describeEachBackend("each option is read exactly once", (backend) => {
  describe.each(NAMED_OPERATIONS)("by %s", (_, operation) => {
    it.each(operation.variants)("%s", (...variant) => {
      const operands = operation.operands(LAYOUT, 101);
      const options = optionsOf(operation, variant, LAYOUT);
      const expected = run(backend.k, operation, operands, options);
      const { given, reads } = counted(options);
      const got = run(backend.k, operation, operands, given);
      for (const [name, values] of Object.entries(expected)) expectSameBits(got[name], values, name);
      expect([...reads]).toEqual(Object.keys(options).map((name) => [name, 1]));
    });

    it("all at once, as they are at the first reading", () => {
      const all: Options = Object.assign(
        {},
        ...operation.variants.map((variant) => optionsOf(operation, variant, LAYOUT)),
      );
      const { given, reads } = counted(all);
      run(backend.k, operation, operation.operands(LAYOUT, 102), given);
      expect([...reads]).toEqual(Object.keys(all).map((name) => [name, 1]));
    });
  });
});
