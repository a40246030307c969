import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as reference from "../../src/reference/index.js";

const {
  binaryCrossEntropy,
  crossEntropy,
  gradientCheck,
  jensenShannon,
  klDivergence,
  linearSigmoidCrossEntropy,
  linearSoftmaxCrossEntropy,
  logSoftmax,
  logSoftmaxBackward,
  nllLoss,
  sigmoidCrossEntropy,
  sigmoidFocalLoss,
  sigmoidSquaredError,
  softmax,
  softmaxBackward,
  softmaxCrossEntropy,
  softmaxKlDivergence,
} = reference;

const shape = [2, 3, 2];
const axis = 1;
const positions = 4;
const classes = 3;
const elements = 12;

const list = (value: fc.Arbitrary<number>, length: number) => fc.array(value, { minLength: length, maxLength: length });
const real = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const reduction = fc.constantFrom("mean", "sum");
const logits = list(real(-4, 4), elements);
const probabilities = list(real(0.1, 0.9), elements);

/** Weighs an array result up to one number, so that it has a gradient. */
const weigh = (values: Float64Array, weights: readonly number[]): number =>
  values.reduce((total, value, i) => total + value * weights[i], 0);

type Differentiable = (x: Float64Array) => { readonly loss: number; readonly grad?: ArrayLike<number> | undefined };

/** Holds the gradient against central differences at random points, with random options. */
function check<T>(given: fc.Arbitrary<T>, at: (sample: T) => readonly [readonly number[], Differentiable]): void {
  fc.assert(
    fc.property(given, (sample) => {
      const [x, f] = at(sample);
      expect(gradientCheck(f, x).maxError).toBeLessThan(1e-7);
    }),
    { numRuns: 40 },
  );
}

