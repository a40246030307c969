// The linear losses for tools/verify-rows.ts: a batch's rows as features, and their distances as `checked` measures them.

import type { Xentropy } from "xentropy";
import { checked, type Measurement } from "xentropy/check";
import { normal, uniform } from "../../src/cli/random.js";
import type { Operation, Outcome } from "./outcome.js";
import type { Problem } from "./problem.js";

/** Classes: one whole panel of the product and a part of one. */
const CLASSES = 13;

const NAMES = ["loss", "grad.features", "grad.weights", "grad.bias"];

/** A row's numbers scaled so that the largest is 1: a bound to first order says nothing where logits are off by 1. */
function features({ x }: Problem): Float32Array {
  const finite = x.map((value) => (Number.isFinite(value) ? value : 0));
  const largest = finite.reduce((max, value) => Math.max(max, Math.abs(value)), 2 ** -100);
  return finite.map((value) => value / largest);
}

function gauss(n: number, seed: number): Float32Array {
  return Float32Array.from({ length: n }, normal(uniform(seed)));
}

type Call = (k: Xentropy, x: Float32Array, w: Float32Array, bias: Float32Array, problem: Problem) => unknown;

function judged(name: string, call: Call): Operation {
  return {
    name,
    bound: 66,
    outcomes: NAMES.map((output) => output.replace("grad.", "gradient to ")),
    climbs: false,
    run(k, problem) {
      const found = new Map<string, Measurement>();
      const judge = checked(k, { onMeasure: (measurement) => found.set(measurement.output, measurement) });
      const w = gauss(CLASSES * problem.length, problem.length).map((value) => value / Math.sqrt(problem.length));
      call(judge, features(problem), w, gauss(CLASSES, 7), problem);
      return NAMES.map((output) => unitsOf(found.get(output)?.distance ?? Number.NaN));
    },
  };
}

/** A distance as an outcome of that many ULP: those of 2^23 are 1. */
function unitsOf(distance: number): Outcome {
  return { got: [distance], truth: Float64Array.of(0), magnitude: Float64Array.of(2 ** 23) };
}

export const LINEAR: readonly Operation[] = [
  judged("linearSoftmaxCrossEntropy", (k, x, w, bias, { shape, rows }) => {
    const labels = Int32Array.from({ length: rows }, (_, row) => (row * 5) % CLASSES);
    return k.linearSoftmaxCrossEntropy(x, w, labels, { shape, bias, grad: true, reduction: "sum" });
  }),
  judged("linearSigmoidCrossEntropy", (k, x, w, bias, { shape, rows }) => {
    const targets = Float32Array.from({ length: rows * CLASSES }, (_, i) => (i % 3) / 2);
    return k.linearSigmoidCrossEntropy(x, w, targets, { shape, bias, grad: true, reduction: "sum" });
  }),
];
