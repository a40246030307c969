import { describe, expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits } from "../support/ulp.js";
import { type Options, optionsOf, run } from "./support/operation.js";
import { NAMED_OPERATIONS } from "./support/operations.js";

/** A batch that the short path takes, and one that it leaves to the general one. */
const LAYOUTS = [
  { shape: [2, 3], axis: -1 },
  { shape: [2, 2100], axis: -1 },
];

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
  const cases = NAMED_OPERATIONS.flatMap(([name, operation]) =>
    LAYOUTS.map((layout) => [`${name} of ${layout.shape.join("x")}`, operation, layout] as const),
  );

  describe.each(cases)("by %s", (_, operation, layout) => {
    it.each(operation.variants)("%s", (...variant) => {
      const operands = operation.operands(layout, 101);
      const options = optionsOf(operation, variant, layout);
      const expected = run(backend.k, operation, operands, options);
      const { given, reads } = counted(options);
      const got = run(backend.k, operation, operands, given);
      for (const [name, values] of Object.entries(expected)) expectSameBits(got[name], values, name);
      expect([...reads]).toEqual(Object.keys(options).map((name) => [name, 1]));
    });

    it("all at once, as they are at the first reading", () => {
      const all: Options = Object.assign(
        {},
        ...operation.variants.map((variant) => optionsOf(operation, variant, layout)),
      );
      const { given, reads } = counted(all);
      run(backend.k, operation, operation.operands(layout, 102), given);
      expect([...reads]).toEqual(Object.keys(all).map((name) => [name, 1]));
    });
  });

  it("by alloc and logSumExpState", () => {
    const ofBatch = counted({ dtype: "int32" });
    expect(backend.k.alloc([2], ofBatch.given).dtype).toBe("int32");
    const ofState = counted({ start: 5 });
    expect(backend.k.logSumExpState(1, ofState.given).start).toBe(5);
    expect([...ofBatch.reads, ...ofState.reads]).toEqual([
      ["dtype", 1],
      ["start", 1],
    ]);
  });
});
