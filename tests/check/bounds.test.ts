import { describe, expect, it } from "vitest";
import { OPERATIONS } from "../../src/check/operations.js";
import { CrossCheckError, checked, type Measurement } from "../../src/check.js";
import { loadSync, type Xentropy } from "../../src/index.js";
import { normal } from "../support/samples.js";
import { cappingBy, spoiltRelaxed } from "../support/spoilt.js";

describe("bounds of checked kernels", () => {
  it("are those that are documented", () => {
    const { sigmoid, logSigmoid, softplus, logit, linearSoftmaxCrossEntropy, linearSigmoidCrossEntropy, ...others } =
      OPERATIONS;
    expect([sigmoid, logSigmoid, softplus, logit].map(({ bound }) => bound)).toEqual([2.5, 2, 2, 1.5]);
    expect([linearSoftmaxCrossEntropy, linearSigmoidCrossEntropy].map(({ bound }) => bound)).toEqual([66, 66]);
    const { argmax, topK, sigmoidFocalLoss, ...four } = others;
    expect([argmax, topK].map(({ bound }) => bound)).toEqual([0, 0]);
    const gradients: Record<string, number> = {
      crossEntropy: 1,
      klDivergence: 1,
      binaryCrossEntropy: 2.5,
      jensenShannon: 5,
    };
    for (const [name, { bound }] of Object.entries(four)) {
      const of = (output: string) => (typeof bound === "function" ? bound({}, output) : bound);
      expect([name, of("loss"), of("grad")]).toEqual([name, 4, gradients[name] ?? 4]);
    }
    const focal = sigmoidFocalLoss.bound as (options: object) => number;
    expect([undefined, 0, 1, 2, 3, 4].map((gamma) => focal({ gamma }))).toEqual([8, 8, 8, 8, 8, 8]);
    expect([5, 6, 0.5, 7].map((gamma) => focal({ gamma }))).toEqual([10, 10, 8, 8]);
  });

  it("are 1 ULP more for each option that multiplies, 3 more with zLoss, and so of gradients with softcap", () => {
    const found: Measurement[] = [];
    const k = checked(loadSync(), { onMeasure: (measurement) => found.push(measurement) });
    const x = Float32Array.of(1, 2);
    k.softmaxCrossEntropy(x, [0], { labelSmoothing: 0.1, sampleWeights: [2], gradOutput: 3, grad: true });
    k.sigmoidCrossEntropy(x, x, { posWeight: 2, elementWeights: 2 });
    k.softmaxCrossEntropy(x, [0], { classWeights: [1, 2], zLoss: 0.1, temperature: 2, reduction: "sum" });
    k.sigmoidFocalLoss(x, Float32Array.of(0, 1), { alpha: 0.3 });
    k.softmaxCrossEntropy(x, [0], { softcap: 30, grad: true });
    const bounds = found.map(({ output, bound }) => [output, bound]);
    expect(bounds).toEqual([
      ["loss", 7],
      ["grad", 7],
      ["loss", 6],
      ["loss", 8],
      ["loss", 9],
      ["loss", 4],
      ["grad", 7],
    ]);
  });

  /** The distance of one output, as checked kernels measure it. */
  function measured(output: string, run: (k: Xentropy) => unknown): number {
    const found: Measurement[] = [];
    run(checked(loadSync(), { onMeasure: (measurement) => found.push(measurement) }));
    return found.find((measurement) => measurement.output === output)?.distance ?? Number.NaN;
  }

  it("hold with a z-loss, which brings loss and gradient beyond the bound without", () => {
    const withLoss = (x: readonly number[], zLoss: number) => (k: Xentropy) =>
      k.softmaxCrossEntropy(Float32Array.from(x), [0], { zLoss, reduction: "sum", grad: true });
    const row = [1.7765204063380224e-7, -5.880081653594971, -6.7868428230285645, -3.880319356918335];
    expect(measured("loss", withLoss(row, 13539.748046875))).toBeGreaterThan(5);
    const other = [0.000028432225008145906, -9.2041597366333, -5.153857231140137];
    expect(measured("grad", withLoss(other, 7530337))).toBeGreaterThan(5.5);
  });

  it("hold with a softcap, whose slope brings a gradient beyond the bound without", () => {
    const row = [-6.849361896514893, -5.186330318450928, -2.6798994541168213, -4.427817344665527, 6.882094383239746];
    const options = { softcap: 5.193365573883057, reduction: "sum", grad: true } as const;
    expect(measured("grad", (k) => k.softmaxCrossEntropy(Float32Array.from(row), [4], options))).toBeGreaterThan(5.4);
  });

  it("hold for the gradient of jensenShannon where the mean brings its significand near 2", () => {
    const p = new Float32Array(33).fill(1.7609176635742188);
    const q = new Float32Array(33).fill(0.7506894469261169);
    const options = { shape: [33, 1], reduction: "mean", grad: true } as const;
    expect(measured("grad", (k) => k.jensenShannon(p, q, options))).toBeGreaterThan(4.3);
  });

  it("hold for a layer with a z-loss whose logits cancel, so that their log-sum-exp is an error alone", () => {
    const features = Float32Array.from({ length: 64 }, (_, i) => 1 + ((i * 37) % 64) / 64);
    const weights = Float32Array.from({ length: 128 }, (_, i) => (i % 64 < 32 ? 4 : -4) * (1 + ((i * 29) % 61) / 61));
    const bias = Float32Array.of(0, 0);
    for (let c = 0; c < 2; c++) {
      bias[c] = -features.reduce((sum, x, d) => sum + x * weights[c * 64 + d], 20 * c);
    }
    for (const temperature of [1, 3]) {
      const options = { shape: [1, 64], bias, zLoss: 10_000, temperature, reduction: "sum", grad: true } as const;
      checked(loadSync()).linearSoftmaxCrossEntropy(features, weights, [0], options);
    }
  });

  it("hold for a layer whose logits a softcap rounds another way than those of the truth", () => {
    const found: number[] = [];
    const onMeasure = ({ output, distance }: Measurement) => output === "loss" && found.push(distance);
    const k = checked(loadSync(), { onMeasure });
    for (let seed = 0; seed < 500; seed++) {
      const features = normal(64, seed, 1.5, 0.3);
      const weights = normal(3 * 64, seed + 1000, 52, 6);
      const options = { shape: [1, 64], softcap: 1000, reduction: "sum", grad: true } as const;
      k.linearSoftmaxCrossEntropy(features, weights, [seed % 3], options);
    }
    expect(Math.max(...found)).toBeGreaterThan(0.1);
  });

  it("let a sum pass that float32 holds though its terms are beyond it", () => {
    const [p, q] = [Float32Array.of(3e38, 3e38), Float32Array.of(33708041505341440, 2.0931603568584902e-17)];
    const k = checked(loadSync());
    expect(k.crossEntropy(p, q)).toEqual(loadSync().crossEntropy(p, q));
  });

  it("let nothing wrong through where the power of a focal loss is float32", () => {
    const run = (x: number, loss: number) => {
      const k = checked(spoiltRelaxed((result) => (result.loss = loss)));
      return k.sigmoidFocalLoss(Float32Array.of(x), [1], { gamma: 2.5 }).loss;
    };
    const { loss } = loadSync().sigmoidFocalLoss(Float32Array.of(1), [1], { gamma: 2.5 });
    expect(run(1, loss)).toBe(loss);
    // Some 30 units: the float32 power and a term of it.
    expect(run(1, loss * (1 + 6 * 2 ** -24))).toBeCloseTo(loss);
    expect(() => run(1, loss * (1 + 64 * 2 ** -24))).toThrow(CrossCheckError);
    expect(() => run(1, Number.NaN)).toThrow(CrossCheckError);
    expect(run(Number.NaN, Number.NaN)).toBeNaN();
    expect(() => run(Number.NaN, 1)).toThrow(CrossCheckError);
    expect(() => run(-Infinity, 12)).toThrow(/the reference has Infinity/);
    expect(run(-Infinity, Infinity)).toBe(Infinity);
    expect(() => run(1, Infinity)).toThrow(CrossCheckError);
  });

  it("hold for the capped logits of relaxed kernels by themselves: 3 ULP", () => {
    const x = Float32Array.of(90, -90, 1);
    const run = (by: number) =>
      checked(cappingBy(by)).softmaxCrossEntropy(x, [1], { softcap: 30, reduction: "sum" }).loss;
    expect(run(1)).toBeCloseTo(59.7, 1);
    expect(() => run(1 + 2 ** -20)).toThrow(CrossCheckError);
  });

  it("leave no room for a layer's gradients where they are tiny and wrong", () => {
    const run = (wrong: number) => {
      const k = spoiltRelaxed(({ grad }) => {
        (grad as unknown as { features: Float32Array }).features[0] += wrong;
      });
      const options = { shape: [1, 1], grad: { features: true } } as const;
      return checked(k).linearSoftmaxCrossEntropy(Float32Array.of(1), Float32Array.of(0, 0), [0], options).loss;
    };
    expect(run(0)).toBeCloseTo(Math.LN2);
    expect(() => run(2 ** -140)).toThrow(CrossCheckError);
  });

  it("are of temperature and the upstream gradient as the float32 numbers that they are", () => {
    const k = checked(loadSync());
    const x = normal(3000, 1, 0, 40);
    const labels = new Int32Array(300);
    const options = { shape: [300, 10], grad: true } as const;
    for (const temperature of [0.1, 0.7, 1.3, 3.3]) k.softmaxCrossEntropy(x, labels, { ...options, temperature });
    const sampleWeights = new Float32Array(300).fill(1e30);
    for (const gradOutput of [0.1, 1e-45, 1e-44, 4.1e-44]) {
      const sum = { ...options, gradOutput, reduction: "sum" } as const;
      k.softmaxCrossEntropy(x, labels, sum);
      k.softmaxCrossEntropy(normal(3000, 2), labels, { ...sum, sampleWeights });
    }
  });
});

describe("rows of a shard that weigh nothing", () => {
  const options = { shape: [2, 2], sampleWeights: [1, 0], reduction: "none", grad: true } as const;

  it.each([Number.NaN, Infinity, -Infinity])("are left out, though they hold %f", (value) => {
    let wrong = 1;
    const k = spoiltRelaxed(({ loss }) => ((loss as Float32Array)[0] *= wrong));
    const x = Float32Array.of(1, 2, 3, value);
    const state = k.logSumExpState(2).add(x);
    const run = () => checked(k).softmaxCrossEntropy(x, [0, 1], { ...options, state }).loss[1];
    expect(run()).toBe(0);
    wrong = 1 + 2 ** -18;
    expect(run).toThrow(CrossCheckError);
  });
});
