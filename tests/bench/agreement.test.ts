import { describe, expect, it } from "vitest";
import { load } from "xentropy";
import { disagreement } from "../../bench/agreement.js";
import { parseShape } from "../../bench/cases.js";
import { javascript, kernels } from "../../bench/contenders.js";
import { operations } from "../../bench/operations.js";
import { makeProblem, SPREADS } from "../../bench/problems.js";

const SHAPES = { rows: ["1x10", "7x33", "2x5x67/1"], elements: ["1000"] };

describe.each(operations)("the benchmark's $name", (operation) => {
  it.each(SHAPES[operation.form])(
    "at %s is the same in JavaScript, in the kernels and in the reference",
    async (shape) => {
      const contenders = [javascript, kernels(await load({ backend: "simd" }))];
      const parsed = parseShape(shape);
      if (!parsed) throw new Error(shape);
      for (const spread of SPREADS) {
        const problem = makeProblem(operation, parsed.shape, parsed.axis, spread);
        const expected = operation.reference(problem);
        for (const contender of contenders) {
          for (const placement of contender.placements) {
            const entry = await contender.prepare(operation, problem, placement);
            await entry?.call();
            const result = await entry?.result();
            expect(result && disagreement(operation, problem, expected, result), contender.name).toBeUndefined();
            entry?.free?.();
          }
        }
      }
    },
  );
});

describe("disagreement", () => {
  const operation = operations.find(({ name }) => name === "softmax");
  if (!operation) throw new Error("softmax");
  const problem = makeProblem(operation, [1, 4], 1, "normal");
  const expected = { loss: 1, array: [0.5, 0.25, 1e-40, 0.25] };

  it("names the element that is furthest off", () => {
    const actual = { loss: 1, array: [0.5001, 0.26, 1e-40, 0.25] };
    expect(disagreement(operation, problem, expected, actual)).toMatch("element 1 is 0.26");
  });

  it("names a loss, a missing element and a NaN", () => {
    expect(disagreement(operation, problem, expected, { ...expected, loss: 1.001 })).toMatch("loss");
    expect(disagreement(operation, problem, expected, { ...expected, array: [0.5] })).toMatch("1 elements");
    const broken = { ...expected, array: [0.5, Number.NaN, 1e-40, 0.25] };
    expect(disagreement(operation, problem, expected, broken)).toMatch("element 1 is NaN");
  });

  it("names an index that is off by one, however large, and one that is missing", () => {
    const indices = { loss: 0, array: [], indices: [3, 1_000_000] };
    const off = { ...indices, indices: [3, 999_999] };
    expect(disagreement(operation, problem, indices, off)).toBe("index 1 is 999999, expected 1000000");
    expect(disagreement(operation, problem, indices, { loss: 0, array: [] })).toBe("index 0 is undefined, expected 3");
    expect(disagreement(operation, problem, indices, indices)).toBeUndefined();
  });

  it("judges topK's values beside its indices", async () => {
    const topK = operations.find(({ name }) => name === "topK") as typeof operation;
    const rows = makeProblem(topK, [2, 7], 1, "normal");
    const judged = topK.reference(rows);
    for (const contender of [javascript, kernels(await load({ backend: "simd" }))]) {
      const entry = await contender.prepare(topK, rows, "foreign");
      const actual = { ...(await entry?.result()), loss: 0, array: Array.from(judged.array, (value) => value + 0.001) };
      expect(disagreement(topK, rows, judged, actual)).toMatch("element ");
    }
  });

  it("lets rounding pass, of subnormal elements too", () => {
    const actual = { loss: 1 + 1e-6, array: [0.500001, 0.25, 1e-40 + 1.4e-45, 0.25] };
    expect(disagreement(operation, problem, expected, actual)).toBeUndefined();
  });

  it("allows 1e-5 of what is expected, and nothing more for a result that is large", () => {
    const off = (loss: number, first: number, tiny = 1e-36) =>
      disagreement(operation, problem, { loss: 1, array: [0.5, 1e-36] }, { loss, array: [first, tiny] });
    expect(off(1 + 0.9e-5, 0.5 * (1 + 0.9e-5))).toBeUndefined();
    expect(off(1 + 1.1e-5, 0.5)).toMatch("loss");
    expect(off(1, 0.5 * (1 + 1.1e-5))).toMatch("element 0");
    expect(off(1, 0.5, 1.0001e-36)).toMatch("element 1");
    for (const far of [1e9, Infinity, -Infinity]) expect(off(1, far)).toMatch("element 0");
    expect(off(Infinity, 0.5)).toMatch("loss");
  });
});
