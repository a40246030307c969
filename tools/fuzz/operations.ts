// Every operation as the fuzzer draws it: operands and options for a batch, all of them valid.

import type { Xentropy } from "xentropy";
import {
  crossEntropyOptions,
  divergenceOptions,
  ignored,
  labelOptions,
  layerOptions,
  type Options,
  positions,
  reduction,
  severalAxes,
  shardOptions,
  sigmoidOptions,
  some,
  temperature,
  unit,
} from "./options.js";
import type { Random } from "./random.js";
import {
  amounts,
  denseTargets,
  distributions,
  elementTargets,
  finite,
  layerNumbers,
  logits,
  pairs,
  probabilities,
} from "./values.js";

export interface Layout {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly size: number;
  readonly classes: number;
  /** Elements between two classes of a position. */
  readonly stride: number;
}

export type Operand = Float32Array | Int32Array | number;

export interface FuzzOperation {
  readonly name: keyof Xentropy & string;
  /** Where an array goes, if there is one. */
  readonly writes?: "out" | "grad";
  /** The operand that this array may replace. Default 0. */
  readonly replaces?: number;
  /** Whether a class axis of no length makes sense. */
  readonly empty?: boolean;
  /** Elements don't depend on each other: no axis. */
  readonly elementwise?: boolean;
  /** A linear layer: x is features [positions, depth], its gradients are three. */
  readonly layer?: boolean;
  /** A state of log-sum-exps: x is added, stored and merged in parts, and each part is a shard's. */
  readonly state?: boolean;
  operands(random: Random, layout: Layout): Operand[];
  options?(random: Random, layout: Layout, operands: readonly Operand[]): Options;
}

function labels(random: Random, layout: Layout): Int32Array {
  const ignored = random.oneIn(3);
  return Int32Array.from({ length: positions(layout) }, () =>
    ignored && random.oneIn(3) ? -100 : random.below(layout.classes),
  );
}

const plainLogits = (random: Random, layout: Layout) => [logits(random, layout)];
const elementwise = (name: FuzzOperation["name"]): FuzzOperation => ({
  name,
  writes: "out",
  elementwise: true,
  empty: true,
  operands: plainLogits,
});

/** What a layer's batch is features of: another number of classes, drawn with its weights. */
function scored({ size, classes: depth }: Layout, weights: Operand): Layout {
  const classes = (weights as Float32Array).length / depth;
  return { shape: [size / depth, classes], axis: 1, size: (size / depth) * classes, classes, stride: 1 };
}

/**
 * Features and weights: real numbers of a size at which their products neither overflow nor vanish. Of few and short features
 * now and then so many classes that their logits take several blocks.
 */
function layerOperands(random: Random, { size, classes: depth }: Layout): [Float32Array, Float32Array] {
  const many = size <= 100 && random.oneIn(4);
  const classes = many ? random.pick([2049, 5000]) : random.pick([1, 2, 3, 7, 8, 9, 31, 130]);
  return [layerNumbers(random, size), layerNumbers(random, classes * depth)];
}

/** What labels have and dense targets don't. */
function extras(random: Random, layout: Layout, labels: Int32Array): Options {
  return { ...ignored(random, layout, labels), ...(random.oneIn(4) && { correct: true }) };
}

/** Sigmoid focal loss of such targets, with one of these γ. */
function focalLoss(targets: (random: Random, size: number) => Operand, gammas: readonly number[]): FuzzOperation {
  return {
    name: "sigmoidFocalLoss",
    writes: "grad",
    elementwise: true,
    operands: (random, layout) => [logits(random, layout), targets(random, layout.size)],
    options: (random, { size }) => ({
      ...reduction(random, size),
      ...some(random, { alpha: () => random.pick([0, 0.25, 1]), gamma: () => random.pick(gammas) }),
    }),
  };
}

