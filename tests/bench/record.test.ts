import { expect, it } from "vitest";
import { merge, type RunRecord } from "../../bench/record.js";

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
