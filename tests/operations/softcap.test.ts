import { expect, it } from "vitest";
import { softmaxCrossEntropy } from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { classes, normal } from "../support/samples.js";
import { expectSameBits, expectWithin } from "../support/ulp.js";
import { logitsAfter } from "./support/cross-entropy-operations.js";

const CAPS = [1, 5, 30, 0.01, 1e6];

/** Logits around a cap, some far beyond. */
function logitsFor(cap: number): Float32Array {
  return normal(400, 5, 0, cap).map((x, i) => (i % 7 === 0 ? x * 20 : x));
}

describeEachBackend("softcap", (backend) => {
  it.each(CAPS)("makes the logits s·tanh(z/s), within 3 ULP: s = %d", (softcap) => {
    const x = logitsFor(softcap);
    const s = Math.fround(softcap);
    const truth = Float64Array.from(x, (value) => s * Math.tanh(value / s));
    expectWithin(3, logitsAfter(backend.k, x, { softcap }), truth, "logits");
  });

  it.each([
    [1e30, 1e-37],
    [1e6, 1e-38],
    [30, 1e-45],
    [3e38, 1],
    [30, 0.007],
  ])("makes logits that are small beside the cap what they are: s = %d, x = %d", (softcap, size) => {
    const x = Float32Array.of(size, -size, size, -size, size);
    expectSameBits(logitsAfter(backend.k, x, { softcap }), x, "logits");
  });

  it.each([
    [80, 5],
    [1, 12],
    [9, 67],
    [1, 66_000],
  ])("has the loss of the capped logits, shape [%i, %i]", (rows, length) => {
    if (!backend.affords(rows * length)) return;
    const shape = [rows, length];
    const x = normal(rows * length, 5, 0, 10);
    const labels = classes(rows, length, 6);
    const z = logitsAfter(backend.k, x, { softcap: 5 });
    const options = { shape, reduction: "none" } as const;
    const { loss } = backend.k.softmaxCrossEntropy(x, labels, { ...options, softcap: 5 });
    expectSameBits(loss, backend.k.softmaxCrossEntropy(z, labels, options).loss, "loss");
  });

  it("gives the same in place as into a fresh array, with a temperature too, for rows of any length", () => {
    const { k } = backend;
    const options = { softcap: 5, temperature: 2 };
    for (const length of [5, 3000, 66_000].filter((n) => backend.affords(n))) {
      const x = normal(length, 9, 0, 10);
      const fresh = k.softmaxCrossEntropy(x, [1], { ...options, grad: true });
      const z = k.alloc([1, length]).set(x);
      for (const place of [x.slice(), z]) {
        const { loss } = k.softmaxCrossEntropy(place, [1], { ...options, grad: place });
        expect(loss).toBe(fresh.loss);
        expectSameBits(place, fresh.grad, `${place.constructor.name} of ${length}`);
      }
      z.free();
    }
  });

  it.each([
    [3.4028234663852886e38, 1],
    [1e38, 0.5],
    [1e30, 1e-9],
    [1, 1e-40],
    [Infinity, 1],
  ])("has a gradient of 0 at logits however far beyond the cap: ±%d, s = %d", (far, softcap) => {
    const x = Float32Array.of(far, -far, 0);
    const { grad } = backend.k.softmaxCrossEntropy(x, [1], { softcap, grad: true });
    const truth = softmaxCrossEntropy(x, [1], { softcap: Math.fround(softcap), grad: true }).grad;
    expect(grad[0]).toBeCloseTo(0, 30);
    expect(grad[1]).toBeCloseTo(0, 30);
    expectWithin(4, grad.subarray(2), truth.slice(2), "gradient");
  });

  it("comes before the temperature", () => {
    const x = Float32Array.of(3, -2, 8);
    const z = logitsAfter(backend.k, x, { softcap: 4 });
    const { loss } = backend.k.softmaxCrossEntropy(x, [1], { softcap: 4, temperature: 0.5 });
    expect(loss).toBe(backend.k.softmaxCrossEntropy(z, [1], { temperature: 0.5 }).loss);
    expect(loss).not.toBe(backend.k.softmaxCrossEntropy(x, [1], { softcap: 8, temperature: 0.5 }).loss);
  });

  it("makes infinite logits ±s: no row is without a distribution", () => {
    const x = Float32Array.of(Infinity, -Infinity, 0);
    expectWithin(1, logitsAfter(backend.k, x, { softcap: 3 }), [3, -3, 0], "logits");
    const { loss, grad } = backend.k.softmaxCrossEntropy(x, [0], { softcap: 3, grad: true });
    expectWithin(4, loss, softmaxCrossEntropy([3, -3, 0], [0]).loss, "loss");
    expectSameBits(grad.subarray(0, 2).map(Math.abs), [0, 0], "gradient where the cap is reached");
    const none = new Float32Array(4).fill(-Infinity);
    expectWithin(4, backend.k.softmaxCrossEntropy(none, [2], { softcap: 30 }).loss, Math.log(4), "−Infinity alone");
  });

  it("keeps the sign of 0 and lets a NaN be one", () => {
    expectSameBits(logitsAfter(backend.k, Float32Array.of(0, Number.NaN), { softcap: 3 }), [0, Number.NaN], "logits");
    const { loss, grad } = backend.k.softmaxCrossEntropy(Float32Array.of(0, Number.NaN), [0], {
      softcap: 3,
      grad: true,
    });
    expect(loss).toBeNaN();
    expectSameBits(grad, [Number.NaN, Number.NaN], "gradient");
  });

  it.each([0.1, 0.5, 1, 2, 4, 8, 16, 30, 43])(
    "has a gradient within 5 ULP through the slope 1/cosh²(z/s): |z/s| = %d",
    (ratio) => {
      const softcap = 7;
      const x = Float32Array.from({ length: 300 }, (_, i) => ratio * softcap * (1 + i / 3000) * (i % 2 ? 1 : -1));
      const shape = [100, 3];
      const labels = new Int32Array(100);
      const { grad } = backend.k.softmaxCrossEntropy(x, labels, { shape, softcap, reduction: "sum", grad: true });
      const z = logitsAfter(backend.k, x, { softcap });
      const truth = softmaxCrossEntropy(z, labels, { shape, reduction: "sum", grad: true }).grad;
      expectWithin(
        5,
        grad,
        truth.map((g, i) => g / Math.cosh(x[i] / softcap) ** 2),
        "gradient",
      );
    },
  );

  it.each([Number.NaN, Infinity, -Infinity])(
    "leaves the gradient of an ignored position exactly 0: logit %d",
    (value) => {
      const x = Float32Array.of(value, 1, 2, 0, 1, 2);
      const options = { shape: [2, 3], softcap: 3, reduction: "none", grad: true } as const;
      const { loss, grad } = backend.k.softmaxCrossEntropy(x, [-100, 1], options);
      expect(loss[0]).toBe(0);
      expectSameBits(grad.subarray(0, 3), [0, 0, 0], "gradient");
    },
  );
});
