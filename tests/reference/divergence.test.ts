import { describe, expect, it } from "vitest";
import {
  binaryCrossEntropy,
  crossEntropy,
  entropy,
  jensenShannon,
  klDivergence,
  softmaxKlDivergence,
} from "../../src/reference/index.js";
import { abs, div, errorOf, type Fixed, fixed, log, mul, ONE, sum } from "./high-precision.js";
import * as literal from "./literal.js";
import { normals, probabilities, uniforms } from "./samples.js";

const BOUND = 1e-12;
const near = (p: readonly number[], relative: number): number[] =>
  p.map((value, i) => Math.fround(value * (1 + (i % 2 ? relative : -relative))));

const spread = probabilities(1, 40, 8);
const pairs: readonly (readonly [string, readonly number[], readonly number[]])[] = [
  ["random rows", probabilities(2, 50), probabilities(3, 50)],
  ["rows of wide spread", spread, probabilities(4, 40, 8)],
  ["rows 1e−3 apart", spread, near(spread, 1e-3)],
  ["rows 1e−6 apart", spread, near(spread, 1e-6)],
  ["float64 rows 1e−12 apart", [0.3, 0.7], [0.3 + 3e-13, 0.7 - 3e-13]],
  ["nearly one-hot rows", [1 - 2 ** -24, 2 ** -24], [2 ** -20, 1 - 2 ** -20]],
  ["tiny probabilities", [2 ** -149, 1], [1, 2 ** -149]],
  ["rows that don't sum to 1", uniforms(5, 20, 0, 3), uniforms(6, 20, 0, 3)],
];

describe("entropy and divergences are within 1e−12 of the literal formulas, in units of their terms' magnitudes", () => {
  it.each(pairs)("%s", (_, pNumbers, qNumbers) => {
    const p = pNumbers.map(fixed);
    const q = qNumbers.map(fixed);
    const judge = (name: string, got: Float64Array, terms: Fixed[]) =>
      expect(errorOf(got[0], sum(terms), sum(terms.map(abs))), name).toBeLessThan(BOUND);
    judge("entropy", entropy(pNumbers), literal.entropyTerms(p));
    judge("crossEntropy", crossEntropy(pNumbers, qNumbers), literal.crossEntropyTerms(p, q));
    judge("klDivergence", klDivergence(pNumbers, qNumbers), literal.klTerms(p, q));

    // Relative to the divergence itself, however close the rows.
    expect(errorOf(jensenShannon(pNumbers, qNumbers)[0], literal.jensenShannon(p, q))).toBeLessThan(BOUND);

    const kl = klDivergence(pNumbers, qNumbers, { grad: true });
    const js = jensenShannon(pNumbers, qNumbers, { grad: true });
    q.forEach((value, i) => {
      expect(errorOf(kl.grad[i], -div(p[i], value))).toBeLessThan(BOUND);
      expect(errorOf(js.grad[i], log(div(2n * value, p[i] + value)) / 2n)).toBeLessThan(BOUND);
    });
    expect(crossEntropy(pNumbers, qNumbers, { grad: true }).grad).toEqual(kl.grad);
  });

  it("binaryCrossEntropy", () => {
    for (const q of [2 ** -149, 1e-10, 0.3, 0.5, 0.999, 1 - 2 ** -24]) {
      for (const t of [0, 0.3, 0.999, 1]) {
        const { loss, grad } = binaryCrossEntropy([q], [t], { grad: true });
        const [qFixed, tFixed] = [fixed(q), fixed(t)];
        const want = -mul(tFixed, log(qFixed)) - mul(ONE - tFixed, log(ONE - qFixed));
        expect(errorOf(loss[0], want), `loss at ${q}, ${t}`).toBeLessThan(BOUND);
        const slope = div(qFixed - tFixed, mul(qFixed, ONE - qFixed));
        expect(errorOf(grad[0], slope), `gradient at ${q}, ${t}`).toBeLessThan(BOUND);
      }
    }
  });
});

describe("softmaxKlDivergence is within 1e−12 of the literal formula", () => {
  const base = normals(7, 12, 0, 3);
  const cases: readonly (readonly [string, readonly number[], readonly number[]])[] = [
    ["random rows", base, normals(8, 12, 0, 3)],
    ["teacher and student 1e−6 apart", base, base.map((x, i) => Math.fround(x + 1e-6 * Math.sin(i)))],
    ["the same but for a common offset", [1, 2, 3], [65, 66, 67.0078125]],
    ["both sure of the same class", [30, 0, 1], [28, 1, 0]],
    ["sure of different classes", [30, 0, 1], [0, 30, 1]],
    ["apart only where there is hardly any mass", [0, 0, -50], [0, 0, -52]],
    ["spread of 200", uniforms(9, 16, -100, 100), uniforms(10, 16, -100, 100)],
  ];

  it.each(cases)("%s", (_, student, teacher) => {
    for (const temperature of [1, 4]) {
      const scale = (z: readonly number[]) => z.map((x) => Math.fround(x / temperature));
      const p = literal.softmax(scale(teacher));
      const q = literal.softmax(scale(student));
      const terms = literal.klTerms(p, q);
      const { loss, grad } = softmaxKlDivergence(student, teacher, { temperature, grad: true });
      const square = BigInt(temperature ** 2);
      expect(errorOf(loss, square * sum(terms), square * sum(terms.map(abs))), "loss").toBeLessThan(BOUND);
      p.forEach((probability, i) => {
        const want = BigInt(temperature) * (q[i] - probability);
        expect(errorOf(grad[i], want, q[i] + probability), `gradient ${i}`).toBeLessThan(BOUND);
      });
    }
  });
});

