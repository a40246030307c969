import { describe, expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits, list } from "../support/ulp.js";
import { type Layout, positionsOf } from "./support/layout.js";
import { expectRight, optionsOf, run } from "./support/operation.js";
import { NAMED_OPERATIONS, OPERATIONS } from "./support/operations.js";

const EMPTY: readonly Layout[] = [
  { shape: [0], axis: 0 },
  { shape: [0, 3], axis: -1 },
  { shape: [3, 0], axis: -1 },
  { shape: [3, 0], axis: 0 },
  { shape: [2, 0, 4], axis: 0 },
  { shape: [2, 0, 4], axis: 1 },
  { shape: [2, 0, 4], axis: 2 },
  { shape: [0, 0], axis: 0 },
];

const REDUCING = OPERATIONS.filter(({ writes, method }) => writes === "grad" || method === "entropy").map(
  (operation) => [operation.name, operation] as const,
);

describeEachBackend("an empty batch", (backend) => {
  describe.each(NAMED_OPERATIONS)("of %s gives empty results:", (_, operation) => {
    it.each(operation.variants)("%s", (...variant) => {
      for (const layout of EMPTY) {
        if (operation.method === "argmax" && layout.shape.at(layout.axis) === 0) continue;
        const options = optionsOf(operation, variant, layout);
        const operands = operation.operands(layout, 1);
        expectRight(backend.k, operation, operands, options);
        const rows = operation.works === "along an axis" ? positionsOf(layout) : 0;
        for (const [name, values] of Object.entries(run(backend.k, operation, operands, options))) {
          if (name === "correct") continue;
          const one = name === "loss" || name === "logSumExp" || !operation.writes;
          expect(list(values).length, `${name}, shape [${layout.shape}]`).toBe(
            one && operation.method !== "topK" ? rows : 0,
          );
        }
      }
    });
  });

  describe.each(REDUCING)("of %s has nothing to reduce:", (_, operation) => {
    it.each(operation.variants)("mean NaN, sum 0: %s", (...variant) => {
      const layout = { shape: [0, 3], axis: 1 };
      const operands = operation.operands(layout, 1);
      for (const [reduction, expected] of [
        ["mean", Number.NaN],
        ["sum", 0],
      ] as const) {
        const { gradOutput, ...options } = optionsOf(operation, variant, layout);
        const { loss, out = loss } = run(backend.k, operation, operands, { ...options, reduction });
        expectSameBits(out, expected, reduction);
      }
    });
  });

  it("has a log-sum-exp of −Infinity for each row without classes", () => {
    const { k } = backend;
    const nothing = new Float32Array(0);
    expectSameBits(k.logSumExp(nothing, { shape: [2, 0] }), [-Infinity, -Infinity], "rows");
    expectSameBits(k.logSumExp(nothing, { shape: [2, 0], temperature: 3 }), [-Infinity, -Infinity], "temperature");
    expectSameBits(k.logSumExp(nothing, { shape: [2, 0, 3], axis: [0, 1] }), new Array(3).fill(-Infinity), "two axes");
    expectSameBits(
      k.logSumExp(nothing, { shape: [2, 0, 3], axis: [1] }),
      new Array(6).fill(-Infinity),
      "a list of one",
    );
    expectSameBits(k.logSumExp(nothing, { shape: [2, 0, 3], axis: [0, 2] }), [], "another axis empty");
    const { logSumExp } = k.softmaxCrossEntropy(nothing, nothing, { shape: [2, 0], logSumExp: true });
    expectSameBits(logSumExp, [-Infinity, -Infinity], "of softmaxCrossEntropy");
  });

  it("has a softmax of nothing, whatever an empty row would give", () => {
    const nothing = new Float32Array(0);
    for (const emptyRow of ["nan", "zero"] as const) {
      expectSameBits(backend.k.softmax(nothing, { shape: [2, 0], emptyRow }), nothing, emptyRow);
      expectSameBits(backend.k.softmax(nothing, { shape: [2, 0, 3], axis: 1, emptyRow }), nothing, emptyRow);
    }
  });

  it("has top-k results of nothing for k = 0, whatever the batch", () => {
    for (const [data, shape] of [
      [new Float32Array(0), [2, 0]],
      [new Float32Array(6), [2, 3]],
      [new Float32Array(0), [0, 3]],
    ] as const) {
      const { values, indices } = backend.k.topK(data, 0, { shape });
      expect(values).toEqual(new Float32Array(0));
      expect(indices).toEqual(new Int32Array(0));
    }
  });
});
