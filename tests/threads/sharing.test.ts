import { afterAll, describe, expect, it } from "vitest";
import { NAMED_CALLS, operandsFor, residentBeside } from "../support/calls.js";
import { normal } from "../support/samples.js";
import { ALONE, callShared, openSharing } from "../support/sharing.js";
import { expectSameBits } from "../support/ulp.js";

const { one, threads, k } = await openSharing();
afterAll(() => k.dispose());

/** Many rows, few long ones, long ones that fill a tile and some more, one longer than a tile, and one longer than all. */
const SHAPES = [
  [100, 300],
  [3, 20_000],
  [11, 30_000],
  [1, 300_000],
  [1, 1_400_000],
] as const;

describe.each(NAMED_CALLS)("%s", (_, call) => {
  it.each(SHAPES)("is shared by the workers and has the bits of one thread: %i x %i", (rows, columns) => {
    const { x, beside, shape } = operandsFor(call, rows, columns);
    const expected = call.run(one, x, beside, { shape, reduction: "mean" });
    const resident = k.alloc(shape).set(x);
    const other = residentBeside(k, beside, shape);
    const shared = !ALONE.has(call.name);
    const both = () => {
      const foreign = call.run(k, x, beside, { shape, reduction: "mean" });
      expectSameBits(foreign.array, expected.array, "foreign");
      expectSameBits(foreign.loss, expected.loss, "loss, foreign");
      const inPlace = call.run(k, resident, other, { shape, reduction: "mean" });
      expectSameBits(inPlace.array, expected.array, "resident");
      expectSameBits(inPlace.loss, expected.loss, "loss, resident");
    };
    callShared(threads, shared, both);
    // Whatever the first call has left behind.
    if (columns < 1e6) callShared(threads, shared, both);
    resident.free();
  });
});

describe("rows of odd length, which tiles hold at different addresses", () => {
  it.each([
    [16, 50_257, 20],
    [9, 151_935, 4],
    [2, 262_143, 4],
  ])("have the losses of one thread: %i x %i, %i times", (rows, columns, times) => {
    const shape = [rows, columns];
    const x = normal(rows * columns, 8, 0, 3);
    const labels = Int32Array.from({ length: rows }, (_, i) => (i * 7919) % columns);
    const sampleWeights = normal(rows, 9).map(Math.abs);
    const changed = { temperature: 2, grad: true };
    for (const options of [{}, { grad: true }, { sampleWeights }, { labelSmoothing: 0.1 }, changed, { softcap: 2 }]) {
      const given = { ...options, shape, reduction: "none" } as const;
      const expected = one.softmaxCrossEntropy(x, labels, given);
      for (let i = 0; i < times; i++) {
        const got = k.softmaxCrossEntropy(x, labels, given);
        expectSameBits(got.loss, expected.loss, "loss");
        if (expected.grad) expectSameBits(got.grad as Float32Array, expected.grad, "gradient");
      }
    }
  });
});

describe("rows longer than a tile that begin at odd places", () => {
  it.each([
    ["labels", {}],
    ["smoothed labels", { labelSmoothing: 0.1 }],
    ["a temperature", { temperature: 2 }],
  ])("have the capped losses of one thread where the gradient takes the place of the logits: %s", (_, options) => {
    const shape = [2, 262_145];
    const x = normal(shape[0] * shape[1], 10, 0, 30);
    const given = { ...options, shape, softcap: 20, reduction: "none" } as const;
    const expected = one.softmaxCrossEntropy(x, [5, 7], { ...given, grad: true });
    const resident = k.alloc(shape).set(x);
    for (const place of [x.slice(), resident]) {
      const got = k.softmaxCrossEntropy(place, [5, 7], { ...given, grad: place });
      expectSameBits(got.loss, expected.loss, "loss");
      expectSameBits(place, expected.grad, "gradient");
    }
    resident.free();
  });

  it("have the capped losses of one thread with dense targets", () => {
    const shape = [2, 262_145];
    const x = normal(shape[0] * shape[1], 10, 0, 30);
    const targets = normal(x.length, 11).map(Math.abs);
    const given = { shape, softcap: 20, labelSmoothing: 0.1, reduction: "none" } as const;
    const expected = one.softmaxCrossEntropy(x, targets, { ...given, grad: true });
    const place = x.slice();
    const got = k.softmaxCrossEntropy(place, targets, { ...given, grad: place });
    expectSameBits(got.loss, expected.loss, "loss");
    expectSameBits(place, expected.grad, "gradient");
  });
});

describe("the largest of a row that is cut into columns", () => {
  it.each([
    ["the first of equal ones", 5],
    ["the first NaN", Number.NaN],
  ])("is %s", (_, value) => {
    const row = new Float32Array(300_000);
    for (const at of [100_000, 200_000, 299_999]) row[at] = value;
    const shape = [1, row.length];
    const resident = k.alloc(shape).set(row);
    callShared(threads, true, () => {
      expect([...k.argmax(row, { shape })]).toEqual([100_000]);
      expect([...k.argmax(resident)]).toEqual([100_000]);
    });
    resident.free();
  });
});

/** Positions, features, classes: of one group, and of several whose gradients are summed until the end. */
describe.each([
  [37, 70, 5000],
  [1100, 61, 100],
])("the linear losses, %i × %i × %i", (positions, depth, classes) => {
  const features = normal(positions * depth, 1);
  const weights = normal(classes * depth, 2);
  const labels = Int32Array.from({ length: positions }, (_, i) => (i * 997) % classes);
  const targets = normal(positions * classes, 3).map((value) => (value > 1 ? 1 : 0));
  const shapes = {
    features: { data: features, shape: [positions, depth] },
    weights: { data: weights, shape: [classes, depth] },
  };

  it.each(["linearSoftmaxCrossEntropy", "linearSigmoidCrossEntropy"] as const)(
    "%s is shared by the workers and has the bits of one thread",
    (name) => {
      const run = (kernels: typeof k) =>
        name === "linearSoftmaxCrossEntropy"
          ? kernels[name](shapes.features, shapes.weights, labels, { grad: true })
          : kernels[name](shapes.features, shapes.weights, targets, { grad: true });
      const expected = run(one);
      callShared(threads, true, () => {
        const result = run(k);
        expect(result.loss).toBe(expected.loss);
        for (const part of ["features", "weights", "bias"] as const) {
          expectSameBits(result.grad[part], expected.grad[part], part);
        }
      });
    },
  );
});
