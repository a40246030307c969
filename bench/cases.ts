// What is measured: every operation at every shape, and at one shape on widely spread logits. A case is a row; add rows to
// the tables below, or build one from numbers of your own.

import { type Operation, operations } from "./operations.js";
import { mulberry32, normal } from "./random.js";

/** The numbers of a case. */
export interface Problem {
  readonly shape: readonly [rows: number, columns: number];
  readonly logits: Float32Array;
  readonly labels: Int32Array;
  readonly targets: Float32Array;
}

export interface Case {
  readonly operation: Operation;
  /** Rows × columns. */
  readonly shape: readonly [rows: number, columns: number];
  /** What the logits are like; one of `distributions`, or words for real ones. */
  readonly distribution: string;
  /** Made when it is needed, so that one case at a time is held. */
  readonly problem: () => Problem;
}

/** From a single digit to a language model's vocabulary. */
export const shapes: readonly (readonly [number, number])[] = [
  [1, 10],
  [32, 10],
  [32, 1000],
  [128, 1000],
  [16, 50257],
];

/** Standard deviation of the logits. At 3 many classes share a row's mass; at 30 one has nearly all of it. */
export const distributions = { normal: 3, wide: 30 } as const;

type Distribution = keyof typeof distributions;

const WIDE_SHAPE = [32, 1000] as const;

/** What to keep of the standing table. */
export interface Selection {
  /** Operations by name. */
  readonly operations: readonly string[] | undefined;
  /** Shapes to take instead of the standing ones. */
  readonly shapes: readonly (readonly [number, number])[] | undefined;
}

export function standingCases(only: Selection): Case[] {
  return operations
    .filter(({ name }) => !only.operations || only.operations.includes(name))
    .flatMap((operation) => [
      ...(only.shapes ?? shapes).map((shape) => randomCase(operation, shape, "normal")),
      ...(only.shapes ? [] : [randomCase(operation, WIDE_SHAPE, "wide")]),
    ]);
}

function randomCase(operation: Operation, shape: readonly [number, number], distribution: Distribution): Case {
  return { operation, shape, distribution, problem: () => randomProblem(shape, distributions[distribution]) };
}

/** Seeded, so that every run and every contender sees the same numbers. */
function randomProblem(shape: readonly [number, number], spread: number): Problem {
  const [rows, columns] = shape;
  const random = mulberry32(rows * 65537 + columns);
  const gauss = normal(random);
  const logits = Float32Array.from({ length: rows * columns }, () => gauss() * spread);
  const labels = Int32Array.from({ length: rows }, () => Math.floor(random() * columns));
  const targets = Float32Array.from({ length: rows * columns }, random);
  for (let start = 0; start < targets.length; start += columns) {
    const row = targets.subarray(start, start + columns);
    const sum = row.reduce((a, b) => a + b, 0);
    for (let i = 0; i < columns; i++) row[i] /= sum;
  }
  return { shape, logits, labels, targets };
}
