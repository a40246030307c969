import { describe, expect, it } from "vitest";
import { nllLoss, softmaxCrossEntropy } from "../../src/reference/index.js";
import { dot, errorOf, type Fixed, fixed, mul } from "./high-precision.js";
import * as literal from "./literal.js";
import { hardRows, normals, probabilities, uniforms } from "./samples.js";

const BOUND = 1e-12;

const oneHot = (length: number, label: number): number[] => Array.from({ length }, (_, c) => (c === label ? 1 : 0));

function judge(
  { loss, grad }: { loss: number; grad: Float64Array },
  want: { loss: Fixed; grad: Fixed[]; units: Fixed[] },
  units: readonly Fixed[] = want.units,
): void {
  expect(errorOf(loss, want.loss), "loss").toBeLessThan(BOUND);
  want.grad.forEach((g, i) => {
    expect(errorOf(grad[i], g, units[i]), `gradient ${i}`).toBeLessThan(BOUND);
  });
}

describe("softmaxCrossEntropy of a label", () => {
  // Relative to the gradient itself: with a single label no subtraction is left.
  it.each(hardRows)("%s: loss and gradient within 1e−12 of their own value, whatever the label", (_, row) => {
    for (const label of [0, row.length >> 1, row.length - 1]) {
      const want = literal.softmaxCrossEntropy(row, oneHot(row.length, label));
      judge(softmaxCrossEntropy(row, [label], { grad: true, reduction: "sum" }), want, want.grad);
    }
  });

  it("[20, 0, 0], label 0, loses nothing to cancellation", () => {
    const { loss, grad } = softmaxCrossEntropy([20, 0, 0], [0], { grad: true });
    expect(loss).toBeCloseTo(4.122307236380407e-9, 22);
    expect(grad[0]).toBeCloseTo(-4.122307227883701e-9, 22);
    expect(grad[1]).toBeCloseTo(2.06115361394185e-9, 22);
  });

  it("a row of 2^20 equal logits costs 20·log 2", () => {
    const row = new Float32Array(2 ** 20).fill(5);
    const { loss, grad } = softmaxCrossEntropy(row, [77], { grad: true });
    expect(loss).toBeCloseTo(20 * Math.LN2, 13);
    expect(grad[0] * 2 ** 20).toBeCloseTo(1, 13);
    expect(grad[77]).toBeCloseTo(2 ** -20 - 1, 14);
  });
});

describe("options of softmaxCrossEntropy, within 1e−12 of the literal formulas", () => {
  const length = 9;
  const classWeights = uniforms(21, length, 0, 3);
  const options = [
    ["no options", {}],
    ["smoothing", { labelSmoothing: 0.1 }],
    ["smoothing of 1", { labelSmoothing: 1 }],
    ["class weights", { classWeights }],
    ["z-loss", { zLoss: 1e-4 }],
    ["a sample weight", { sampleWeight: 0.3 }],
    ["all of them", { labelSmoothing: 0.05, classWeights, zLoss: 0.02, sampleWeight: 2.5 }],
  ] as const;
  const rows = [normals(22, length), uniforms(23, length, -50, 50), [25, ...normals(24, length - 1)]];

  it.each(options)("labels with %s", (_, given: literal.PositionOptions) => {
    const { sampleWeight, ...rest } = given;
    const weights = sampleWeight === undefined ? {} : { sampleWeights: [sampleWeight] };
    for (const row of rows) {
      const got = softmaxCrossEntropy(row, [4], { ...rest, ...weights, reduction: "sum", grad: true });
      judge(got, literal.softmaxCrossEntropy(row, oneHot(length, 4), given));
    }
  });

  it.each(options)("dense targets with %s", (_, given: literal.PositionOptions) => {
    const { sampleWeight, ...rest } = given;
    const weights = sampleWeight === undefined ? {} : { sampleWeights: [sampleWeight] };
    const nearlyOneHot = oneHot(length, 0).map((t) => Math.fround(t ? 1 - 8e-7 : 1e-7));
    for (const targets of [probabilities(25, length), nearlyOneHot, uniforms(26, length, 0, 4)]) {
      for (const row of rows) {
        const got = softmaxCrossEntropy(row, Float32Array.from(targets), {
          ...rest,
          ...weights,
          reduction: "sum",
          grad: true,
        });
        judge(got, literal.softmaxCrossEntropy(row, targets, given));
      }
    }
  });

  it("dense targets near one-hot keep the gradient of a confident row", () => {
    // (Σt)·p − t cancels to 1e−14 here; mass and complement are both summed without the large term.
    const targets = [1, Math.fround(1e-14), 0];
    const row = [33, 0, 1];
    const { grad } = softmaxCrossEntropy(row, Float32Array.from(targets), { reduction: "sum", grad: true });
    const want = literal.softmaxCrossEntropy(row, targets).grad;
    for (let i = 0; i < 3; i++) expect(errorOf(grad[i], want[i])).toBeLessThan(BOUND);
  });
});

