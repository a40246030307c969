// Every operation as the fuzzer draws it: operands and options for a batch, all of them valid.

import type { Xentropy } from "xentropy";
import type { Random } from "./random.js";
import {
  boundedLogits,
  chances,
  denseTargets,
  distributions,
  finite,
  layerNumbers,
  logits,
  weights,
} from "./values.js";

export interface Layout {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly size: number;
  readonly classes: number;
  /** Elements between two classes of a position. */
  readonly stride: number;
}

export type Options = Record<string, unknown>;
export type Operand = Float32Array | Int32Array | number;

export interface FuzzOperation {
  readonly name: keyof Xentropy & string;
  /** Where an array of the batch's shape goes, if there is one. */
  readonly writes?: "out" | "grad";
  /** The operand that this array may replace. Default 0. */
  readonly replaces?: number;
  /** Whether a class axis of no length makes sense. */
  readonly empty?: boolean;
  /** Elements don't depend on each other: no axis. */
  readonly elementwise?: boolean;
  /** A linear layer: x is features [positions, depth], its gradients are three. */
  readonly layer?: boolean;
  operands(random: Random, layout: Layout): Operand[];
  options?(random: Random, layout: Layout, operands: readonly Operand[]): Options;
}

/** Each option is there half of the time. */
function some(random: Random, all: Record<string, () => unknown>): Options {
  const options: Options = {};
  for (const [name, draw] of Object.entries(all)) if (random.oneIn(2)) options[name] = draw();
  return options;
}

function positions({ size, classes }: Layout): number {
  return classes === 0 ? 0 : size / classes;
}

function labels(random: Random, layout: Layout): Int32Array {
  const ignored = random.oneIn(3);
  return Int32Array.from({ length: positions(layout) }, () =>
    ignored && random.oneIn(3) ? -100 : random.below(layout.classes),
  );
}

/** Reduction and upstream gradient; `losses` says how many losses there are. */
function reduction(random: Random, losses: number): Options {
  const options = some(random, { reduction: () => random.pick(["mean", "sum", "none"]), grad: () => true });
  if (random.oneIn(3)) {
    const one = !(options.reduction === "none" && random.oneIn(2));
    options.gradOutput = one ? Math.fround(random.pick([1, -1.75, 1e-3, 1e4])) : finite(random, losses);
  }
  return options;
}

const temperature = (random: Random) => () => Math.fround(random.pick([1, 0.3, 2.5, 1e-3, 1e3]));

function crossEntropyOptions(random: Random, layout: Layout): Options {
  const count = positions(layout);
  return {
    ...reduction(random, count),
    ...(random.oneIn(2) &&
      some(random, {
        labelSmoothing: () => random.pick([0, 0.1, 0.5, 1]),
        classWeights: () => weights(random, layout.classes),
        sampleWeights: () => weights(random, count),
        zLoss: () => random.pick([0, 1e-4, 0.5]),
        softcap: () => random.pick([5, 30]),
        temperature: temperature(random),
        logSumExp: () => true,
      })),
  };
}

const unit = (random: Random) => some(random, { unit: () => random.pick(["nats", "bits"]) });
const divergence = (random: Random) => ({
  ...unit(random),
  ...some(random, { reduction: () => random.pick(["none", "mean", "sum"]), grad: () => true }),
});
const pair = (random: Random, { size, classes, stride }: Layout) => [
  distributions(random, size, classes, stride),
  distributions(random, size, classes, stride),
];
const elementwise = (name: FuzzOperation["name"]): FuzzOperation => ({
  name,
  writes: "out",
  elementwise: true,
  empty: true,
  operands: (random, { size }) => [logits(random, size)],
});

/** What a layer's batch is features of: another number of classes, drawn with its weights. */
function scored({ size, classes: depth }: Layout, weights: Operand): Layout {
  const classes = (weights as Float32Array).length / depth;
  return { shape: [size / depth, classes], axis: 1, size: (size / depth) * classes, classes, stride: 1 };
}

/** Features and weights: real numbers of a size at which their products neither overflow nor vanish. */
function layerOperands(random: Random, { size, classes: depth }: Layout): [Float32Array, Float32Array] {
  const classes = random.pick([1, 2, 3, 7, 8, 9, 31, 130]);
  return [layerNumbers(random, size), layerNumbers(random, classes * depth)];
}

