import { expect, it } from "vitest";
import { gradientCheck, softmax, softmaxCrossEntropy } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { classes, normal, spread } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

const TEMPERATURES = [0.1, 0.7, 1, 2, 1000];

describeEachBackend("temperature", (backend) => {
  it("defines the logits fround(z / T), T a float32: what follows has the bits of those", () => {
    const { k } = backend;
    for (const [rows, length] of [
      [7, 5],
      [3, 2050],
      [1, 66_000],
    ]) {
      if (!backend.affords(rows * length)) continue;
      const shape = [rows, length];
      const x = normal(rows * length, 1, 3, 20);
      const labels = classes(rows, length, 2);
      for (const temperature of TEMPERATURES) {
        const z = x.map((value) => value / Math.fround(temperature));
        const what = `T ${temperature}, shape [${shape}]`;
        expectSameBits(k.softmax(x, { shape, temperature }), k.softmax(z, { shape }), `softmax, ${what}`);
        expectSameBits(k.logSoftmax(x, { shape, temperature }), k.logSoftmax(z, { shape }), `logSoftmax, ${what}`);
        expectSameBits(k.logSumExp(x, { shape, temperature }), k.logSumExp(z, { shape }), `logSumExp, ${what}`);
        const options = { shape, reduction: "none", grad: true } as const;
        const warm = k.softmaxCrossEntropy(x, labels, { ...options, temperature });
        const plain = k.softmaxCrossEntropy(z, labels, options);
        expectSameBits(warm.loss, plain.loss, `loss, ${what}`);
        const { grad } = softmaxCrossEntropy(z, labels, options);
        const truth = grad.map((g) => g / Math.fround(temperature));
        expectWithin(4, warm.grad, truth, `gradient, ${what}`);
      }
    }
  });

  it("leaves the input as it was, also where it is resident", () => {
    const z = backend.k.alloc([2, 3]).set([1, 2, 3, 4, 5, 6]);
    backend.k.softmax(z, { temperature: 3 });
    backend.k.softmaxCrossEntropy(z, [0, 1], { temperature: 3, softcap: 2 });
    expect([...z.data]).toEqual([1, 2, 3, 4, 5, 6]);
    z.free();
  });
});

