// Seeded batches for `xentropy check`: short rows and long ones, mild logits, wide ones and a row with one sure class.

import { normal, uniform } from "./random.js";

/** What the operations of one round are called with. All arrays are float32 and of the batch's shape but the labels. */
export interface Batch {
  readonly shape: readonly [rows: number, columns: number];
  readonly what: string;
  readonly x: Float32Array;
  /** Other logits: a teacher's, or an upstream gradient. */
  readonly y: Float32Array;
  /** Two distributions a row, with mass everywhere. */
  readonly p: Float32Array;
  readonly q: Float32Array;
  readonly logP: Float32Array;
  /** Targets 0 and 1. */
  readonly hard: Float32Array;
  readonly labels: Int32Array;
  readonly classWeights: Float32Array;
  /** A linear layer with x as its features, and what its few classes should be. */
  readonly layer: {
    readonly weights: Float32Array;
    readonly bias: Float32Array;
    readonly labels: Int32Array;
    readonly hard: Float32Array;
  };
}

const SHAPES = [
  [64, 1],
  [64, 2],
  [300, 10],
  [33, 127],
  [12, 1000],
  [3, 5000],
] as const;

const LAYER_CLASSES = 7;

const SPREADS = { mild: 1, normal: 3, wide: 30 } as const;

/** Every shape with every kind of logits. */
export function batches(seed: number): Batch[] {
  return SHAPES.flatMap((shape, s) => [
    ...Object.entries(SPREADS).map(([what, spread], i) => batchOf(shape, what, spread, false, seed * 1009 + s * 7 + i)),
    batchOf(shape, "one sure class", 3, true, seed * 1009 + s * 7 + 5),
  ]);
}

function batchOf(shape: Batch["shape"], what: string, spread: number, sure: boolean, seed: number): Batch {
  const [rows, columns] = shape;
  const random = uniform(seed);
  const next = normal(random);
  const logits = () => Float32Array.from({ length: rows * columns }, () => spread * next());
  const x = logits();
  if (sure) for (let r = 0; r < rows; r++) x[r * columns + Math.floor(random() * columns)] += 25;
  return {
    shape,
    what,
    x,
    y: logits(),
    p: distributions(
      Float32Array.from(x, () => next()),
      columns,
    ),
    q: distributions(
      Float32Array.from(x, () => next()),
      columns,
    ),
    logP: x.map((value) => -Math.abs(value)),
    hard: Float32Array.from(x, () => Math.round(random())),
    labels: Int32Array.from({ length: rows }, () => Math.floor(random() * columns)),
    classWeights: Float32Array.from({ length: columns }, () => 0.5 + random()),
    layer: {
      weights: Float32Array.from({ length: LAYER_CLASSES * columns }, () => next() / Math.sqrt(columns)),
      bias: Float32Array.from({ length: LAYER_CLASSES }, next),
      labels: Int32Array.from({ length: rows }, () => Math.floor(random() * LAYER_CLASSES)),
      hard: Float32Array.from({ length: rows * LAYER_CLASSES }, () => Math.round(random())),
    },
  };
}

/** Rows of positive numbers that add up to about 1. */
function distributions(x: Float32Array, columns: number): Float32Array {
  const out = x.map((value) => Math.exp(value));
  for (let start = 0; start < x.length; start += columns) {
    const row = out.subarray(start, start + columns);
    const sum = row.reduce((a, b) => a + b, 0);
    for (let i = 0; i < columns; i++) row[i] /= sum;
  }
  return out;
}
