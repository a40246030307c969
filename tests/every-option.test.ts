import fc from "fast-check";
import { describe, it } from "vitest";
import { checked } from "../src/check.js";
import type { Xentropy } from "../src/index.js";
import { describeEachBackend } from "./support/backends.js";
import { classes, normal, spread, sprinkled } from "./support/samples.js";

/**
 * Any batch with any options, on kernels that check themselves: what is wrong anywhere is a CrossCheckError. The values are
 * finite, and now and then −Infinity; what is beyond has tests of its own.
 */

/** A shape and an axis of it. */
interface Batch {
  readonly shape: readonly number[];
  readonly axis: number;
  readonly length: number;
  readonly classes: number;
  readonly seed: number;
  readonly kind: number;
}

const batches: fc.Arbitrary<Batch> = fc
  .record({
    shape: fc.array(fc.constantFrom<number[]>(1, 2, 3, 4, 5, 7, 16, 33), { minLength: 1, maxLength: 3 }),
    turn: fc.nat(),
    back: fc.boolean(),
    seed: fc.nat(),
    kind: fc.nat({ max: 4 }),
  })
  .map(({ shape, turn, back, seed, kind }) => {
    const at = turn % shape.length;
    const length = shape.reduce((a, b) => a * b, 1);
    return { shape, axis: back ? at - shape.length : at, length, classes: shape[at], seed, kind };
  });

function logits({ length, kind, seed }: Batch, shift = 0): Float32Array {
  const from = seed + shift;
  if (kind === 0) return normal(length, from);
  if (kind === 1) return spread(length, from, -100, 100);
  if (kind === 2) return normal(length, from, 1e4);
  if (kind === 3) return sprinkled(normal(length, from), from, [40, 80], 20);
  return sprinkled(normal(length, from), from, [-Infinity], 6);
}

function between(batch: Batch, shift: number, length = batch.length): Float32Array {
  return sprinkled(spread(length, batch.seed + shift, 0.01, 0.99), batch.seed, [0, 1], 3);
}

/** Numbers above 0: distributions are not normalised, and where one is 0 has its own tests. */
function masses(batch: Batch, shift: number): Float32Array {
  return spread(batch.length, batch.seed + shift, 1e-6, 1);
}

function labels(batch: Batch): Int32Array {
  const given = classes(batch.length / batch.classes, batch.classes, batch.seed);
  if (batch.seed % 3 === 0) given[batch.seed % given.length] = -100;
  return given;
}

/** The seed of weights that are made once it is known how many. */
const some = fc.nat();

const reduction = fc.constantFrom("none" as const, "mean" as const, "sum" as const);
const temperature = fc.constantFrom(0.3, 1, 2, 7.5);

/** An operation: its operands, and the options that it may be given, each as it is or made for the batch. */
interface Case {
  readonly name: keyof Xentropy;
  readonly operands: (batch: Batch) => readonly unknown[];
  readonly along?: boolean;
  readonly options: Record<string, fc.Arbitrary<unknown>>;
  /** Options that are given the number of what they weigh. */
  readonly sized?: Readonly<Record<string, (batch: Batch) => number>>;
}

const positions = (batch: Batch) => batch.length / batch.classes;
const lossOptions = { reduction, grad: fc.boolean() };
const crossEntropyOptions = {
  ...lossOptions,
  gradOutput: fc.constantFrom(-3, 0.1),
  classWeights: some,
  sampleWeights: some,
  labelSmoothing: fc.constantFrom(0, 0.1, 0.5, 1),
  zLoss: fc.constantFrom(0, 1e-4, 1),
  temperature,
  logSumExp: fc.boolean(),
};
const sized = { classWeights: (batch: Batch) => batch.classes, sampleWeights: positions };
const { zLoss: _z, labelSmoothing: _s, temperature: _t, logSumExp: _l, ...nllOptions } = crossEntropyOptions;