describe("softcap and temperature", () => {
  const row = [60, -60, ...normals(31, 10, 0, 10)];

  it("define float32 logits, softcap first", () => {
    const z = row.map((x) => Math.fround(Math.fround(5 * Math.tanh(x / 5)) / 0.3));
    const plain = softmaxCrossEntropy(z, [3], { logSumExp: true });
    const got = softmaxCrossEntropy(row, [3], { softcap: 5, temperature: 0.3, logSumExp: true });
    expect(got).toEqual(plain);
  });

  it("the gradient passes through both: times (1 − tanh²(z/s)) / T, accurate where tanh saturates", () => {
    const s = 5;
    const transformed = row.map((x) => Math.fround(Math.fround(s * Math.tanh(x / s)) / 2));
    const inner = literal.softmaxCrossEntropy(transformed, oneHot(row.length, 3)).grad;
    const { grad } = softmaxCrossEntropy(row, [3], { softcap: s, temperature: 2, grad: true });
    row.forEach((x, i) => {
      // 1 − tanh²(u) = 4σ(2u)σ(−2u)
      const slope = 4n * mul(literal.sigmoid((2 * x) / s), literal.sigmoid((-2 * x) / s));
      expect(errorOf(grad[i], mul(inner[i], slope) / 2n)).toBeLessThan(BOUND);
    });
  });
});

describe("reductions of softmaxCrossEntropy", () => {
  const shape = [4, 3];
  const z = normals(41, 12);
  const labels = [2, -100, 0, 1];
  const classWeights = [0.5, 2, 3];
  const sampleWeights = [1, 5, 0.25, 2];

  it("mean divides by Σ v·w_y over labels that are not ignored", () => {
    const options = { shape, classWeights, sampleWeights, labelSmoothing: 0.2 };
    const { loss: sum } = softmaxCrossEntropy(z, labels, { ...options, reduction: "sum" });
    const { loss: mean } = softmaxCrossEntropy(z, labels, options);
    expect(mean).toBeCloseTo(sum / (1 * 3 + 0.25 * 0.5 + 2 * 2), 14);
  });

  it("mean divides by Σ v for dense targets, class weights or not", () => {
    const dense = Float32Array.from(uniforms(42, 12, 0, 1));
    const options = { shape, classWeights, sampleWeights };
    const { loss: sum } = softmaxCrossEntropy(z, dense, { ...options, reduction: "sum" });
    expect(softmaxCrossEntropy(z, dense, options).loss).toBeCloseTo(sum / 8.25, 14);
  });

  it("none gives a loss per position and the gradient of the sum, times gradOutput", () => {
    const gradOutput = [2, 3, -1, 0.5];
    const none = softmaxCrossEntropy(z, labels, { shape, reduction: "none", grad: true, gradOutput });
    expect(none.loss).toHaveLength(4);
    expect(none.loss[1]).toBe(0);
    const sum = softmaxCrossEntropy(z, labels, { shape, reduction: "sum", grad: true });
    expect(none.grad).toEqual(sum.grad.map((g, i) => gradOutput[Math.floor(i / 3)] * g));
  });

  it("the z-loss is weighted by sample, not by class", () => {
    const options = {
      shape: [1, 3],
      sampleWeights: [3],
      classWeights: [0, 1, 1],
      reduction: "sum",
      zLoss: 0.5,
    } as const;
    const row = [1, 2, 0.5];
    const lse = softmaxCrossEntropy(row, [0], { logSumExp: true }).logSumExp?.[0] ?? 0;
    expect(softmaxCrossEntropy(row, [0], options).loss).toBeCloseTo(3 * 0.5 * lse * lse, 14);
  });

  it("correct counts the positions whose argmax is the label; logSumExp covers ignored ones", () => {
    const rows = [0, 3, 3, /**/ 5, 0, 0, /**/ 1, 2, 9, /**/ 0, 1, 0];
    const got = softmaxCrossEntropy(rows, [1, 0, -100, 2], { shape, correct: true, logSumExp: true });
    expect(got.correct).toBe(2);
    expect(got.logSumExp?.[2]).toBeCloseTo(Math.log(Math.exp(1) + Math.exp(2) + Math.exp(9)), 13);
  });

  it("one loss among 10^5 equal ones: the sum is compensated", () => {
    const count = 100_000;
    const logits = new Float32Array(2 * count);
    const { loss } = softmaxCrossEntropy(logits, new Uint8Array(count), { shape: [count, 2], reduction: "sum" });
    expect(Math.abs(loss / (count * Math.LN2) - 1)).toBeLessThan(3e-16);
  });
});

describe("nllLoss", () => {
  it("is −Σ v·w_y·lp_y, over Σ v·w_y for the mean", () => {
    const lp = normals(51, 12, -3);
    const labels = [2, 0, -100, 1];
    const classWeights = [0.5, 2, 3];
    const sampleWeights = [1, 5, 7, 2];
    const weights = [3, 2.5, 0, 4];
    const { loss, grad } = nllLoss(lp, labels, { shape: [4, 3], classWeights, sampleWeights, grad: true });
    const picked = [lp[2], lp[3], 0, lp[10]];
    const want = (-2n * dot(picked.map(fixed), weights.map(fixed))) / 19n;
    expect(errorOf(loss, want)).toBeLessThan(BOUND);
    expect([2, 3, 10].map((i) => grad[i])).toEqual([-3 / 9.5, -2.5 / 9.5, -4 / 9.5].map((g) => expect.closeTo(g, 15)));
    expect(grad.filter((g) => g !== 0)).toHaveLength(3);
  });
});