describe("gradientCheck confirms the gradient of", () => {
  it("softmax, by softmaxBackward", () =>
    check(fc.tuple(logits, logits), ([x, dp]) => [
      x,
      (z) => {
        const p = softmax(z, { shape, axis });
        return { loss: weigh(p, dp), grad: softmaxBackward(p, dp, { shape, axis }) };
      },
    ]));

  it("logSoftmax, by logSoftmaxBackward", () =>
    check(fc.tuple(logits, logits), ([x, dlp]) => [
      x,
      (z) => {
        const logProbs = logSoftmax(z, { shape, axis });
        return { loss: weigh(logProbs, dlp), grad: logSoftmaxBackward(logProbs, dlp, { shape, axis }) };
      },
    ]));

  const weighting = {
    reduction,
    classWeights: list(real(0.1, 2), classes),
    sampleWeights: list(real(0.1, 2), positions),
    gradOutput: real(-2, 2),
  };
  /** The loss as it would be after multiplying by the upstream gradient. */
  const scaled = ({ loss, grad }: { loss: number; grad: Float64Array }, gradOutput: number) => ({
    loss: loss * gradOutput,
    grad,
  });
  const labels = list(fc.integer({ min: 0, max: classes - 1 }), positions - 1).map((some) => [...some, -100]);

  it("softmaxCrossEntropy with labels", () =>
    check(
      fc.record({ x: logits, y: labels, ...weighting, labelSmoothing: real(0, 1), zLoss: real(0, 0.5) }),
      ({ x, y, ...options }) => [
        x,
        (z) => scaled(softmaxCrossEntropy(z, y, { ...options, shape, axis, grad: true }), options.gradOutput),
      ],
    ));

  it("softmaxCrossEntropy with dense targets", () =>
    check(
      fc.record({
        x: logits,
        t: list(real(0, 2), elements),
        ...weighting,
        labelSmoothing: real(0, 1),
        zLoss: real(0, 0.5),
      }),
      ({ x, t, ...options }) => [
        x,
        (z) =>
          scaled(
            softmaxCrossEntropy(z, Float64Array.from(t), { ...options, shape, axis, grad: true }),
            options.gradOutput,
          ),
      ],
    ));

  it("softmaxCrossEntropy with a loss per position, by the upstream gradient", () =>
    check(fc.tuple(logits, labels, list(real(-2, 2), positions)), ([x, y, gradOutput]) => [
      x,
      (z) => {
        const { loss, grad } = softmaxCrossEntropy(z, y, { shape, axis, reduction: "none", grad: true, gradOutput });
        return { loss: weigh(loss, gradOutput), grad };
      },
    ]));

  it("nllLoss", () =>
    check(fc.record({ x: logits, y: labels, ...weighting }), ({ x, y, ...options }) => [
      x,
      (logProbs) => scaled(nllLoss(logProbs, y, { ...options, shape, axis, grad: true }), options.gradOutput),
    ]));

  const targets = list(real(0, 1), elements);

  it("sigmoidCrossEntropy", () =>
    check(
      fc.record({
        x: logits,
        t: targets,
        reduction,
        labelSmoothing: real(0, 1),
        posWeight: list(real(0, 3), 2),
        elementWeights: list(real(0, 3), elements),
      }),
      ({ x, t, ...options }) => [x, (z) => sigmoidCrossEntropy(z, t, { ...options, shape, grad: true })],
    ));

  it("sigmoidFocalLoss", () =>
    check(
      fc.record({ x: logits, t: targets, reduction, alpha: real(0, 1), gamma: real(0, 4) }),
      ({ x, t, ...options }) => [x, (z) => sigmoidFocalLoss(z, t, { ...options, grad: true })],
    ));

  it("sigmoidSquaredError", () =>
    check(fc.tuple(logits, targets), ([x, t]) => [x, (z) => sigmoidSquaredError(z, t, { grad: true })]));

  const unit = fc.constantFrom("nats", "bits");

  it.each([
    ["crossEntropy", crossEntropy],
    ["klDivergence", klDivergence],
    ["jensenShannon", jensenShannon],
  ])("%s, to q", (_, divergence) =>
    check(fc.record({ p: probabilities, q: probabilities, reduction, unit }), ({ p, q, ...options }) => [
      q,
      (x) => divergence(p, x, { ...options, shape, axis, grad: true }),
    ]),
  );

  it("binaryCrossEntropy, to q", () =>
    check(fc.record({ q: probabilities, t: targets, reduction, unit }), ({ q, t, ...options }) => [
      q,
      (x) => binaryCrossEntropy(x, t, { ...options, grad: true }),
    ]));

  it("softmaxKlDivergence, to the student", () =>
    check(fc.record({ student: logits, teacher: logits, reduction }), ({ student, teacher, ...options }) => [
      student,
      (z) => softmaxKlDivergence(z, teacher, { ...options, shape, axis, grad: true }),
    ]));

  const [N, D, C] = [2, 3, 4];
  const layer = {
    features: list(real(-1, 1), N * D),
    weights: list(real(-1, 1), C * D),
    bias: list(real(-1, 1), C),
    reduction,
    labelSmoothing: real(0, 1),
  };

  it.each(["features", "weights", "bias"] as const)("linearSoftmaxCrossEntropy, to its %s", (operand) =>
    check(
      fc.record({ ...layer, y: list(fc.integer({ min: 0, max: C - 1 }), N), zLoss: real(0, 0.1) }),
      ({ features, weights, bias, y, ...options }) => [
        { features, weights, bias }[operand],
        (x) => {
          const given = { features, weights, bias, [operand]: x };
          const rest = { ...options, bias: given.bias, shape: [N, D], grad: true } as const;
          const { loss, grad } = linearSoftmaxCrossEntropy(given.features, given.weights, y, rest);
          return { loss, grad: grad[operand] };
        },
      ],
    ),
  );

  it.each(["features", "weights", "bias"] as const)("linearSigmoidCrossEntropy, to its %s", (operand) =>
    check(
      fc.record({ ...layer, t: list(real(0, 1), N * C), posWeight: list(real(0, 2), C) }),
      ({ features, weights, bias, t, ...options }) => [
        { features, weights, bias }[operand],
        (x) => {
          const given = { features, weights, bias, [operand]: x };
          const rest = { ...options, bias: given.bias, shape: [N, D], grad: true } as const;
          const { loss, grad } = linearSigmoidCrossEntropy(given.features, given.weights, t, rest);
          return { loss, grad: grad[operand] };
        },
      ],
    ),
  );
});

