import { expect, it } from "vitest";
import type { Shape } from "../../src/index.js";
import { describeEachBackend } from "../support/backends.js";
import { combinations, everyNth, type Pools, reductions } from "./support/combinations.js";
import { classesOf, type Layout, labels, logits, positionsOf, probabilities, weights } from "./support/layout.js";
import { expectRight, type Options } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const LABELS = operationOf("softmaxCrossEntropy with labels");
const DENSE = operationOf("softmaxCrossEntropy with dense targets");

/** Options that labels and dense targets share. Weights depend on the batch. */
function shared(layout: Layout): Pools {
  return {
    grad: [undefined, true],
    labelSmoothing: [undefined, 0.1],
    classWeights: [undefined, weights(classesOf(layout), 1)],
    sampleWeights: [undefined, weights(positionsOf(layout), 2)],
    zLoss: [undefined, 0.01],
    softcap: [undefined, 8],
    temperature: [undefined, 2.5],
    logSumExp: [undefined, true],
  };
}

function withLabels(layout: Layout): Options[] {
  const pools = { ...shared(layout), correct: [undefined, true], ignoreIndex: [undefined, 1] };
  return reductions(positionsOf(layout)).flatMap((reduction) =>
    combinations(pools).map((options) => ({ ...layout, ...reduction, ...options })),
  );
}

function withDense(layout: Layout): Options[] {
  const pools = { ...shared(layout), ignoreIndex: [undefined, -1] };
  return reductions(positionsOf(layout)).flatMap((reduction) =>
    combinations(pools).map((options) => ({ ...layout, ...reduction, ...options })),
  );
}

/** Labels for a call: those that are left out have the call's `ignoreIndex`. */
function labelsFor(layout: Layout, { ignoreIndex = -100 }: Options): Int32Array {
  return labels(layout, 3).map((label) => (label === -100 ? (ignoreIndex as number) : label));
}

const SMALL: readonly { shape: Shape; axis: number }[] = [
  { shape: [6, 5], axis: -1 },
  { shape: [2, 4, 3], axis: 1 },
];

describeEachBackend("softmaxCrossEntropy equals its formula with every combination of options", (backend) => {
  // relaxed and js have the wrapper of simd.
  const stride = backend.name === "simd" ? 1 : 7;
  const some = stride === 1 ? "all" : "a seventh";

  it.each(SMALL)(`labels, shape $shape: ${some} of 8192`, (layout) => {
    const all = withLabels(layout);
    expect(all).toHaveLength(8192);
    const x = logits(layout, 4);
    for (const options of everyNth(all, stride)) {
      expectRight(backend.k, LABELS, [x, labelsFor(layout, options)], options);
    }
  });

  it.each(SMALL)(`dense targets, shape $shape: ${some} of 4096`, (layout) => {
    const all = withDense(layout);
    expect(all).toHaveLength(4096);
    const operands = [logits(layout, 5), probabilities(layout, 6)];
    for (const options of everyNth(all, stride)) {
      expectRight(backend.k, DENSE, operands, options);
    }
  });

  const long = [1, 2].map((inner) => ({ shape: [1, 65_537, inner], axis: 1 }));

  if (backend.affords(65_537)) {
    it.each(long)("a row that fits no tile, shape $shape: 29 combinations", (layout) => {
      const x = logits(layout, 7);
      const t = probabilities(layout, 8);
      for (const options of everyNth(withLabels(layout), 509)) {
        expectRight(backend.k, LABELS, [x, labelsFor(layout, options)], options);
      }
      for (const options of everyNth(withDense(layout), 409)) expectRight(backend.k, DENSE, [x, t], options);
    });
  }
});
