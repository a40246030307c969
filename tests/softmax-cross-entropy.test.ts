import { expect, it } from "vitest";
import { softmaxCrossEntropy } from "../src/reference/index.js";
import { type BackendRow, describeEachBackend } from "./support/backends.js";
import { classes, LOGITS, LONG_LENGTHS, normal, SHORT_LENGTHS } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

type Reduction = "none" | "mean" | "sum";

/** Loss and gradient within 4 ULP, and the same loss where no gradient is asked for. */
function judge(
  { k }: BackendRow,
  x: Float32Array,
  labels: Int32Array,
  shape: readonly number[],
  reduction: Reduction,
): void {
  const what = `${reduction} of shape [${shape}], labels ${labels.subarray(0, 3)}`;
  const { loss, grad } = k.softmaxCrossEntropy(x, labels, { shape, reduction, grad: true });
  const truth = softmaxCrossEntropy(x, labels, { shape, reduction, grad: true });
  expectWithin(4, loss, truth.loss, `loss, ${what}`);
  expectWithin(4, grad, truth.grad, `gradient, ${what}`);
  expectSameBits(k.softmaxCrossEntropy(x, labels, { shape, reduction }).loss, loss, `loss alone, ${what}`);
}

const REDUCTIONS = ["none", "mean", "sum"] as const;

describeEachBackend("softmaxCrossEntropy with labels", (backend) => {
  it.each(LOGITS)("has loss and gradient within 4 ULP at every length: logits %s", (_, sample) => {
    for (const length of SHORT_LENGTHS.slice(1)) {
      const x = sample(5 * length, length + 1);
      judge(backend, x, classes(5, length, length + 2), [5, length], REDUCTIONS[length % 3]);
    }
    for (const length of LONG_LENGTHS.filter((n) => backend.affords(n))) {
      judge(backend, sample(length, length), classes(1, length, length), [1, length], "mean");
    }
  });

  it("has loss and gradient within 4 ULP for every label of a row", () => {
    for (const [, sample] of LOGITS) {
      for (const length of [1, 2, 3, 5, 16, 35]) {
        const x = sample(length, length);
        for (let label = 0; label < length; label++) judge(backend, x, Int32Array.of(label), [1, length], "sum");
      }
    }
  });

  it("has loss and gradient within 4 ULP when the label's logit is the largest, ties or not", () => {
    for (const length of [2, 40, 2049, 66_000].filter((n) => backend.affords(n))) {
      const x = normal(length, length);
      const label = x.indexOf(x.reduce((a, b) => Math.max(a, b)));
      for (const top of [x[label], 10, 20, 40, 90, 200]) {
        x[label] = top;
        judge(backend, x, Int32Array.of(label), [1, length], "sum");
        judge(backend, x, Int32Array.of((label + 1) % length), [1, length], "sum");
      }
      x[(label + 1) % length] = x[label];
      judge(backend, x, Int32Array.of(label), [1, length], "sum");
    }
  });

  it("has loss and gradient within 4 ULP in batches of many rows", () => {
    for (const shape of [
      [5000, 3],
      [30_000, 3],
      [40, 3000],
      [2, 70_000],
    ]) {
      const [rows, length] = shape;
      const x = normal(rows * length, 31, 0, 10);
      if (!backend.affords(rows * length)) continue;
      for (const reduction of REDUCTIONS) judge(backend, x, classes(rows, length, 32), shape, reduction);
    }
  });

  it("keeps the digits of a loss near 0: [20, 0, 0], label 0 costs 4.122e-9", () => {
    const { loss, grad } = backend.k.softmaxCrossEntropy(Float32Array.of(20, 0, 0), [0], { grad: true });
    expectWithin(4, loss, 4.122307236380407e-9, "loss");
    expectWithin(4, grad, [-4.122307227883701e-9, 2.06115361394185e-9, 2.06115361394185e-9], "gradient");
  });

  it("costs nothing where there is one class", () => {
    const { loss, grad } = backend.k.softmaxCrossEntropy(Float32Array.of(3), [0], { grad: true });
    expect(loss).toBe(0);
    expect(grad[0]).toBeCloseTo(0, 45);
  });

  it("has the digits of a sum of 30000 losses that a float32 sum would lose", () => {
    const rows = 30_000;
    const x = new Float32Array(rows * 2);
    const { loss } = backend.k.softmaxCrossEntropy(x, new Uint8Array(rows), { shape: [rows, 2], reduction: "sum" });
    expect(loss).toBe(Math.fround(rows * Math.LN2));
  });

  it("has the gradient of each row alone where its scale is tiny, beside rows that are ignored or not", () => {
    const { k } = backend;
    const x = normal(20, 1, 0, 3);
    const rowOf = (values: Float32Array, row: number) => values.subarray(row * 5, row * 5 + 5);
    for (const labels of [
      [0, 1, 2, 3],
      [-100, -100, 2, 3],
      [0, 1, -100, -100],
    ]) {
      for (let e = 30; e < 90; e++) {
        const options = { grad: true, reduction: "sum", gradOutput: 1.3 * 2 ** -e } as const;
        const { grad } = k.softmaxCrossEntropy(x, labels, { ...options, shape: [4, 5] });
        labels.forEach((label, row) => {
          const alone = k.softmaxCrossEntropy(rowOf(x, row), [label], options);
          expectSameBits(rowOf(grad, row), alone.grad, `row ${row}, 1.3·2^-${e}`);
        });
      }
    }
  });
});
