import { expect, it } from "vitest";
import * as reference from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { list } from "../support/ulp.js";

const f = (...values: number[]) => Float32Array.from(values);
const shape = [2, 2];
const grad = true;
const certain = new Float32Array(20).fill(-500);
certain[0] = 500;

const long = new Float32Array(2 * 70_001).fill(-500);
long[3] = 500;
long[70_001 + 5] = 500;

/** Results of which all numbers are 0, but mean losses of nothing. */
const CASES: readonly (readonly [string, (k: typeof reference) => Partial<Record<"loss" | "grad", unknown>>])[] = [
  ["one class", (k) => k.softmaxCrossEntropy(f(1, 2), [0, 0], { shape: [2, 1], grad })],
  ["a certain label", (k) => k.softmaxCrossEntropy(f(1000, 0, 0), [0], { grad })],
  ["a certain one of many", (k) => k.softmaxCrossEntropy(certain, [0], { grad })],
  ["long rows", (k) => k.softmaxCrossEntropy(long, [3, 5], { shape: [2, 70_001], grad })],
  ["no other class", (k) => k.softmaxCrossEntropy(f(1, -Infinity), [0], { grad })],
  ["weights of 0", (k) => k.softmaxCrossEntropy(f(1, 2, 3, 4), [0, 1], { shape, grad, classWeights: f(0, 0) })],
  ["another axis", (k) => k.softmaxCrossEntropy(f(1000, 0, 0, 1000), [0, 1], { shape, axis: 0, grad })],
  ["nllLoss, weights of 0", (k) => k.nllLoss(f(-1, -2, -3, -4), [0, 1], { shape, grad, classWeights: f(0, 0) })],
  ["nllLoss, a certain label", (k) => k.nllLoss(f(0, -Infinity), [0], { reduction: "none" })],
];

describeEachBackend("losses and gradients that are 0 are +0", ({ k }) => {
  it.each(CASES)("%s", (_, call) => {
    for (const { loss, grad } of [call(k as never), call(reference)]) {
      const numbers = [loss, grad].flatMap((values) =>
        values === undefined ? [] : Array.from(list(values as number[])),
      );
      expect(numbers.filter((value) => !Number.isNaN(value) && !Object.is(value, 0))).toEqual([]);
      expect(numbers).toContain(0);
    }
  });
});