it("gradientCheck divides by the step that was taken, which float64 may have rounded", () => {
  const found = gradientCheck(([x]) => ({ loss: x, grad: [1] }), [1e15], { step: 0.1 });
  expect(found).toEqual({ maxError: 0, index: 0 });
});

describe("gradientCheck through logits that are rounded to float32", () => {
  // Multiples of 2^−10 and a step of 2^−10 survive a division by a power of two unrounded.
  const grid = list(
    fc.integer({ min: -4096, max: 4096 }).map((n) => n / 1024),
    elements,
  );
  const labels = [0, 2, 1, 1];

  it("temperature", () => {
    for (const temperature of [0.5, 4]) {
      const options = { shape, axis, temperature, grad: true } as const;
      fc.assert(
        fc.property(grid, grid, (z, teacher) => {
          const step = 2 ** -10;
          const ce = gradientCheck((x) => softmaxCrossEntropy(x, labels, options), z, { step });
          expect(ce.maxError).toBeLessThan(1e-6);
          const kl = gradientCheck((x) => softmaxKlDivergence(x, teacher, options), z, { step });
          expect(kl.maxError).toBeLessThan(1e-5);
        }),
        { numRuns: 30 },
      );
    }
  });

  it("softcap, as far as float32 steps allow", () => {
    const options = { shape, axis, softcap: 3, grad: true } as const;
    fc.assert(
      fc.property(grid, (z) => {
        const { maxError } = gradientCheck((x) => softmaxCrossEntropy(x, labels, options), z, { step: 2 ** -7 });
        expect(maxError).toBeLessThan(5e-5);
      }),
      { numRuns: 30 },
    );
  });
});

describe("gradientCheck itself", () => {
  const square: Differentiable = (x) => ({ loss: x[0] ** 2 + 100 * x[1] ** 2, grad: [2 * x[0], 200 * x[1]] });

  it("finds the element whose gradient is wrong, relative to its magnitude or 1", () => {
    const wrong: Differentiable = (x) => ({ ...square(x), grad: [2 * x[0] + 0.25, 200 * x[1] * 1.125] });
    const { maxError, index } = gradientCheck(wrong, [0.1, 3]);
    expect(index).toBe(0);
    expect(maxError).toBeCloseTo(0.25, 8);
    expect(gradientCheck(wrong, [0.1, 30], { step: 1e-3 })).toEqual({ maxError: expect.closeTo(0.25, 6), index: 0 });
    expect(gradientCheck((x) => ({ ...square(x), grad: [2 * x[0], 0] }), [0.1, 3]).index).toBe(1);
  });

  it("takes the step it is given", () => {
    const cube: Differentiable = (x) => ({ loss: x[0] ** 3, grad: [3 * x[0] ** 2] });
    // The central difference of x³ is 3x² + h².
    expect(gradientCheck(cube, [0], { step: 0.5 }).maxError).toBeCloseTo(0.25, 12);
    expect(gradientCheck(cube, [0]).maxError).toBeLessThan(1e-9);
  });

  it("reports a NaN, leaves x alone, and has nothing to say about no elements", () => {
    const x = [1, 2];
    expect(gradientCheck((z) => ({ ...square(z), grad: [2 * z[0], Number.NaN] }), x)).toEqual({
      maxError: Number.NaN,
      index: 1,
    });
    expect(x).toEqual([1, 2]);
    expect(gradientCheck(() => ({ loss: 0, grad: [] }), [])).toEqual({ maxError: 0, index: -1 });
  });
});