function layerOptions(random: Random, { classes }: Layout): Options {
  const grad = random.oneIn(2)
    ? { grad: true }
    : some(random, { grad: () => some(random, { features: () => true, weights: () => true, bias: () => true }) });
  return { ...grad, ...some(random, { bias: () => layerNumbers(random, classes) }) };
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
      const correct = targets instanceof Int32Array && random.oneIn(4) && { correct: true };
      return { ...crossEntropyOptions(random, scores), ...correct, ...layerOptions(random, scores) };
    },
  },
  {
    name: "linearSigmoidCrossEntropy",
    layer: true,
    operands(random, layout) {
      const [x, w] = layerOperands(random, layout);
      return [x, w, chances(random, scored(layout, w).size)];
    },
    options(random, layout, [, w]) {
      const scores = scored(layout, w);
      return {
        ...reduction(random, scores.size),
        ...some(random, {
          labelSmoothing: () => random.pick([0, 0.1, 0.5, 1]),
          posWeight: () => weights(random, scores.classes),
          elementWeights: () => weights(random, scores.size),
        }),
        ...layerOptions(random, scores),
      };
    },
  },
  {
    name: "softmax",
    writes: "out",
    empty: true,
    operands: (random, { size }) => [logits(random, size)],
    options: (random) =>
      some(random, { temperature: temperature(random), emptyRow: () => random.pick(["nan", "zero"]) }),
  },
  {
    name: "logSoftmax",
    writes: "out",
    empty: true,
    operands: (random, { size }) => [logits(random, size)],
    options: (random) => some(random, { temperature: temperature(random) }),
  },
  {
    name: "logSumExp",
    empty: true,
    operands: (random, { size }) => [logits(random, size)],
    options: (random) => some(random, { temperature: temperature(random) }),
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
    operands: (random, { size }) => [
      logits(random, size).map((value) => (Number.isNaN(value) ? -1 : -Math.min(Math.abs(value), 200))),
      finite(random, size),
    ],
  },
  { name: "argmax", operands: (random, { size }) => [logits(random, size)] },
  {
    name: "topK",
    operands: (random, { size, classes }) => [logits(random, size), random.below(classes + 1)],
  },
  ...(["sigmoid", "logSigmoid", "softplus", "logit"] as const).map(elementwise),
  {
    name: "softmaxCrossEntropy",
    writes: "grad",
    operands: (random, layout) => [logits(random, layout.size), labels(random, layout)],
    options: (random, layout) => ({
      ...crossEntropyOptions(random, layout),
      ...some(random, { correct: () => true }),
    }),
  },
  {
    name: "softmaxCrossEntropy",
    writes: "grad",
    operands: (random, { size, classes, stride }) => [
      logits(random, size),
      denseTargets(random, size, classes, stride),
    ],
    options: crossEntropyOptions,
  },
  {
    name: "nllLoss",
    writes: "grad",
    operands: (random, layout) => [
      logits(random, layout.size).map((value) => -Math.abs(value)),
      labels(random, layout),
    ],
    options: (random, layout) => ({
      ...reduction(random, positions(layout)),
      ...some(random, {
        classWeights: () => weights(random, layout.classes),
        sampleWeights: () => weights(random, positions(layout)),
      }),
    }),
  },
  {
    name: "softmaxKlDivergence",
    writes: "grad",
    operands: (random, { size }) => [boundedLogits(random, size), boundedLogits(random, size)],
    options: (random, layout) => ({
      ...reduction(random, positions(layout)),
      ...some(random, { temperature: temperature(random) }),
    }),
  },
  {
    name: "sigmoidCrossEntropy",
    writes: "grad",
    elementwise: true,
    operands: (random, { size }) => [logits(random, size), chances(random, size)],
    options: (random, { size, shape }) => ({
      ...reduction(random, size),
      ...some(random, {
        labelSmoothing: () => random.pick([0, 0.1, 0.5, 1]),
        posWeight: () => weights(random, shape.at(-1) ?? 1),
        elementWeights: () => weights(random, size),
      }),
    }),
  },
  {
    name: "sigmoidFocalLoss",
    writes: "grad",
    elementwise: true,
    operands: (random, { size }) => [logits(random, size), chances(random, size)],
    options: (random, { size }) => ({
      ...reduction(random, size),
      ...some(random, { alpha: () => random.pick([0, 0.25, 1]), gamma: () => random.pick([0, 1, 2]) }),
    }),
  },
  {
    name: "entropy",
    operands: (random, { size, classes, stride }) => [distributions(random, size, classes, stride)],
    options: unit,
  },
  { name: "crossEntropy", writes: "grad", replaces: 1, operands: pair, options: divergence },
  { name: "klDivergence", writes: "grad", replaces: 1, operands: pair, options: divergence },
  { name: "jensenShannon", writes: "grad", replaces: 1, operands: pair, options: divergence },
  {
    name: "binaryCrossEntropy",
    writes: "grad",
    elementwise: true,
    operands: (random, { size }) => [chances(random, size), chances(random, size)],
    options: divergence,
  },
];
