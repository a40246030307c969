// The kernels against hand-written plain JavaScript, on the logits and the shapes that were just used.

import type { Xentropy } from "xentropy";
import type { Case, Problem } from "../../bench/cases.js";
import { type Comparison, compare } from "../../bench/compare.js";
import { javascript, kernels } from "../../bench/contenders.js";
import { THOROUGH } from "../../bench/measure.js";
import { operations } from "../../bench/operations.js";
import { CLASSES } from "./digits.js";
import { oneHot } from "./objectives.js";
import { BATCH } from "./train.js";

/** Operations as they were used: losses on a training batch, everything on the test digits. */
const USED = [
  { name: "softmaxCrossEntropy", rows: [BATCH, 10_000] },
  { name: "sigmoidCrossEntropy", rows: [BATCH, 10_000] },
  { name: "softmax", rows: [10_000] },
  { name: "logSoftmax", rows: [10_000] },
] as const;

export function compareSpeed(k: Xentropy, logits: Float32Array, labels: Int32Array): Comparison[] {
  return USED.flatMap(({ name, rows: used }) =>
    used.map((rows) => {
      const operation = operations.find((candidate) => candidate.name === name);
      if (!operation) throw new Error(`There is no operation ${name}`);
      const problem = firstRows(rows, logits, labels);
      const given: Case = { operation, shape: problem.shape, distribution: "test digits", problem: () => problem };
      return compare(given, [javascript, kernels(k)], THOROUGH);
    }),
  );
}

function firstRows(rows: number, logits: Float32Array, labels: Int32Array): Problem {
  const some = labels.subarray(0, rows);
  return {
    shape: [rows, CLASSES],
    logits: logits.subarray(0, rows * CLASSES),
    labels: some,
    targets: oneHot(some),
  };
}
