import { describe, expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { expectRight, type Options } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

/** A step towards the end of float32 that the mean takes back. */
const POSITIONS = 1000;

const CASES: readonly (readonly [string, number, number, Options])[] = [
  ["crossEntropy", 1, 1e-40, {}],
  ["klDivergence", 1, 1e-40, {}],
  ["binaryCrossEntropy", 1e-40, 1, {}],
  ["crossEntropy", 1, 1e-40, { unit: "bits" }],
];

describeEachBackend("a gradient overflows where the true value does, and nowhere else", (backend) => {
  describe.each(CASES)("of %s at %d and %d", (name, a, b, options) => {
    const operation = operationOf(name);
    const operands = [a, b].map((value) => new Float32Array(POSITIONS).fill(value));
    const along = operation.works === "along an axis" ? { shape: [POSITIONS, 1], axis: 1 } : { shape: [POSITIONS] };

    it("as a mean is finite", () => {
      expectRight(backend.k, operation, operands, { ...along, ...options, reduction: "mean", grad: true });
    });

    it("as a sum is infinite", () => {
      expectRight(backend.k, operation, operands, { ...along, ...options, reduction: "sum", grad: true });
    });
  });

  it("losses of all of float32's range have a finite mean", () => {
    const x = new Float32Array(2000).map((_, i) => (i % 2 ? 3e38 : -3e38));
    const labels = new Uint8Array(1000);
    const { loss } = backend.k.softmaxCrossEntropy(x, labels, {
      shape: [1000, 2],
      sampleWeights: new Float32Array(1000).fill(0.1),
    });
    expect(loss).toBe(Infinity);
    const small = x.map((value) => value / 4);
    expect(backend.k.softmaxCrossEntropy(small, labels, { shape: [1000, 2] }).loss).toBe(
      Math.fround(Math.fround(3e38 / 4) * 2),
    );
    expect(backend.k.softmaxCrossEntropy(small, labels, { shape: [1000, 2], reduction: "sum" }).loss).toBe(Infinity);
  });
});
