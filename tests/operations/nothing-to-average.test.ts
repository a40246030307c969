import { expect, it } from "vitest";
import * as reference from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits, list, type Values } from "../support/ulp.js";
import { type Options, run } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const LOSS = operationOf("softmaxCrossEntropy with labels");
const X = Float32Array.of(1, -2, 0.5, 3, 3, -1);
const DENSE = Float32Array.of(0, 0, 1, 0.5, 0.5, 0);
const REDUCTIONS = ["mean", "sum", "none"] as const;

/** What leaves every position without weight. */
const CASES: readonly (readonly [string, Int32Array | Float32Array, Options])[] = [
  ["all labels ignored", Int32Array.of(-100, -100), {}],
  ["all labels ignored, which are a class", Int32Array.of(2, 2), { ignoreIndex: 2 }],
  ["sample weights of 0", Int32Array.of(2, 1), { sampleWeights: [0, 0] }],
  ["class weights of 0", Int32Array.of(2, 1), { classWeights: [0, 0, 0] }],
  ["class weights of 0 at the labels", Int32Array.of(2, 1), { classWeights: [5, 0, 0] }],
  ["sample weights of 0, dense targets", DENSE, { sampleWeights: [0, 0] }],
];

/** Options that change what a position that counts would cost. */
const MORE: readonly Options[] = [
  {},
  { logSumExp: true },
  { softcap: 2 },
  { temperature: 3 },
  { gradOutput: 2 },
  { sampleWeights: [0, 0], labelSmoothing: 0.5, zLoss: 0.5, softcap: 2, temperature: 3 },
];

/** Zeros may have either sign. */
function expectZeros(values: Values, length: number, what: string): void {
  expectSameBits(Float32Array.from(list(values), Math.abs), new Float32Array(length), what);
}

describeEachBackend("where nothing is left to average", (backend) => {
  it.each(CASES)("mean is NaN, sum 0, none zeros and gradients 0: %s", (_, targets, options) => {
    for (const more of MORE) {
      for (const reduction of REDUCTIONS) {
        const all = { shape: [2, 3], grad: true, ...options, ...more, reduction };
        const { loss, grad } = run(backend.k, LOSS, [X, targets], all);
        const what = `${reduction}, ${Object.keys(all)}`;
        if (reduction === "mean") expect(loss, what).toBeNaN();
        else expectZeros(loss, reduction === "sum" ? 1 : 2, what);
        expectZeros(grad, 6, what);
      }
    }
  });

  it("a divisor of 0 makes the mean NaN and its gradient 0, whatever smoothing or z-loss still cost", () => {
    for (const more of [{ labelSmoothing: 0.3 }, { zLoss: 0.1 }]) {
      const options = { shape: [2, 3], classWeights: Float32Array.of(5, 0, 0), grad: true, ...more } as const;
      const labels = [2, 1];
      expect(reference.softmaxCrossEntropy(X, labels, options).loss).toBeNaN();
      const { loss, grad } = backend.k.softmaxCrossEntropy(X, labels, options);
      expect(loss, Object.keys(more).join()).toBeNaN();
      expectZeros(grad, 6, "gradient");
      expect(backend.k.softmaxCrossEntropy(X, labels, { ...options, reduction: "sum" }).loss).toBeGreaterThan(0);
    }
  });

  it("class weights of 0 don't make dense targets count less: the divisor is that of the samples", () => {
    const options = { shape: [2, 3], classWeights: [0, 0, 0], grad: true } as const;
    const { loss, grad } = backend.k.softmaxCrossEntropy(X, DENSE, options);
    expectZeros(loss, 1, "mean");
    expectZeros(grad, 6, "gradient");
  });

  it("nllLoss gives the same", () => {
    for (const options of [{ ignoreIndex: 1 }, { sampleWeights: [0] }, { classWeights: [1, 0, 1] }]) {
      for (const reduction of REDUCTIONS) {
        const all = { ...options, reduction, grad: true };
        const { loss, grad } = run(
          backend.k,
          operationOf("nllLoss"),
          [X.map((x) => -x).subarray(3), Int32Array.of(1)],
          all,
        );
        if (reduction === "mean") expect(loss).toBeNaN();
        else expectZeros(loss, 1, reduction);
        expectZeros(grad, 3, reduction);
      }
    }
  });
});