describeEachBackend("softcap", (backend) => {
  /** The logits as the kernels form them: with one class, a log-sum-exp is the logit. */
  const capped = (x: Float32Array, softcap: number) =>
    backend.k.softmaxCrossEntropy(x, new Uint8Array(x.length), { shape: [x.length, 1], softcap, logSumExp: true })
      .logSumExp;

  it("makes logits s·tanh(z / s), within 3 ULP", () => {
    for (const softcap of [0.5, 5, 30, 50]) {
      const x = spread(3000, 3, -200, 200);
      expectWithin(
        3,
        capped(x, softcap),
        Float64Array.from(x, (z) => softcap * Math.tanh(z / softcap)),
        `s = ${softcap}`,
      );
    }
  });

  it("comes before the temperature", () => {
    const x = normal(20, 4, 0, 10);
    const { k } = backend;
    const both = k.softmaxCrossEntropy(x, [3], { softcap: 5, temperature: 0.3 });
    expect(both.loss).toBe(k.softmaxCrossEntropy(capped(x, 5), [3], { temperature: 0.3 }).loss);
  });

  it.each([
    [1, 12],
    [9, 67],
    [1, 66_000],
  ])("has the loss of the capped logits, shape [%i, %i]", (rows, length) => {
    if (!backend.affords(rows * length)) return;
    const shape = [rows, length];
    const x = normal(rows * length, 5, 0, 10);
    const labels = classes(rows, length, 6);
    const { loss } = backend.k.softmaxCrossEntropy(x, labels, { shape, softcap: 8, reduction: "none" });
    const plain = backend.k.softmaxCrossEntropy(capped(x, 8), labels, { shape, reduction: "none" });
    expectSameBits(loss, plain.loss, "loss");
  });

  it.each([3, 30])("has a gradient within 6 ULP, times 1 − tanh²(z / s) also where that is tiny: s = %i", (softcap) => {
    const x = spread(400, 7, -20 * softcap, 20 * softcap);
    const { grad } = backend.k.softmaxCrossEntropy(x, [5], { softcap, reduction: "sum", grad: true });
    const inner = softmaxCrossEntropy(capped(x, softcap), [5], { reduction: "sum", grad: true }).grad;
    const truth = inner.map((g, i) => {
      const e = Math.exp(-2 * Math.abs(x[i] / softcap));
      return g * ((4 * e) / (1 + e) ** 2);
    });
    expectWithin(6, grad, truth, "gradient");
  });

  it("has a gradient that agrees with central differences to 1e-5", () => {
    const x = normal(12, 8, 0, 4);
    for (const options of [{ softcap: 3 }, { softcap: 3, temperature: 0.5 }]) {
      const { grad } = backend.k.softmaxCrossEntropy(x, [5], { ...options, grad: true });
      // The reference rounds the logits to float32, which differences would see: the formula is written out.
      const loss = (z: Float64Array) => {
        const inner = z.map((v) => (3 * Math.tanh(v / 3)) / (options.temperature ?? 1));
        return Math.log(inner.reduce((sum, v) => sum + Math.exp(v), 0)) - inner[5];
      };
      expect(gradientCheck((z) => ({ loss: loss(z), grad }), x).maxError).toBeLessThan(1e-5);
    }
  });

  it("gives the same in place as into a fresh array, for rows of any length", () => {
    for (const length of [5, 3000, 66_000].filter((n) => backend.affords(n))) {
      const x = normal(length, 9, 0, 10);
      for (const options of [{ softcap: 5 }, { softcap: 5, temperature: 2 }, { temperature: 2 }]) {
        const fresh = backend.k.softmaxCrossEntropy(x, [1], { ...options, grad: true });
        const place = x.slice();
        const { loss } = backend.k.softmaxCrossEntropy(place, [1], { ...options, grad: place });
        expect(loss).toBe(fresh.loss);
        expectSameBits(place, fresh.grad, `${Object.keys(options)}, length ${length}`);
        const z = backend.k.alloc([1, length]).set(x);
        backend.k.softmaxCrossEntropy(z, [1], { ...options, grad: z });
        expectSameBits(z, fresh.grad, `${Object.keys(options)}, resident, length ${length}`);
        z.free();
      }
    }
  });
});

describeEachBackend("emptyRow", (backend) => {
  it('"zero" gives zeros for rows that are −Infinity throughout, and changes no other', () => {
    const { k } = backend;
    for (const [rows, length] of [
      [3, 4],
      [5, 2049],
      [2, 66_000],
    ]) {
      if (!backend.affords(rows * length)) continue;
      const shape = [rows, length];
      const x = normal(rows * length, 10);
      x.fill(-Infinity, length, 2 * length);
      const plain = k.softmax(x, { shape });
      const zero = k.softmax(x, { shape, emptyRow: "zero" });
      expectSameBits(zero.subarray(length, 2 * length), new Float32Array(length), `empty, shape [${shape}]`);
      expectSameBits(zero.subarray(0, length), plain.subarray(0, length), `another, shape [${shape}]`);
      expect(plain.subarray(length, 2 * length).every(Number.isNaN)).toBe(true);
      const place = x.slice();
      expectSameBits(k.softmax(place, { shape, emptyRow: "zero", out: place }), zero, "in place");
    }
  });

  it('"zero" leaves rows with a NaN or +Infinity at NaN', () => {
    const x = Float32Array.of(-Infinity, Number.NaN, Infinity, -Infinity);
    expect(backend.k.softmax(x, { shape: [2, 2], emptyRow: "zero" }).every(Number.isNaN)).toBe(true);
  });

  it('"zero" works along any axis', () => {
    const x = normal(2 * 5 * 3, 11);
    for (let c = 0; c < 5; c++) x[15 + c * 3 + 1] = -Infinity;
    const options = { shape: [2, 5, 3], axis: 1, emptyRow: "zero" } as const;
    expectWithin(4, backend.k.softmax(x, options), softmax(x, options), "softmax");
  });
});