describe("softmaxKlDivergence of a student near its teacher is within 1e−12 of the loss itself", () => {
  it.each([1, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])("logits up to %d apart", (difference) => {
    for (const [length, spread] of [
      [2, 1],
      [12, 3],
      [40, 12],
    ]) {
      const student = normals(length, length, 0, spread);
      const teacher = student.map((x, i) => Math.fround(x + difference * Math.sin(i + 1)));
      const want = sum(literal.klTerms(literal.softmax(teacher), literal.softmax(student)));
      expect(errorOf(softmaxKlDivergence(student, teacher).loss, want), `${length} classes`).toBeLessThan(BOUND);
    }
  });
});

describe("softmaxKlDivergence of rows that are all but equal is within 1e−12 of the loss itself", () => {
  it.each([1e-7, 1e-10, 1e-13, 1e-16, 1e-18, 1e-30])("one logit %d apart", (difference) => {
    for (const teacher of [
      [0, 0],
      [0, 0, 1, 2, -3],
    ]) {
      const student = teacher.map((x, i) => (i === 1 ? Math.fround(difference) : x));
      const want = sum(literal.klTerms(literal.softmax(teacher), literal.softmax(student)));
      expect(errorOf(softmaxKlDivergence(student, teacher).loss, want), `${teacher.length} classes`).toBeLessThan(
        BOUND,
      );
    }
  });

  it("wherever on the line of the floats they lie", () => {
    expect(softmaxKlDivergence([-3e38, -3e38], [-5e20, -9e33]).loss).toBeCloseTo(Math.LN2, 12);
    expect(softmaxKlDivergence([1e30, 1e30], [-2, -1]).loss).toBeCloseTo(softmaxKlDivergence([0, 0], [0, 1]).loss, 14);
  });

  it("whatever the temperature", () => {
    // As T grows: half the variance of the difference of the logits, (0, 1, −1), in even probabilities, 1/3; and the difference
    // itself, 2/3 − (1/3)².
    for (const temperature of [1e15, 1e20, 1e30]) {
      const { loss } = softmaxKlDivergence([0, 2, 1], [0, 1, 3], { temperature });
      expect(loss).toBeCloseTo(7 / 9, 6);
    }
  });
});

describe("units and reductions", () => {
  const p = [0.5, 0.5, 0.25, 0.75];
  const q = [0.25, 0.75, 0.5, 0.5];

  it("bits are nats over log 2, gradients too", () => {
    expect(entropy([0.5, 0.5], { unit: "bits" })[0]).toBe(1);
    const nats = klDivergence(p, q, { grad: true });
    const bits = klDivergence(p, q, { grad: true, unit: "bits" });
    expect(bits.loss[0] * Math.LN2).toBeCloseTo(nats.loss[0], 15);
    expect(bits.grad[0] * Math.LN2).toBeCloseTo(nats.grad[0], 15);
    expect(binaryCrossEntropy([0.5], [1], { unit: "bits" })[0]).toBe(1);
  });

  it("one value per row by default; the mean divides by the rows", () => {
    const shape = [2, 2];
    const rows = jensenShannon(p, q, { shape });
    expect(rows).toHaveLength(2);
    expect(jensenShannon(p, q, { shape, reduction: "sum" })).toBe(rows[0] + rows[1]);
    const mean = crossEntropy(p, q, { shape, reduction: "mean", grad: true });
    const none = crossEntropy(p, q, { shape, grad: true });
    expect(mean.loss).toBeCloseTo((none.loss[0] + none.loss[1]) / 2, 15);
    expect(mean.grad).toEqual(none.grad.map((g) => g / 2));
    expect(binaryCrossEntropy(q, p, { reduction: "mean" })).toBeCloseTo(
      binaryCrossEntropy(q, p).reduce((a, b) => a + b) / 4,
      15,
    );
  });

  it.each([crossEntropy, klDivergence, jensenShannon, binaryCrossEntropy])(
    "take no gradOutput, as the kernels don't: $name",
    (operation) => {
      expect(() => (operation as typeof crossEntropy)(p, q, { grad: true, gradOutput: 2 } as object)).toThrow(
        /no option "gradOutput"/,
      );
    },
  );
});
