import { expect, it } from "vitest";
import { merge, quantile, type RunRecord } from "../../bench/record.js";

function recordOf(engine: string, cases: readonly (readonly [operation: string, shape: string, ns: number])[]) {
  const results = cases.map(([operation, shape, ns]) => ({ operation, shape, spread: "normal", ns }));
  return { machine: { engine }, versions: {}, missing: {}, results } as unknown as RunRecord;
}

it("records are put together by engine, and of a case measured twice the later result counts, in the first one's place", () => {
  const merged = merge([
    recordOf("Node 20", [
      ["softmax", "1x10", 1],
      ["softmax", "32x10", 2],
    ]),
    recordOf("Node 24", [["softmax", "1x10", 3]]),
    recordOf("Node 20", [
      ["softmax", "1x10", 4],
      ["argmax", "1x10", 5],
    ]),
  ]);
  expect(merged).toEqual([
    recordOf("Node 20", [
      ["softmax", "1x10", 4],
      ["softmax", "32x10", 2],
      ["argmax", "1x10", 5],
    ]),
    recordOf("Node 24", [["softmax", "1x10", 3]]),
  ]);
});

it("records of engines that took turns stay apart from those of an engine alone", () => {
  const alone = recordOf("Node 20", [["softmax", "1x10", 1]]);
  const beside = { ...recordOf("Node 20", [["softmax", "1x10", 2]]), sideBySide: true };
  expect(merge([beside, alone, beside])).toEqual([beside, alone]);
});

it("quantiles lie between values, in their order", () => {
  const values = [4, 1, 2, 3];
  expect([0, 0.25, 0.5, 1].map((q) => quantile(values, q))).toEqual([1, 1.75, 2.5, 4]);
  expect(values).toEqual([4, 1, 2, 3]);
});
