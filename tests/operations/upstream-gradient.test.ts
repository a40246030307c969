import { describe, expect, it } from "vitest";
import { describeEachBackend } from "../support/backends.js";
import { normal } from "../support/samples.js";
import { expectSameBits, expectWithin, list } from "../support/ulp.js";
import { positionsOf } from "./support/layout.js";
import { type Operation, type Options, run } from "./support/operation.js";
import { OPERATIONS } from "./support/operations.js";
import { rowsOver, sizeOf } from "./support/rows.js";

const LOSSES = OPERATIONS.filter(({ variants }) => variants.some(([name]) => name === "gradOutput")).map(
  (operation) => [operation.name, operation] as const,
);
const LAYOUT = { shape: [3, 4, 5], axis: 1 };
const NUMBERS = [1, -1.75, 0, 0.1, 1e-30, 1e30];

describeEachBackend("gradOutput", (backend) => {
  describe.each(LOSSES)("of %s", (_, operation: Operation) => {
    const along = operation.works === "along an axis";
    const options: Options = { shape: LAYOUT.shape, ...(along && { axis: LAYOUT.axis }), grad: true };
    const operands = operation.operands(LAYOUT, 41);
    const losses = along ? positionsOf(LAYOUT) : sizeOf(LAYOUT.shape);

    it("multiplies the gradient of the reduced loss and leaves the loss as it is", () => {
      for (const reduction of ["mean", "sum", "none"]) {
        const plain = run(backend.k, operation, operands, { ...options, reduction });
        for (const gradOutput of NUMBERS) {
          const got = run(backend.k, operation, operands, { ...options, reduction, gradOutput });
          expectSameBits(got.loss, plain.loss, `loss, ${reduction}`);
          const scaled = Array.from(list(plain.grad), (g) => g * Math.fround(gradOutput));
          expectWithin(2 * operation.bound + 1, got.grad, scaled, `gradient, ${reduction} times ${gradOutput}`, scaled);
        }
      }
    });

    it('is one number for each loss with "none", in any form', () => {
      const numbers = normal(losses, 42);
      const rows = along ? rowsOver(LAYOUT.shape, LAYOUT.axis) : Array.from(operands[0] as Float32Array, (_, i) => [i]);
      const plain = list(run(backend.k, operation, operands, { ...options, reduction: "none" }).grad);
      const scaled = new Float64Array(plain.length);
      rows.forEach((row, r) => {
        for (const i of row) scaled[i] = plain[i] * numbers[r];
      });
      const { k } = backend;
      const shape = along ? [3, 5] : LAYOUT.shape;
      const resident = k.alloc(shape).set(numbers);
      for (const gradOutput of [numbers, [...numbers], { data: numbers, shape }, resident]) {
        const { grad } = run(k, operation, operands, { ...options, reduction: "none", gradOutput });
        expectWithin(2 * operation.bound + 1, grad, scaled, "gradient");
      }
      resident.free();
    });

    it("without a gradient changes nothing", () => {
      const { grad, ...rest } = options;
      const plain = run(backend.k, operation, operands, rest);
      expectSameBits(run(backend.k, operation, operands, { ...rest, gradOutput: 3 }).loss, plain.loss, "loss");
    });

    it('is that of the sum with "none"', () => {
      const sum = run(backend.k, operation, operands, { ...options, reduction: "sum" });
      const none = run(backend.k, operation, operands, { ...options, reduction: "none" });
      expectSameBits(none.grad, sum.grad, "gradient");
    });
  });

  it("in an array is each element's own: the largest spoils no neighbour that has a weight", () => {
    const [x, t] = [new Float32Array(4), new Float32Array(4).fill(1)];
    for (const weights of [{ elementWeights: [1, 2 ** 60, 1, 1] }, { posWeight: [1, 2 ** 60, 1, 1] }]) {
      const gradOutput = Float32Array.of(2 ** 71, 1, 0, -1);
      const { grad } = backend.k.sigmoidCrossEntropy(x, t, { ...weights, gradOutput, reduction: "none", grad: true });
      expect([...grad]).toEqual([-(2 ** 70), -(2 ** 59), -0, 0.5]);
    }
  });

  it("in an array may be beyond what weights take back", () => {
    const options = {
      elementWeights: [2 ** -127, 1],
      gradOutput: Float32Array.of(2 ** 127, 1),
      reduction: "none",
      grad: true,
    } as const;
    const x = Float32Array.of(-86, 0);
    const { grad } = backend.k.sigmoidCrossEntropy(x, new Float32Array(2), options);
    expectWithin(4, grad, [1 / (1 + Math.exp(86)), 0.5], "gradient");
  });

  it.each([Infinity, -Infinity, Number.NaN])(
    "%s in an array leaves the gradient of an element of weight 0 at 0",
    (factor) => {
      const options = {
        elementWeights: [0, 1],
        gradOutput: Float32Array.of(factor, 1),
        reduction: "none",
        grad: true,
      } as const;
      const [x, t] = [Float32Array.of(0, 0), Float32Array.of(1, 1)];
      expect([...backend.k.sigmoidCrossEntropy(x, t, options).grad]).toEqual([0, -0.5]);
      const layer = { ...options, shape: [2, 1] };
      const { grad } = backend.k.linearSigmoidCrossEntropy(Float32Array.of(3, 5), Float32Array.of(0), t, layer);
      expect([...grad.weights, ...grad.bias, ...grad.features]).toEqual([-2.5, -0.5, 0, 0]);
    },
  );
});
