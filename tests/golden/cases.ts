/**
 * Every operation on inputs that cover its paths: short rows, tails, rows of several blocks and longer than a tile, every
 * axis, every option, the values that are special. What they give is the same in every engine, to the bit, and
 * golden.json holds its hash. Plain ECMAScript: it runs in each runtime as it is.
 */
import type { Xentropy } from "../../src/index.js";
import { Hash, Random } from "./inputs.js";
import { linearCases, streamCases } from "./linear.js";

export interface Case {
  /** The operation, then what is particular. */
  readonly name: string;
  run(k: Xentropy): unknown;
}

interface Problem {
  readonly name: string;
  readonly shape: readonly number[];
  readonly axis: number;
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Distributions along the axis, not quite normalised; the second has zeros. */
  readonly p: Float32Array;
  readonly q: Float32Array;
  readonly labels: Int32Array;
  readonly classes: number;
}

const SHAPES: readonly (readonly [readonly number[], number, number])[] = [
  // shape, axis, width of the interval around 0 from which logits are drawn
  [[3, 5], -1, 4],
  [[4, 17], -1, 32],
  [[1, 64], -1, 256],
  [[2, 1003], -1, 16],
  [[1, 5001], -1, 64],
  [[1, 70001], -1, 32],
  [[40, 1000], -1, 8],
  [[7, 6, 5], 1, 16],
  [[33, 70], 0, 32],
  [[2, 2100, 3], 1, 16],
];

function problem([shape, axis, width]: (typeof SHAPES)[number], seed: number): Problem {
  const random = new Random(seed);
  const n = shape.reduce((a, b) => a * b, 1);
  const classes = shape.at(axis) as number;
  const q = random.floats(n, 0, 1);
  for (let i = 0; i < n; i += 7) q[i] = 0;
  return {
    name: `[${shape}]${axis === -1 ? "" : ` axis ${axis}`}`,
    shape,
    axis,
    x: random.floats(n, -width / 2, width),
    y: random.floats(n, -width / 2, width),
    p: random.floats(n, 0, 1),
    q,
    labels: random.integers(n / classes, classes),
    classes,
  };
}

const PROBLEMS = SHAPES.map(problem);

/** Rows of the values that operations treat in a way of their own, with ordinary ones between. */
function special(): Float32Array {
  const values = [0, -0, 1, -1, 2 ** -149, -(2 ** -130), 2 ** -126, 88.5, -104, 3.4028234663852886e38, -3.4e38];
  const rows = [
    values,
    [...values, -Infinity],
    [...values, Infinity],
    [...values, Number.NaN],
    Array(9).fill(-Infinity),
  ];
  return Float32Array.from(rows.flatMap((row) => Array.from({ length: 12 }, (_, i) => row[i % row.length] as number)));
}

const SPECIAL = special();

function onEach(operation: string, run: (k: Xentropy, given: Problem) => unknown, among = PROBLEMS): Case[] {
  return among.map((given) => ({ name: `${operation} ${given.name}`, run: (k) => run(k, given) }));
}

function softmaxFamily(): Case[] {
  return [
    ...onEach("softmax", (k, { x, shape, axis }) => k.softmax(x, { shape, axis })),
    ...onEach("softmax temperature", (k, { x, shape, axis }) => k.softmax(x, { shape, axis, temperature: 0.7 })),
    ...onEach("logSoftmax", (k, { x, shape, axis }) => k.logSoftmax(x, { shape, axis })),
    ...onEach("logSumExp", (k, { x, shape, axis }) => k.logSumExp(x, { shape, axis, temperature: 1.3 })),
    ...onEach("logSumExp all axes", (k, { x, shape }) => k.logSumExp(x, { shape, axis: shape.map((_, i) => i) })),
    ...onEach("softmaxBackward", (k, { p, y, shape, axis }) => k.softmaxBackward(p, y, { shape, axis })),
    ...onEach("logSoftmaxBackward", (k, { x, y, shape, axis }) =>
      k.logSoftmaxBackward(k.logSoftmax(x, { shape, axis }), y, { shape, axis }),
    ),
    ...onEach("argmax", (k, { x, shape, axis }) => k.argmax(x, { shape, axis })),
    ...onEach("topK", (k, { x, shape, axis }) => k.topK(x, 3, { shape, axis })),
    { name: "softmax special", run: (k) => k.softmax(SPECIAL, { shape: [5, 12], emptyRow: "zero" }) },
    { name: "logSoftmax special", run: (k) => k.logSoftmax(SPECIAL, { shape: [5, 12] }) },
    { name: "logSumExp special", run: (k) => k.logSumExp(SPECIAL, { shape: [5, 12] }) },
    { name: "argmax special", run: (k) => k.argmax(SPECIAL, { shape: [5, 12] }) },
    { name: "topK special", run: (k) => k.topK(SPECIAL, 12, { shape: [5, 12] }) },
  ];
}

const SMALL = PROBLEMS.filter(({ x }) => x.length < 10_000);

