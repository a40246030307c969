import fc from "fast-check";
import * as reference from "../../src/reference/index.js";
import { labels, logits, single } from "./support/arbitraries.js";
import { along, confirm, dot, loss, near, reduction, scaled, upstream } from "./support/gradients.js";

/** Operations along a class axis. */

confirm([
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
]);