export const OPERATIONS: readonly FuzzOperation[] = [
  {
    name: "linearSoftmaxCrossEntropy",
    layer: true,
    operands(random, layout) {
      const [x, w] = layerOperands(random, layout);
      const scores = scored(layout, w);
      const { size, classes } = scores;
      return [x, w, random.oneIn(3) ? denseTargets(random, size, classes, 1) : labels(random, scores)];
    },
    options(random, layout, [, w, targets]) {
      const scores = scored(layout, w);
      const own = targets instanceof Int32Array && extras(random, scores, targets);
      return { ...crossEntropyOptions(random, scores), ...own, ...layerOptions(random, scores) };
    },
  },
  {
    name: "linearSigmoidCrossEntropy",
    layer: true,
    operands(random, layout) {
      const [x, w] = layerOperands(random, layout);
      return [x, w, elementTargets(random, scored(layout, w).size)];
    },
    options(random, layout, [, w]) {
      const scores = scored(layout, w);
      return { ...sigmoidOptions(random, scores.size, scores.classes), ...layerOptions(random, scores) };
    },
  },
  {
    name: "softmax",
    writes: "out",
    empty: true,
    operands: plainLogits,
    options: (random) =>
      some(random, { temperature: temperature(random), emptyRow: () => random.pick(["nan", "zero"]) }),
  },
  {
    name: "logSoftmax",
    writes: "out",
    empty: true,
    operands: plainLogits,
    options: (random) => some(random, { temperature: temperature(random) }),
  },
  {
    name: "logSumExp",
    writes: "out",
    empty: true,
    operands: plainLogits,
    options: (random, layout) => ({
      ...some(random, { temperature: temperature(random) }),
      ...severalAxes(random, layout),
    }),
  },
  {
    name: "softmaxBackward",
    writes: "out",
    empty: true,
    operands: (random, { size, classes, stride }) => [
      distributions(random, size, classes, stride),
      finite(random, size),
    ],
  },
  {
    name: "logSoftmaxBackward",
    writes: "out",
    empty: true,
    operands: (random, layout) => [
      logits(random, layout).map((value) => (Number.isNaN(value) ? -1 : -Math.min(Math.abs(value), 200))),
      finite(random, layout.size),
    ],
  },
  { name: "argmax", operands: plainLogits },
  {
    name: "topK",
    operands: (random, layout) => [logits(random, layout), random.below(layout.classes + 1)],
  },
  ...(["sigmoid", "logSigmoid", "softplus", "logit"] as const).map(elementwise),
  {
    name: "softmaxCrossEntropy",
    writes: "grad",
    operands: (random, layout) => [logits(random, layout), labels(random, layout)],
    options: (random, layout, [, labels]) => ({
      ...crossEntropyOptions(random, layout),
      ...extras(random, layout, labels as Int32Array),
    }),
  },
  {
    name: "softmaxCrossEntropy",
    writes: "grad",
    operands: (random, layout) => [
      logits(random, layout),
      denseTargets(random, layout.size, layout.classes, layout.stride),
    ],
    options: crossEntropyOptions,
  },
  {
    name: "logSumExpState",
    state: true,
    operands: (random, layout) => [logits(random, layout), labels(random, layout)],
    options: shardOptions,
  },
  {
    name: "nllLoss",
    writes: "grad",
    operands: (random, layout) => [logits(random, layout).map((value) => -Math.abs(value)), labels(random, layout)],
    options: labelOptions,
  },
  {
    name: "softmaxKlDivergence",
    writes: "grad",
    operands: (random, layout) => [logits(random, layout), logits(random, layout)],
    options: (random, layout) => ({
      ...reduction(random, positions(layout)),
      ...some(random, { temperature: temperature(random) }),
    }),
  },
  {
    name: "sigmoidCrossEntropy",
    writes: "grad",
    elementwise: true,
    operands: (random, layout) => [logits(random, layout), elementTargets(random, layout.size)],
    options: (random, { size, shape }) => sigmoidOptions(random, size, shape.at(-1) ?? 1),
  },
  focalLoss(elementTargets, [0, 1, 2, 3, 4, 5, 6]),
  // No bound is stated for these, and outside [0, 1] they may be NaN.
  focalLoss((random, size) => probabilities(random, size).map((t) => Math.min(1, Math.max(0, t))), [0.5, 2.5, 7, 20]),
  {
    name: "entropy",
    operands: (random, layout) => [amounts(random, layout)],
    options: unit,
  },
  { name: "crossEntropy", writes: "grad", replaces: 1, operands: pairs, options: divergenceOptions },
  { name: "klDivergence", writes: "grad", replaces: 1, operands: pairs, options: divergenceOptions },
  { name: "jensenShannon", writes: "grad", replaces: 1, operands: pairs, options: divergenceOptions },
  {
    name: "binaryCrossEntropy",
    writes: "grad",
    elementwise: true,
    operands: (random, { size }) => [probabilities(random, size), elementTargets(random, size)],
    options: divergenceOptions,
  },
];
