import { describe, it } from "vitest";
import { OptionError, ShapeError, WeightError, type XentropyError } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectRefused, filled } from "../support/refusals.js";
import { type Operation, type Options, run } from "./support/operation.js";
import { OPERATIONS } from "./support/operations.js";

const LAYOUT = { shape: [2, 3], axis: -1 };

type ErrorClass = abstract new (...args: never) => XentropyError;

/** What an option may not be: error class, code and values, for a batch of 2 × 3. */
const REFUSED: Readonly<Record<string, readonly [ErrorClass, string, readonly unknown[]]>> = {
  temperature: [OptionError, "OPTION", [0, -0, -1, Number.NaN, Infinity, 1e-60, 1e60, "2", null, [2], 2n]],
  softcap: [OptionError, "OPTION", [0, -3, Number.NaN, Infinity, 1e-60, "30", null, true]],
  labelSmoothing: [OptionError, "OPTION", [-0.1, 1.0000001, Number.NaN, Infinity, "0.1", null, true]],
  zLoss: [OptionError, "OPTION", [-1e-9, Number.NaN, Infinity, "0", null]],
  alpha: [OptionError, "OPTION", [-0.1, 1.1, Number.NaN, Infinity, "0.25", null]],
  gamma: [OptionError, "OPTION", [-1, Number.NaN, Infinity, 1e39, "2", null]],
  emptyRow: [OptionError, "OPTION", ["NaN", "zeros", 0, null, true]],
  unit: [OptionError, "OPTION", ["bit", "nat", 2, null]],
  reduction: [OptionError, "OPTION", ["avg", "batchmean", 0, null, true]],
  correct: [OptionError, "OPTION", [1, 0, "true", null, []]],
  logSumExp: [OptionError, "OPTION", [1, 0, "true", null, {}]],
  ignoreIndex: [OptionError, "OPTION", [0.5, Number.NaN, 2 ** 31, -(2 ** 31) - 1, "0", null, 1n]],
  classWeights: [WeightError, "WEIGHT", weights(3)],
  sampleWeights: [WeightError, "WEIGHT", weights(2)],
  posWeight: [WeightError, "WEIGHT", [-1, Number.NaN, Infinity, ...weights(3), ...weights(6)]],
  elementWeights: [WeightError, "WEIGHT", [-1, Number.NaN, Infinity, ...weights(3), ...weights(6)]],
};

/** So many weights with one that is none, and one weight too many and too few. */
function weights(length: number): unknown[] {
  const ones = new Array<number>(length).fill(1);
  const wrong = [-1, -1e-40, Number.NaN, Infinity, -Infinity].map((bad) => [...ones.slice(1), bad]);
  const lengths = [ones.concat(1, 1), ones.slice(1)].filter(({ length }) => ![0, 1, 3, 6].includes(length));
  return [...wrong, ...wrong.map((list) => Float32Array.from(list)), ...lengths];
}

/** The operations that take an option, each with what it is called with. */
function taking(option: string): (readonly [string, Operation])[] {
  const along = (operation: Operation) => operation.works === "along an axis";
  const takes: Record<string, (operation: Operation) => boolean> = {
    temperature: ({ method }) =>
      /^(softmax|logSoftmax|logSumExp|softmaxCrossEntropy|softmaxKlDivergence)$/.test(method),
    softcap: ({ method }) => method === "softmaxCrossEntropy",
    labelSmoothing: ({ method }) => /^(softmax|sigmoid)CrossEntropy$/.test(method),
    zLoss: ({ method }) => method === "softmaxCrossEntropy",
    alpha: ({ method }) => method === "sigmoidFocalLoss",
    gamma: ({ method }) => method === "sigmoidFocalLoss",
    emptyRow: ({ method }) => method === "softmax",
    unit: ({ method }) => /^(entropy|crossEntropy|klDivergence|jensenShannon|binaryCrossEntropy)$/.test(method),
    reduction: ({ method, writes }) => writes === "grad" || method === "entropy",
    correct: ({ name }) => name === "softmaxCrossEntropy with labels",
    logSumExp: ({ method }) => method === "softmaxCrossEntropy",
    ignoreIndex: ({ method }) => /^(softmaxCrossEntropy|nllLoss)$/.test(method),
    classWeights: (operation) => along(operation) && /^(softmaxCrossEntropy|nllLoss)$/.test(operation.method),
    sampleWeights: ({ method }) => /^(softmaxCrossEntropy|nllLoss)$/.test(method),
    posWeight: ({ method }) => method === "sigmoidCrossEntropy",
    elementWeights: ({ method }) => method === "sigmoidCrossEntropy",
  };
  return OPERATIONS.filter(takes[option]).map((operation) => [operation.name, operation] as const);
}

