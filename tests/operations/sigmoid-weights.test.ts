import { describe, expect, it } from "vitest";
import * as reference from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits, expectWithin } from "../support/ulp.js";
import { combinations, reductions } from "./support/combinations.js";
import { weights } from "./support/layout.js";
import { expectRight, run } from "./support/operation.js";
import { operationOf } from "./support/operations.js";
import { broadcast, sizeOf } from "./support/rows.js";

const LOSS = operationOf("sigmoidCrossEntropy");
const SHAPE = [2, 3, 5];
const LAYOUT = { shape: SHAPE, axis: -1 };

/** Shapes that broadcast over SHAPE. */
const OWN = [[], [1], [5], [3, 1], [3, 5], [1, 5], [2, 1, 1], [2, 1, 5], [1, 3, 1], [2, 3, 1], [2, 3, 5]];

describeEachBackend("weights of sigmoidCrossEntropy", (backend) => {
  it("are u·[pw·t·softplus(−x) + (1 − t)·softplus(x)]: x = 2, t = 0.25, pw = 3, u = 0.5 cost 0.8451", () => {
    const options = { posWeight: 3, elementWeights: 0.5, grad: true } as const;
    const { loss, grad } = backend.k.sigmoidCrossEntropy(Float32Array.of(2), Float32Array.of(0.25), options);
    const [small, large] = [0.1269280110429726, 2.126928011042973];
    expectWithin(6, loss, 0.5 * (3 * 0.25 * small + 0.75 * large), "loss");
    const sigma = 0.8807970779778823;
    const unit = 0.5 * (0.75 * sigma + 0.75 * (1 - sigma));
    expectWithin(6, grad, [0.5 * (0.75 * sigma - 3 * 0.25 * (1 - sigma))], "gradient", [unit]);
  });

  describe.each(["posWeight", "elementWeights"])("%s", (name) => {
    it.each(OWN)("broadcasts from its own shape as in NumPy", (...own) => {
      const operands = LOSS.operands(LAYOUT, 51);
      const given = weights(sizeOf(own), 3);
      const options = { shape: SHAPE, grad: true, reduction: "none" };
      const each = broadcast(given, own, SHAPE);
      const expected = run(backend.k, LOSS, operands, { ...options, [name]: each });
      expectRight(backend.k, LOSS, operands, { ...options, [name]: each });
      for (const shaped of [
        { data: given, shape: own },
        { data: given, dims: own },
      ]) {
        const got = run(backend.k, LOSS, operands, { ...options, [name]: shaped });
        expectSameBits(got.loss, expected.loss, "loss");
        expectSameBits(got.grad, expected.grad, "gradient");
      }
    });

    it("without a shape lies along the last axis, or is one for each element", () => {
      const operands = LOSS.operands(LAYOUT, 52);
      const options = { shape: SHAPE, grad: true };
      const last = weights(5, 4);
      const all = broadcast(last, [5], SHAPE);
      const a = run(backend.k, LOSS, operands, { ...options, [name]: last });
      for (const same of [[...last], all, [...all]]) {
        const b = run(backend.k, LOSS, operands, { ...options, [name]: same });
        expectSameBits(b.loss, a.loss, "loss");
        expectSameBits(b.grad, a.grad, "gradient");
      }
    });

    it("broadcasts over batches of many tiles", () => {
      const shape = backend.affords(140_000) ? [7, 20_000] : [7, 300];
      const operands = LOSS.operands({ shape, axis: -1 }, 53);
      for (const own of [[7, 1], [shape[1]], [1]]) {
        const given = weights(sizeOf(own), 5);
        const options = { shape, grad: true, reduction: "none" };
        const expected = run(backend.k, LOSS, operands, { ...options, [name]: broadcast(given, own, shape) });
        const got = run(backend.k, LOSS, operands, { ...options, [name]: { data: given, shape: own } });
        expectSameBits(got.loss, expected.loss, "loss");
        expectSameBits(got.grad, expected.grad, "gradient");
      }
    });
  });

  it("and every other option, in all 576 combinations, equal the formula", () => {
    const operands = LOSS.operands(LAYOUT, 54);
    const all = combinations({
      grad: [undefined, true],
      labelSmoothing: [undefined, 0.1, 1],
      posWeight: [undefined, 2.5, weights(5, 6), { data: weights(6, 7), shape: [2, 3, 1] }],
      elementWeights: [undefined, 0.3, weights(30, 8)],
    });
    const chosen = reductions(30).flatMap((reduction) =>
      all.map((options) => ({ shape: SHAPE, ...reduction, ...options })),
    );
    expect(chosen).toHaveLength(576);
    for (const options of chosen) expectRight(backend.k, LOSS, operands, options);
  });

  it("don't enter the mean, which divides by the number of elements", () => {
    const x = new Float32Array(4);
    const t = new Float32Array(4);
    const { k } = backend;
    expectWithin(5, k.sigmoidCrossEntropy(x, t, { elementWeights: [1, 0, 0, 0] }).loss, Math.LN2 / 4, "one counts");
    expectWithin(5, k.sigmoidCrossEntropy(x, t, { elementWeights: 3 }).loss, 3 * Math.LN2, "all thrice");
    expect(k.sigmoidCrossEntropy(x, t, { elementWeights: 0 }).loss).toBe(0);
  });

  it("of 0 silence an infinite loss; those of elements a NaN too, those of the positive part none", () => {
    const x = Float32Array.of(Infinity, -Infinity, Number.NaN);
    const t = Float32Array.of(0, 1, 1);
    const { k } = backend;
    const of = (options: object) => k.sigmoidCrossEntropy(x, t, { reduction: "none", ...options }).loss;
    expectSameBits(of({}), [Infinity, Infinity, Number.NaN], "without weights");
    expectSameBits(of({ elementWeights: 0 }), [0, 0, 0], "elementWeights");
    expectSameBits(of({ posWeight: 0 }), [Infinity, 0, Number.NaN], "posWeight");
    expectSameBits(of({ elementWeights: [0, 1, 1] }), [0, Infinity, Number.NaN], "one of them");
  });

  it("of 0 leave an element out, whatever its logit and target are: loss and gradient are 0", () => {
    const odd = [Number.NaN, Infinity, -Infinity, 3, -3];
    for (const length of [1, 5, 47, 2051]) {
      const x = Float32Array.from({ length }, (_, i) => (i % 2 ? 0.5 : odd[(i >> 1) % 5]));
      const t = Float32Array.from({ length }, (_, i) => (i % 2 ? 1 : odd[(i >> 3) % 5]));
      const elementWeights = Float32Array.from({ length }, (_, i) => i % 2);
      const counted = { x: x.map((v, i) => (i % 2 ? v : 0)), t: t.map((v, i) => (i % 2 ? v : 0)) };
      for (const options of [
        { reduction: "none" },
        { reduction: "mean", posWeight: 2, labelSmoothing: 0.1 },
      ] as const) {
        const settings = { ...options, elementWeights, grad: true } as const;
        const got = backend.k.sigmoidCrossEntropy(x, t, settings);
        const expected = backend.k.sigmoidCrossEntropy(counted.x, counted.t, settings);
        expectSameBits(got.loss, expected.loss, `loss, ${length}`);
        expectSameBits(got.grad, expected.grad, `gradient, ${length}`);
        for (let i = 0; i < length; i += 2) expect(got.grad[i]).toBe(0);
        const truth = reference.sigmoidCrossEntropy(x, t, settings);
        expect(truth.grad.every((g, i) => i % 2 === 1 || g === 0)).toBe(true);
        expect([truth.loss].flat().some(Number.isNaN)).toBe(false);
      }
    }
  });

  it("keep the limits at infinite logits: x = +∞, t = 1 costs 0, with gradient 0", () => {
    const x = Float32Array.of(Infinity, -Infinity, Infinity, -Infinity);
    const t = Float32Array.of(1, 0, 0.5, 0.5);
    for (const options of [{}, { posWeight: 2 }, { elementWeights: [2, 2, 2, 2] }]) {
      const { loss, grad } = backend.k.sigmoidCrossEntropy(x, t, { ...options, reduction: "none", grad: true });
      expectSameBits(loss, [0, 0, Infinity, Infinity], "loss");
      expectSameBits(grad.subarray(0, 2).map(Math.abs), [0, 0], "gradient");
      expect(Number.isFinite(grad[2]) && Number.isFinite(grad[3])).toBe(true);
    }
    const { loss } = backend.k.sigmoidCrossEntropy(x, t, { labelSmoothing: 0.1, reduction: "none" });
    expectSameBits(loss, new Float32Array(4).fill(Infinity), "smoothed targets are not certain");
  });

  describe.each(["posWeight", "elementWeights", "gradOutput"])("%s", (name) => {
    it.each([1e-30, 1e-3, 100, 1e30])(
      "of %d keeps the bound from logit −100 to 100, where losses are subnormal",
      (weight) => {
        const x = Float32Array.from({ length: 201 }, (_, i) => i - 100);
        const t = x.map((_, i) => [0, 1, 0.5, 1e-20][i % 4]);
        for (const reduction of ["mean", "none"]) {
          expectRight(backend.k, LOSS, [x, t], { shape: [201], [name]: weight, grad: true, reduction });
        }
      },
    );
  });

  it("one gradOutput for each element keeps the bound where gradients are subnormal before it", () => {
    const x = Float32Array.from({ length: 201 }, (_, i) => i - 100);
    const t = x.map((_, i) => [0, 1, 0.5, 1e-20][i % 4]);
    const gradOutput = x.map((_, i) => [1e30, -100, 1e-3, 1, 0][i % 5]);
    expectRight(backend.k, LOSS, [x, t], { shape: [201], gradOutput, grad: true, reduction: "none" });
  });
});
