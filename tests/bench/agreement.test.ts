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

  it("lets rounding pass, of subnormal elements too", () => {
    const actual = { loss: 1 + 1e-6, array: [0.500001, 0.25, 1e-40 + 1.4e-45, 0.25] };
    expect(disagreement(operation, problem, expected, actual)).toBeUndefined();
  });
});
