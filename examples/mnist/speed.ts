// The kernels against hand-written plain JavaScript, on the logits and the shapes that were just used.

import type { Xentropy } from "xentropy";
import { javascript, kernels } from "../../bench/contenders.js";
import { THOROUGH } from "../../bench/measure.js";
import { operations } from "../../bench/operations.js";
import type { Problem } from "../../bench/problems.js";
import type { Timing } from "../../bench/record.js";
import { compare } from "../../bench/suite.js";
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

export interface Comparison {
  readonly operation: string;
  readonly rows: number;
  readonly elements: number;
  readonly timings: readonly Timing[];
}

export async function compareSpeed(k: Xentropy, logits: Float32Array, labels: Int32Array): Promise<Comparison[]> {
  const around = {
    effort: THOROUGH,
    contenders: [javascript, kernels(k)],
    placements: ["foreign"] as const,
    limits: [],
  };
  const comparisons: Comparison[] = [];
  for (const { name, rows: used } of USED) {
    const operation = operations.find((candidate) => candidate.name === name);
    if (!operation) throw new Error(`There is no operation ${name}`);
    for (const rows of used) {
      const problem = firstRows(rows, logits, labels);
      const { timings } = await compare(operation, problem, around);
      comparisons.push({ operation: name, rows, elements: problem.x.length, timings });
    }
  }
  return comparisons;
}

function firstRows(rows: number, logits: Float32Array, labels: Int32Array): Problem {
  const some = labels.subarray(0, rows);
  const x = logits.subarray(0, rows * CLASSES);
  return {
    shape: [rows, CLASSES],
    axis: 1,
    layout: [rows, CLASSES, 1],
    positions: rows,
    rows,
    columns: CLASSES,
    x,
    y: oneHot(some),
    labels: some,
    output: new Float32Array(x.length),
    values: new Float32Array(rows),
    indices: new Int32Array(0),
  };
}
