import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as reference from "../../src/reference/index.js";
import { sizeOf } from "../operations/support/rows.js";
import {
  batches,
  distributions,
  floats,
  holds,
  type Layout,
  labels,
  logits,
  single,
  weights,
} from "./support/arbitraries.js";

/** Every differentiable operation of the reference, with a gradient that central differences must confirm. */

type Scalar = { loss: number; grad: ArrayLike<number> };

interface Case {
  /** The sample, and where to differentiate. */
  readonly sample: fc.Arbitrary<{ at: Float32Array; f: (x: Float64Array) => Scalar }>;
  readonly step?: number;
  readonly error?: number;
}

const near = single(-6, 6);
const reduction = fc.constantFrom("mean" as const, "sum" as const);
const upstream = fc.double({ min: -2, max: 2, noNaN: true });

/** Σ upstream·value, whose gradient to the values is the upstream gradient. */
function dot(up: ArrayLike<number>, values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value, i) => sum + up[i] * value, 0);
}

/** A loss times its upstream gradient, which its gradient has been multiplied by. */
function scaled({ loss, grad }: { loss: number; grad: Float64Array }, gradOutput: number): Scalar {
  return { loss: loss * gradOutput, grad };
}

function along<T>(
  make: (layout: Layout) => { readonly [K in keyof T]: fc.Arbitrary<T[K]> },
  of: (sample: T & Layout) => { at: Float32Array; f: (x: Float64Array) => Scalar },
  least = 1,
): Case["sample"] {
  return batches<T>(make, least).map(of);
}

const loss = (layout: Layout) => ({
  reduction,
  gradOutput: upstream,
  classWeights: weights(layout.classes),
  sampleWeights: weights(layout.positions),
});

const { crossEntropy, klDivergence, jensenShannon } = reference;
const DIVERGENCES = { crossEntropy, klDivergence, jensenShannon };