const CASES: readonly (readonly [string, Case])[] = [
  [
    "softmax",
    {
      name: "softmax",
      operands: (b) => [logits(b)],
      along: true,
      options: { temperature, emptyRow: fc.constantFrom("nan", "zero") },
    },
  ],
  ["logSoftmax", { name: "logSoftmax", operands: (b) => [logits(b)], along: true, options: { temperature } }],
  ["logSumExp", { name: "logSumExp", operands: (b) => [logits(b)], along: true, options: { temperature } }],
  [
    "softmaxBackward",
    {
      name: "softmaxBackward",
      operands: (b) => [masses(b, 0), logits({ ...b, kind: b.kind % 4 })],
      along: true,
      options: {},
    },
  ],
  [
    "logSoftmaxBackward",
    {
      name: "logSoftmaxBackward",
      operands: (b) => [masses(b, 0).map(Math.log), logits({ ...b, kind: b.kind % 4 })],
      along: true,
      options: {},
    },
  ],
  ["argmax", { name: "argmax", operands: (b) => [logits(b)], along: true, options: {} }],
  ["topK", { name: "topK", operands: (b) => [logits(b), b.seed % (b.classes + 1)], along: true, options: {} }],
  [
    "softmaxCrossEntropy with labels",
    {
      name: "softmaxCrossEntropy",
      operands: (b) => [logits(b), labels(b)],
      along: true,
      options: { ...crossEntropyOptions, correct: fc.boolean() },
      sized,
    },
  ],
  [
    "softmaxCrossEntropy with dense targets",
    {
      name: "softmaxCrossEntropy",
      operands: (b) => [logits(b), masses(b, 1)],
      along: true,
      options: crossEntropyOptions,
      sized,
    },
  ],
  [
    "nllLoss",
    {
      name: "nllLoss",
      operands: (b) => [masses(b, 0).map(Math.log), labels(b)],
      along: true,
      options: nllOptions,
      sized,
    },
  ],
  [
    "softmaxKlDivergence",
    {
      name: "softmaxKlDivergence",
      operands: (b) => [logits({ ...b, kind: b.kind % 4 }), logits(b, 1)],
      along: true,
      options: { ...lossOptions, temperature, gradOutput: fc.constantFrom(-3, 0.1) },
    },
  ],
  [
    "sigmoidCrossEntropy",
    {
      name: "sigmoidCrossEntropy",
      operands: (b) => [logits(b), between(b, 1)],
      options: {
        ...lossOptions,
        gradOutput: fc.constantFrom(-3, 0.1),
        labelSmoothing: fc.constantFrom(0, 0.1, 0.5, 1),
        posWeight: some,
        elementWeights: some,
      },
      sized: { posWeight: (b) => b.shape.at(-1) as number, elementWeights: (b) => b.length },
    },
  ],
  [
    "sigmoidFocalLoss",
    {
      name: "sigmoidFocalLoss",
      operands: (b) => [logits(b), between(b, 1)],
      options: { ...lossOptions, alpha: fc.constantFrom(0, 0.25, 1), gamma: fc.constantFrom(0, 0.5, 1, 2, 3) },
    },
  ],
  [
    "entropy",
    {
      name: "entropy",
      operands: (b) => [between(b, 1)],
      along: true,
      options: { reduction, unit: fc.constantFrom("nats", "bits") },
    },
  ],
  ...(["crossEntropy", "klDivergence", "jensenShannon"] as const).map((name): readonly [string, Case] => [
    name,
    {
      name,
      operands: (b) => [masses(b, 1), b.seed % 2 ? masses(b, 2) : masses(b, 1).map((p) => p * 1.0001)],
      along: true,
      options: { ...lossOptions, unit: fc.constantFrom("nats", "bits") },
    },
  ]),
  [
    "binaryCrossEntropy",
    {
      name: "binaryCrossEntropy",
      operands: (b) => [between(b, 1), between(b, 2)],
      options: { ...lossOptions, unit: fc.constantFrom("nats", "bits") },
    },
  ],
];

describeEachBackend("any batch with any options is confirmed", (backend) => {
  describe.each(CASES)("%s", (_, { name, operands, along, options, sized = {} }) => {
    it("by js and the reference", () => {
      const k = checked(backend.k) as unknown as Record<string, (...args: unknown[]) => unknown>;
      const property = fc.property(batches, fc.record(options, { requiredKeys: [] }), (batch, chosen) => {
        const given: Record<string, unknown> = { ...chosen, shape: batch.shape, ...(along && { axis: batch.axis }) };
        for (const [key, count] of Object.entries(sized)) {
          const seed = given[key];
          if (seed !== undefined) given[key] = sprinkled(spread(count(batch), seed as number, 0.1, 3), 1, [0], 8);
        }
        k[name](...operands(batch), given);
      });
      fc.assert(property, { numRuns: 200, seed: 5, includeErrorInReport: true });
    });
  });
});
