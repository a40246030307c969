import fc from "fast-check";
import * as reference from "../../src/reference/index.js";
import { sizeOf } from "../operations/support/rows.js";
import { distributions, floats, logits, single, weights } from "./support/arbitraries.js";
import { along, type Case, confirm, near, reduction, scaled, upstream } from "./support/gradients.js";

/** Losses of each element, divergences and linear layers. */

const { crossEntropy, klDivergence, jensenShannon } = reference;
const DIVERGENCES = { crossEntropy, klDivergence, jensenShannon };

confirm([
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
]);