const CASES: readonly (readonly [string, Case])[] = [
  [
    "softmax through softmaxBackward",
    {
      sample: along(
        (layout) => ({ x: logits(layout, near), up: logits(layout, near) }),
        ({ x, up, shape, axis }) => ({
          at: x,
          f: (z) => {
            const p = reference.softmax(z, { shape, axis });
            return { loss: dot(up, p), grad: reference.softmaxBackward(p, up, { shape, axis }) };
          },
        }),
      ),
    },
  ],
  [
    "logSoftmax through logSoftmaxBackward",
    {
      sample: along(
        (layout) => ({ x: logits(layout, near), up: logits(layout, near) }),
        ({ x, up, shape, axis }) => ({
          at: x,
          f: (z) => {
            const lp = reference.logSoftmax(z, { shape, axis });
            return { loss: dot(up, lp), grad: reference.logSoftmaxBackward(lp, up, { shape, axis }) };
          },
        }),
      ),
    },
  ],
  [
    "logSumExp, whose gradient is softmax",
    {
      sample: along(
        (layout) => ({ x: logits(layout, near) }),
        ({ x, shape, axis }) => ({
          at: x,
          f: (z) => ({
            loss: reference.logSumExp(z, { shape, axis }).reduce((a, b) => a + b, 0),
            grad: reference.softmax(z, { shape, axis }),
          }),
        }),
      ),
    },
  ],
  [
    "softmaxCrossEntropy with labels and every smooth option",
    {
      sample: along(
        (layout) => ({
          x: logits(layout, near),
          y: labels(layout),
          ...loss(layout),
          labelSmoothing: fc.double({ min: 0, max: 1, noNaN: true }),
          zLoss: fc.double({ min: 0, max: 0.5, noNaN: true }),
        }),
        ({ x, y, classes, positions, ...options }) => ({
          at: x,
          f: (z) => scaled(reference.softmaxCrossEntropy(z, y, { ...options, grad: true }), options.gradOutput),
        }),
      ),
    },
  ],
  [
    "softmaxCrossEntropy with dense targets of any sum",
    {
      sample: along(
        (layout) => ({
          x: logits(layout, near),
          t: logits(layout, single(0, 2)),
          ...loss(layout),
          labelSmoothing: fc.double({ min: 0, max: 1, noNaN: true }),
          zLoss: fc.double({ min: 0, max: 0.5, noNaN: true }),
        }),
        ({ x, t, classes, positions, ...options }) => ({
          at: x,
          f: (z) => scaled(reference.softmaxCrossEntropy(z, t, { ...options, grad: true }), options.gradOutput),
        }),
      ),
    },
  ],
  [
    // Temperatures that divide exactly, and steps that float32 holds: the logits aren't rounded.
    "softmaxCrossEntropy with a temperature",
    {
      step: 2 ** -10,
      error: 1e-4,
      sample: along(
        (layout) => ({ x: logits(layout, single(-4, 4)), y: labels(layout), temperature: fc.constantFrom(0.5, 2, 4) }),
        ({ x, y, shape, axis, temperature }) => ({
          at: x.map((value) => Math.round(value * 64) / 64),
          f: (z) => reference.softmaxCrossEntropy(z, y, { shape, axis, temperature, grad: true }),
        }),
      ),
    },
  ],
  [
    // The capped logits are rounded to float32: 2^-22 of them at most, over the step.
    "softmaxCrossEntropy with a softcap",
    {
      step: 2 ** -8,
      error: 1e-3,
      sample: along(
        (layout) => ({ x: logits(layout, single(-4, 4)), y: labels(layout), softcap: fc.constantFrom(1.5, 3, 10) }),
        ({ x, y, shape, axis, softcap }) => ({
          at: x,
          f: (z) => reference.softmaxCrossEntropy(z, y, { shape, axis, softcap, grad: true }),
        }),
      ),
    },
  ],
  [
    "nllLoss",
    {
      sample: along(
        (layout) => ({ lp: logits(layout, single(-9, 0)), y: labels(layout), ...loss(layout) }),
        ({ lp, y, classes, positions, ...options }) => ({
          at: lp,
          f: (z) => scaled(reference.nllLoss(z, y, { ...options, grad: true }), options.gradOutput),
        }),
      ),
    },
  ],
  [
    "softmaxKlDivergence",
    {
      sample: along(
        (layout) => ({ x: logits(layout, near), y: logits(layout, near), reduction, gradOutput: upstream }),
        ({ x, y, classes, positions, ...options }) => ({
          at: x,
          f: (z) => scaled(reference.softmaxKlDivergence(z, y, { ...options, grad: true }), options.gradOutput),
        }),
      ),
    },
  ],
  [
    "softmaxKlDivergence with a temperature: T² before, 1/T within",
    {
      step: 2 ** -10,
      error: 1e-4,
      sample: along(
        (layout) => ({
          x: logits(layout, single(-4, 4)),
          y: logits(layout, near),
          temperature: fc.constantFrom(0.5, 2, 4),
        }),
        ({ x, y, shape, axis, temperature }) => ({
          at: x.map((value) => Math.round(value * 64) / 64),
          f: (z) => reference.softmaxKlDivergence(z, y, { shape, axis, temperature, grad: true }),
        }),
      ),
    },
  ],
  [
    "sigmoidCrossEntropy with every option",
    {
      sample: along(
        (layout) => ({
          x: logits(layout, near),
          t: logits(layout, single(0, 1)),
          reduction,
          gradOutput: upstream,
          labelSmoothing: fc.double({ min: 0, max: 1, noNaN: true }),
          posWeight: single(0, 4),
          elementWeights: weights(sizeOf(layout.shape)),
        }),
        ({ x, t, classes, positions, axis, ...options }) => ({
          at: x,
          f: (z) => scaled(reference.sigmoidCrossEntropy(z, t, { ...options, grad: true }), options.gradOutput),
        }),
      ),
    },
  ],
  [
    "sigmoidFocalLoss",
    {
      sample: along(
        (layout) => ({
          x: logits(layout, near),
          t: logits(layout, fc.oneof(single(0, 1), fc.constantFrom(0, 1))),
          reduction,
          gradOutput: upstream,
          alpha: single(0, 1),
          gamma: fc.constantFrom(0, 0.5, 1, 2, 3.5),
        }),
        ({ x, t, classes, positions, axis, ...options }) => ({
          at: x,
          f: (z) => scaled(reference.sigmoidFocalLoss(z, t, { ...options, grad: true }), options.gradOutput),
        }),
      ),
    },
  ],
  [
    "sigmoidSquaredError",
    {
      sample: along(
        (layout) => ({ x: logits(layout, near), t: logits(layout, single(0, 1)), reduction, gradOutput: upstream }),
        ({ x, t, shape, reduction, gradOutput }) => ({
          at: x,
          f: (z) =>
            scaled(reference.sigmoidSquaredError(z, t, { shape, reduction, gradOutput, grad: true }), gradOutput),
        }),
      ),
    },
  ],
  ...(["crossEntropy", "klDivergence", "jensenShannon"] as const).map((name): readonly [string, Case] => [
    name,
    {
      sample: along(
        (layout) => ({
          p: distributions(layout),
          q: logits(layout, single(0.1, 1)),
          reduction,
          unit: fc.constantFrom("nats" as const, "bits" as const),
        }),
        ({ p, q, classes, positions, ...options }) => ({
          at: q,
          f: (z) => DIVERGENCES[name](p, z, { ...options, grad: true }),
        }),
      ),
    },
  ]),
  [
    "binaryCrossEntropy",
    {
      sample: along(
        (layout) => ({
          q: logits(layout, single(0.1, 0.9)),
          t: logits(layout, single(0, 1)),
          reduction,
          unit: fc.constantFrom("nats" as const, "bits" as const),
        }),
        ({ q, t, shape, reduction, unit }) => ({
          at: q,
          f: (z) => reference.binaryCrossEntropy(z, t, { shape, reduction, unit, grad: true }),
        }),
      ),
    },
  ],
  [
    "linearSoftmaxCrossEntropy, by features",
    {
      sample: fc
        .record({ x: floats(6, near), w: floats(12, single(-1, 1)), y: floats(2, fc.nat(3)) })
        .map(({ x, w, y }) => ({
          at: x,
          f: (z: Float64Array) => {
            const { loss, grad } = reference.linearSoftmaxCrossEntropy(z, w, Int32Array.from(y), {
              shape: [2, 3],
              grad: true,
            });
            return { loss, grad: grad.features };
          },
        })),
    },
  ],
  [
    "linearSigmoidCrossEntropy, by weights",
    {
      sample: fc
        .record({ x: floats(6, single(-2, 2)), w: floats(12, single(-1, 1)), t: floats(8, single(0, 1)) })
        .map(({ x, w, t }) => ({
          at: w,
          f: (z: Float64Array) => {
            const { loss, grad } = reference.linearSigmoidCrossEntropy(x, z, t, { shape: [2, 3], grad: true });
            return { loss, grad: grad.weights };
          },
        })),
    },
  ],
];

describe("central differences confirm the reference's gradient of", () => {
  it.each(CASES)("%s", (_, { sample, step = 2 ** -17, error = 1e-8 }) => {
    holds(
      sample,
      ({ at, f }) => {
        // Both parts of the difference's error are relative to the largest number that is summed.
        const { maxError } = reference.gradientCheck(f, at, { step });
        const size = Math.max(1, Math.abs(f(Float64Array.from(at)).loss));
        expect(maxError).toBeLessThanOrEqual(error * size);
      },
      100,
    );
  });
});