/** Options that watch the array that would be written, and a place in it for every value. */
function refuse(
  operation: Operation,
  options: Options,
  error: ErrorClass,
  code: string,
  k: Parameters<typeof expectRefused>[0],
): void {
  expectRefused(k, error, code, (kernels, watch) => {
    const operands = operation.operands(LAYOUT, 81).map((o) => (typeof o === "number" ? o : watch(o)));
    const { writes, works } = operation;
    return run(kernels, operation, operands, {
      shape: LAYOUT.shape,
      ...(works === "along an axis" && { axis: -1 }),
      ...(writes && { [writes]: watch(filled(6)) }),
      ...options,
    });
  });
}

describeEachBackend("before anything is written", (backend) => {
  describe.each(Object.entries(REFUSED))("a wrong %s is refused", (option, [error, code, values]) => {
    it.each(taking(option))("by %s", (_, operation) => {
      for (const value of values) refuse(operation, { [option]: value }, error, code, backend.k);
    });

    it("and is an option that doesn't exist where the others are", () => {
      const takers = new Set(taking(option).map(([, { method }]) => method));
      for (const operation of OPERATIONS.filter(({ method }) => !takers.has(method))) {
        refuse(operation, { [option]: undefined }, OptionError, "OPTION", backend.k);
      }
    });
  });

  const dense = OPERATIONS.find(({ name }) => name === "softmaxCrossEntropy with dense targets") as Operation;

  it("correct is refused with dense targets", () => {
    refuse(dense, { correct: true }, OptionError, "OPTION", backend.k);
  });

  it("an ignoreIndex that names a class is refused with dense targets", () => {
    for (const ignoreIndex of [0, 1, 3, 100]) refuse(dense, { ignoreIndex }, OptionError, "OPTION", backend.k);
  });

  it.each(
    OPERATIONS.filter(({ writes }) => writes === "grad").map((operation) => [operation.name, operation] as const),
  )("gradOutput in an array is refused without reduction none, and of another length with it: %s", (_, operation) => {
    const takes = operation.variants.some(([name]) => name === "gradOutput");
    const [error, code] = takes ? ([WeightError, "WEIGHT"] as const) : ([OptionError, "OPTION"] as const);
    for (const reduction of ["mean", "sum"]) {
      const gradOutput = new Float32Array(operation.works === "on elements" ? 6 : 2);
      refuse(operation, { reduction, gradOutput }, error, code, backend.k);
    }
    for (const length of [0, 1, 3, 5, 7]) {
      refuse(operation, { reduction: "none", gradOutput: new Float32Array(length) }, error, code, backend.k);
    }
  });

  it.each(["3,2", "6", "1,2,3"])(
    "sample weights of the shape [%s] are refused where positions have [2, 3]",
    (sizes) => {
      const own = sizes.split(",").map(Number);
      const labels = OPERATIONS.find(({ name }) => name === "softmaxCrossEntropy with labels") as Operation;
      expectRefused(backend.k, ShapeError, "SHAPE", (k, watch) => {
        const sampleWeights = { data: new Float32Array(6).fill(1), shape: own };
        const options = { shape: [2, 3, 4], sampleWeights, grad: watch(filled(24)) };
        return run(k, labels, [watch(new Float32Array(24)), new Int32Array(6)], options);
      });
    },
  );
});
