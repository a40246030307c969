import { expect, it } from "vitest";
import { operations } from "../../bench/operations.js";
import { makeProblem } from "../../bench/problems.js";

function problemOf(name: string) {
  const operation = operations.find((given) => given.name === name);
  if (!operation) throw new Error(name);
  return makeProblem(operation, [1, 1000], 1, "normal");
}

const isBetween = (value: number) => value > 0 && value < 1;

it.each(["binaryCrossEntropy", "binaryCrossEntropyHard"])(
  "%s is measured with probabilities between 0 and 1",
  (name) => {
    const { x, y } = problemOf(name);
    expect(x.every(isBetween)).toBe(true);
    expect(x).not.toEqual(y);
  },
);

it.each([
  ["sigmoidCrossEntropy", isBetween],
  ["sigmoidFocalLoss", isBetween],
  ["binaryCrossEntropy", isBetween],
  ["binaryCrossEntropyHard", Number.isInteger],
] as const)("%s is measured with targets of its kind, on both sides of ½", (name, isOne) => {
  const { y } = problemOf(name);
  expect(y.every((value) => isOne(value) && value >= 0 && value <= 1)).toBe(true);
  expect([y.some((value) => value < 0.5), y.some((value) => value > 0.5)]).toEqual([true, true]);
});
