import { describe, expect, it } from "vitest";
import { load, type Xentropy } from "xentropy";
import * as reference from "xentropy/reference";
import { batchOf, DISTRIBUTIONS } from "../../tools/support/distributions.js";
import { LOGIT_OPTIONS } from "../../tools/support/logit-options.js";
import { OPERATIONS } from "../../tools/support/operations.js";
import { boundOf, type Operation, type Outcome } from "../../tools/support/outcome.js";
import { plainSoftmax } from "../../tools/support/plain.js";
import { Problem } from "../../tools/support/problem.js";
import { distance } from "../../tools/support/ulp.js";
import { BACKENDS } from "../support/backends.js";
import { HARD_LABEL_ROWS, HARD_LOG_SOFTMAX_ROWS, HARD_SOFTMAX_ROWS } from "./hard-rows.js";

/** A part of `npm run verify:rows` that takes seconds, and the rows that hill climbing found to be the worst. */

const LENGTHS = [1, 2, 3, 10, 64, 1000, 4100];
const BUDGET = 2 ** 12;

const NAMED = [...OPERATIONS, ...LOGIT_OPTIONS].map(
  (operation) => [operation.name, operation.bound, operation] as const,
);

function largest({ got, truth, magnitude }: Outcome): number {
  let most = 0;
  for (let i = 0; i < truth.length; i++) most = Math.max(most, Math.abs(distance(got[i], truth[i], magnitude[i])));
  return most;
}

function expectWithin(k: Xentropy, operation: Operation, problem: Problem, what: string): void {
  for (const [i, outcome] of operation.run(k, problem).entries()) {
    const name = operation.outcomes[i];
    expect(largest(outcome), `${name} ${what}`).toBeLessThanOrEqual(boundOf(operation, name));
  }
}

function softmaxError(k: Xentropy, row: readonly number[]): number {
  const x = Float32Array.from(row);
  const truth = reference.softmax(x);
  return largest({ got: k.softmax<Float32Array>(x), truth, magnitude: truth });
}

function logSoftmaxError(k: Xentropy, row: readonly number[]): number {
  const x = Float32Array.from(row);
  const truth = reference.logSoftmax(x);
  return largest({ got: k.logSoftmax<Float32Array>(x), truth, magnitude: truth });
}

/** The largest error of the gradient, whatever the label. */
function gradientError(k: Xentropy, row: readonly number[]): number {
  const x = Float32Array.from(row);
  return Math.max(
    ...row.map((_, label) => {
      const { grad } = k.softmaxCrossEntropy(x, [label], { grad: true });
      const truth = reference.softmaxCrossEntropy(x, [label], { grad: true }).grad;
      return largest({ got: grad, truth, magnitude: truth });
    }),
  );
}

/** The package's kernels, on each backend that this runtime has. */
const KERNELS = await Promise.all(
  BACKENDS.map(async ({ name, available }) => [name, available ? await load({ backend: name }) : undefined] as const),
);

describe.each(KERNELS)("rows (%s)", (backend, opened) => {
  const k = opened as Xentropy;
  if (!k) return it.skip("this runtime doesn't have it", () => {});

  it.each(NAMED)("%s: at most %f ULP on every distribution and length", (_, __, operation) => {
    for (const distribution of DISTRIBUTIONS) {
      for (const length of operation.elementwise ? [1000] : LENGTHS) {
        const problem = new Problem(batchOf(distribution, length, BUDGET, length), length, length);
        expectWithin(k, operation, problem, `${distribution.name}, ${length} columns`);
      }
    }
  });

  it.each(HARD_SOFTMAX_ROWS)("softmax: at most 4 ULP on a row that takes simd to %f", (error, row) => {
    const found = softmaxError(k, row);
    expect(found).toBeLessThanOrEqual(4);
    if (backend !== "relaxed") expect(found).toBeGreaterThanOrEqual(error);
  });

  it.each(HARD_LOG_SOFTMAX_ROWS)("logSoftmax: at most 4 ULP on a row that takes simd to %f", (error, row) => {
    const found = logSoftmaxError(k, row);
    expect(found).toBeLessThanOrEqual(4);
    if (backend !== "relaxed") expect(found).toBeGreaterThanOrEqual(error);
  });

  it.each(HARD_LABEL_ROWS)("gradient at labels: at most 4 ULP on a row that takes simd to %f", (error, row) => {
    const found = gradientError(k, row);
    expect(found).toBeLessThanOrEqual(4);
    if (backend !== "relaxed") expect(found).toBeGreaterThanOrEqual(error);
  });

  it("softmax: blocks that lie 60 to 104 below the row's largest element keep their probabilities within 4 ULP", () => {
    for (let depth = 60; depth <= 104; depth += 0.5) {
      const x = new Float32Array(4096).fill(-depth, 2048);
      const truth = reference.softmax(x);
      const outcome = { got: k.softmax<Float32Array>(x), truth, magnitude: truth };
      expect(largest(outcome), `a block at −${depth}`).toBeLessThanOrEqual(4);
    }
  });
});

describe("the plain form of softmax, which the tables compare with", () => {
  it.each([
    ["N(0, 1)", 1, 10],
    ["U(±100)", 50, 100],
  ])("is the softmax, with the error of x − max in float32: on %s between %f and %f ULP", (name, least, most) => {
    const distribution = DISTRIBUTIONS.find((one) => one.name === name) as (typeof DISTRIBUTIONS)[number];
    const x = batchOf(distribution, 64, 2 ** 16, 1);
    const truth = reference.softmax(x, { shape: [x.length / 64, 64] });
    const error = largest({ got: plainSoftmax(x, 64), truth, magnitude: truth });
    expect(error).toBeGreaterThan(least);
    expect(error).toBeLessThan(most);
  });
});
