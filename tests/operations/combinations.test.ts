import { it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { combinations, type Pools, reductions } from "./support/combinations.js";
import { positionsOf, weights } from "./support/layout.js";
import { expectRight, type Options } from "./support/operation.js";
import { operationOf } from "./support/operations.js";
import { sizeOf } from "./support/rows.js";

const LAYOUT = { shape: [3, 4, 5], axis: 1 };
const POSITIONS = positionsOf(LAYOUT);
const ELEMENTS = sizeOf(LAYOUT.shape);
const REDUCTION: Pools = { reduction: [undefined, "mean", "sum", "none"] };
const GRAD: Pools = { grad: [undefined, false, true] };
const TEMPERATURE: Pools = { temperature: [undefined, 1, 2.5, 0.3] };
const UNIT: Pools = { unit: [undefined, "nats", "bits"] };

/** The options that an operation takes, and how many losses it has upstream gradients for, if any. */
const CASES: readonly (readonly [name: string, pools: Pools, losses: number])[] = [
  ["softmax", { ...TEMPERATURE, emptyRow: [undefined, "nan", "zero"] }, 0],
  ["logSoftmax", TEMPERATURE, 0],
  ["logSumExp", TEMPERATURE, 0],
  [
    "nllLoss",
    { ...GRAD, classWeights: [undefined, weights(4, 1)], sampleWeights: [undefined, weights(15, 2)] },
    POSITIONS,
  ],
  ["softmaxKlDivergence", { ...GRAD, ...TEMPERATURE }, POSITIONS],
  ["sigmoidFocalLoss", { ...GRAD, alpha: [undefined, 0, 0.25, 1], gamma: [undefined, 0, 1, 2] }, ELEMENTS],
  ["entropy", { ...REDUCTION, ...UNIT }, 0],
  ["crossEntropy", { ...REDUCTION, ...UNIT, ...GRAD }, 0],
  ["klDivergence", { ...REDUCTION, ...UNIT, ...GRAD }, 0],
  ["jensenShannon", { ...REDUCTION, ...UNIT, ...GRAD }, 0],
  ["binaryCrossEntropy", { ...REDUCTION, ...UNIT, ...GRAD }, 0],
];

describeEachBackend("with every combination of options", (backend) => {
  it.each(CASES)("%s equals its formula", (name, pools, losses) => {
    const operation = operationOf(name);
    const base = operation.works === "along an axis" ? LAYOUT : { shape: LAYOUT.shape };
    const operands = operation.operands(LAYOUT, 61);
    const upstream: readonly Options[] = losses > 0 ? reductions(losses) : [{}];
    for (const reduction of upstream) {
      for (const options of combinations(pools)) {
        const all: Options = { ...base, ...reduction, ...options };
        expectRight(backend.k, operation, operands, all);
      }
    }
  });
});
