import { expect, it } from "vitest";
import { softmax, softmaxCrossEntropy } from "../src/reference/index.js";
import { type BackendRow, describeEachBackend } from "./support/backends.js";
import { classes, distributions, FINITE, LONG_LENGTHS, normal, SHORT_LENGTHS, spread } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

type Reduction = "none" | "mean" | "sum";

/** (Σ t)·p + t for each element: what the gradient is a difference of. */
function terms(x: Float32Array, t: Float32Array, rows: number, length: number): Float64Array {
  const magnitudes = softmax(x, { shape: [rows, length] });
  for (let r = 0; r < rows; r++) {
    const row = t.subarray(r * length, (r + 1) * length);
    let mass = 0;
    for (const value of row) mass += value;
    for (let c = 0; c < length; c++) magnitudes[r * length + c] = mass * magnitudes[r * length + c] + row[c];
  }
  return magnitudes;
}

/** Loss within 4 ULP, the gradient within 4 ULP of the sum of its terms, and the same loss where it stands alone. */
function judge(
  { k }: BackendRow,
  x: Float32Array,
  t: Float32Array,
  shape: readonly number[],
  reduction: Reduction,
): void {
  const [rows, length] = shape;
  const what = `${reduction} of shape [${shape}]`;
  const { loss, grad } = k.softmaxCrossEntropy(x, t, { shape, reduction, grad: true });
  const truth = softmaxCrossEntropy(x, t, { shape, reduction, grad: true });
  const scale = reduction === "mean" ? 1 / rows : 1;
  expectWithin(4, loss, truth.loss, `loss, ${what}`);
  expectWithin(
    4,
    grad,
    truth.grad,
    `gradient, ${what}`,
    terms(x, t, rows, length).map((size) => size * scale),
  );
  expectSameBits(k.softmaxCrossEntropy(x, t, { shape, reduction }).loss, loss, `loss alone, ${what}`);
}

describeEachBackend("softmaxCrossEntropy with dense targets", (backend) => {
  it.each(FINITE)("has loss and gradient within 4 ULP at every length: logits %s", (_, sample) => {
    for (const length of SHORT_LENGTHS.slice(1)) {
      const x = sample(3 * length, length + 1);
      const reduction = (["none", "mean", "sum"] as const)[length % 3];
      judge(backend, x, distributions(3, length, length), [3, length], reduction);
    }
    for (const length of LONG_LENGTHS.filter((n) => backend.affords(n))) {
      judge(backend, sample(length, length), distributions(1, length, length), [1, length], "mean");
    }
  });

  it("has loss and gradient within 4 ULP for targets of any sum", () => {
    for (const length of [1, 5, 64, 3000, 70_000].filter((n) => backend.affords(n))) {
      const x = normal(length, length, 0, 5);
      judge(backend, x, spread(length, length, 0, 4), [1, length], "sum");
      judge(backend, x, new Float32Array(length), [1, length], "sum");
    }
  });

  it("has loss and gradient within 4 ULP in batches of many rows", () => {
    for (const shape of [
      [5000, 3],
      [40, 3000],
      [2, 70_000],
    ]) {
      const [rows, length] = shape;
      if (!backend.affords(rows * length)) continue;
      judge(backend, normal(rows * length, 41, 0, 10), distributions(rows, length, 42), shape, "mean");
    }
  });

  it("agrees with labels within 4 ULP where the targets are one-hot", () => {
    for (const length of [1, 2, 10, 67, 2500]) {
      const rows = 6;
      const x = normal(rows * length, length, 0, 3);
      const labels = classes(rows, length, length);
      const t = new Float32Array(rows * length);
      labels.forEach((label, r) => {
        t[r * length + label] = 1;
      });
      const shape = [rows, length];
      const { loss, grad } = backend.k.softmaxCrossEntropy(x, t, { shape, reduction: "none", grad: true });
      const truth = softmaxCrossEntropy(x, labels, { shape, reduction: "none", grad: true });
      expectWithin(4, loss, truth.loss, `loss, length ${length}`);
      expectWithin(4, grad, truth.grad, `gradient, length ${length}`, terms(x, t, rows, length));
    }
  });

  it("keeps the digits of a loss near 0: [20, 0, 0], targets [1, 0, 0] cost 4.122e-9", () => {
    const x = Float32Array.of(20, 0, 0);
    expectWithin(4, backend.k.softmaxCrossEntropy(x, Float32Array.of(1, 0, 0)).loss, 4.122307236380407e-9, "loss");
  });

  it("lets a target of 0 meet a log-probability of −Infinity at no cost, and another at an infinite one", () => {
    const x = Float32Array.of(1, -Infinity, 2);
    const free = backend.k.softmaxCrossEntropy(x, Float32Array.of(0.5, 0, 0.5), { grad: true });
    const truth = softmaxCrossEntropy(x, Float32Array.of(0.5, 0, 0.5), { grad: true });
    expectWithin(4, free.loss, truth.loss, "loss");
    expect(free.grad[1]).toBe(0);
    expect(backend.k.softmaxCrossEntropy(x, Float32Array.of(0.5, 0.1, 0.4)).loss).toBe(Infinity);
  });

  it("costs 0 a row where there are no classes", () => {
    const none = new Float32Array(0);
    const { loss, grad } = backend.k.softmaxCrossEntropy(none, none, { shape: [3, 0], reduction: "none", grad: true });
    expect(loss).toEqual(new Float32Array(3));
    expect(grad).toEqual(none);
  });
});