function softmaxLosses(): Case[] {
  const everything = ({ shape, axis, classes, labels }: Problem) => {
    const random = new Random(classes);
    return {
      shape,
      axis,
      grad: true,
      labelSmoothing: 0.1,
      zLoss: 0.001,
      softcap: 30,
      temperature: 1.5,
      logSumExp: true,
      classWeights: random.floats(classes, 0.5, 1),
      sampleWeights: random.floats(labels.length, 0.5, 1),
    } as const;
  };
  return [
    ...onEach("softmaxCrossEntropy", (k, { x, labels, shape, axis }) =>
      k.softmaxCrossEntropy(x, labels, { shape, axis, grad: true, correct: true, logSumExp: true }),
    ),
    ...onEach("softmaxCrossEntropy dense", (k, { x, p, shape, axis }) =>
      k.softmaxCrossEntropy(x, p, { shape, axis, grad: true, reduction: "sum" }),
    ),
    ...onEach("softmaxCrossEntropy every option", (k, given) =>
      k.softmaxCrossEntropy(given.x, given.labels, { ...everything(given), ignoreIndex: given.labels[0] }),
    ),
    ...onEach("softmaxCrossEntropy dense, every option", (k, given) =>
      k.softmaxCrossEntropy(given.x, given.p, {
        ...everything(given),
        reduction: "none",
        gradOutput: given.y.slice(0, given.labels.length),
      }),
    ),
    ...onEach("nllLoss", (k, { x, labels, shape, axis }) => k.nllLoss(x, labels, { shape, axis, grad: true }), SMALL),
    ...onEach("softmaxKlDivergence", (k, { x, y, shape, axis }) =>
      k.softmaxKlDivergence(x, y, { shape, axis, grad: true, temperature: 2 }),
    ),
    {
      name: "softmaxCrossEntropy special",
      run: (k) => k.softmaxCrossEntropy(SPECIAL, [0, 11, 3, 4, 5], { shape: [5, 12], grad: true, reduction: "none" }),
    },
  ];
}

function elements(): Case[] {
  const flat = PROBLEMS.filter(({ axis }) => axis === -1);
  const cases: Case[] = [];
  for (const name of ["sigmoid", "logSigmoid", "softplus", "logit"] as const) {
    cases.push(...onEach(name, (k, { x, p }) => k[name](name === "logit" ? p : x), flat));
    cases.push({ name: `${name} special`, run: (k) => k[name](SPECIAL) });
  }
  return [
    ...cases,
    ...onEach("sigmoidCrossEntropy", (k, { x, p, shape }) => k.sigmoidCrossEntropy(x, p, { shape, grad: true }), flat),
    ...onEach(
      "sigmoidCrossEntropy every option",
      (k, { x, p, y, q, shape, classes }) =>
        k.sigmoidCrossEntropy(x, p, {
          shape,
          grad: true,
          reduction: "none",
          gradOutput: y,
          labelSmoothing: 0.2,
          posWeight: q.slice(0, classes),
          elementWeights: q,
        }),
      flat,
    ),
    ...onEach(
      "sigmoidFocalLoss",
      (k, { x, p, shape }) => k.sigmoidFocalLoss(x, p, { shape, grad: true, alpha: 0.25 }),
      flat,
    ),
    ...onEach(
      "sigmoidFocalLoss gamma 0.5",
      (k, { x, p, shape }) => k.sigmoidFocalLoss(x, p, { shape, grad: true, gamma: 0.5, reduction: "sum" }),
      SMALL,
    ),
    ...onEach(
      "binaryCrossEntropy",
      (k, { p, q, shape }) => k.binaryCrossEntropy(p, q, { shape, grad: true, unit: "bits" }),
      flat,
    ),
    ...onEach(
      "binaryCrossEntropy hard",
      (k, { p, q, shape }) => k.binaryCrossEntropy(p, q.map(Math.round), { shape, grad: true, reduction: "mean" }),
      flat,
    ),
  ];
}

function divergences(): Case[] {
  return [
    ...onEach("entropy", (k, { q, shape, axis }) => k.entropy(q, { shape, axis })),
    ...onEach("crossEntropy", (k, { p, q, shape, axis }) => k.crossEntropy(q, p, { shape, axis, grad: true })),
    ...onEach("klDivergence", (k, { p, q, shape, axis }) =>
      k.klDivergence(q, p, { shape, axis, grad: true, unit: "bits" }),
    ),
    ...onEach("jensenShannon", (k, { p, q, shape, axis }) =>
      k.jensenShannon(p, q, { shape, axis, grad: true, reduction: "mean" }),
    ),
  ];
}

/** Steps of gradient descent on softmax regression, in resident batches: what training does, and what it ends in. */
export function train(k: Xentropy): { losses: number[]; weights: Float32Array } {
  const [rows, features, classes] = [48, 6, 4];
  const random = new Random(7);
  const x = random.floats(rows * features, -1, 2);
  const labels = Int32Array.from(
    { length: rows },
    (_, row) => (x[row * features] > 0 ? 1 : 0) + (x[row * features + 1] > 0 ? 2 : 0),
  );
  const weights = new Float32Array(classes * features);
  const z = k.alloc([rows, classes]);
  const losses: number[] = [];
  for (let step = 0; step < 5; step++) {
    z.set(
      Float32Array.from({ length: rows * classes }, (_, i) =>
        dot(x, Math.floor(i / classes), weights, i % classes, features),
      ),
    );
    losses.push(k.softmaxCrossEntropy(z, labels, { grad: z }).loss);
    const grad = z.toArray();
    for (let row = 0; row < rows; row++)
      for (let c = 0; c < classes; c++)
        for (let f = 0; f < features; f++)
          weights[c * features + f] -= 4 * grad[row * classes + c] * x[row * features + f];
  }
  z.free();
  return { losses, weights };
}

function dot(a: Float32Array, rowA: number, b: Float32Array, rowB: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += a[rowA * n + i] * b[rowB * n + i];
  return sum;
}

export const CASES: readonly Case[] = [
  ...softmaxFamily(),
  ...softmaxLosses(),
  ...elements(),
  ...divergences(),
  ...linearCases(),
  ...streamCases(),
  { name: "alloc: five training steps", run: train },
];

/** The hash of what a case gives. */
export function hashOf(golden: Case, k: Xentropy): string {
  return new Hash().add(golden.run(k)).toString();
}
