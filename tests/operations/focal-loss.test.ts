import { expect, it } from "vitest";
import { checked } from "../../src/check.js";
import { sigmoidFocalLoss } from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { normal, SHORT_LENGTHS, spread } from "../support/samples.js";
import { expectSameBits, expectWithin } from "../support/ulp.js";
import { expectRight } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const FOCAL = operationOf("sigmoidFocalLoss");
const X = normal(400, 1, 0, 12);
const HARD = X.map((_, i) => i % 2);
const SOFT = spread(400, 2, 0, 1);

describeEachBackend("sigmoidFocalLoss", (backend) => {
  it("is α_t·(1 − p_t)^γ·CE: x = 2, t = 1, α = 0.25 costs 0.000450891", () => {
    const { loss } = backend.k.sigmoidFocalLoss(Float32Array.of(2), Float32Array.of(1), { alpha: 0.25 });
    const missing = 0.11920292202211755;
    expectWithin(9, loss, 0.25 * missing ** 2 * 0.1269280110429726, "loss");
  });

  it("takes γ as float32: where that is 0 there is no factor", () => {
    const x = Float32Array.of(-Infinity, -200, -1, 0, 2, 200, Infinity);
    const t = Float32Array.of(1, 1, 0, 1, 0, 0, 1);
    for (const reduction of ["mean", "none"] as const) {
      const options = { reduction, grad: true } as const;
      expect(backend.k.sigmoidFocalLoss(x, t, { ...options, gamma: 1e-46 })).toEqual(
        backend.k.sigmoidFocalLoss(x, t, { ...options, gamma: 0 }),
      );
    }
  });

  it.each([0, 1, 2, 3, 4])("is within 8 ULP, 9 with α, of its terms: γ = %d", (gamma) => {
    for (const t of [HARD, SOFT]) {
      for (const alpha of [undefined, 0, 0.1, 0.25, 1]) {
        for (const reduction of ["mean", "none"]) {
          const options = { shape: [400], gamma, ...(alpha !== undefined && { alpha }), reduction, grad: true };
          expectRight(backend.k, FOCAL, [X, t], options);
        }
      }
    }
  });

  it.each([0, 1, 2, 3, 4])(
    "is within 8 ULP of its terms at every length, and the loss alone has its bits: γ = %d",
    (gamma) => {
      for (const length of [...SHORT_LENGTHS, 2049, 16_000]) {
        const x = spread(length, length, -30, 30);
        const soft = spread(length, length + 1, 0, 1);
        for (const t of [soft, soft.map(Math.round)]) {
          const options = { shape: [length], gamma, reduction: "none" } as const;
          expectRight(backend.k, FOCAL, [x, t], { ...options, grad: true });
          const { loss } = backend.k.sigmoidFocalLoss(x, t, { ...options, grad: true });
          expectSameBits(backend.k.sigmoidFocalLoss(x, t, options).loss, loss, `length ${length}`);
        }
      }
    },
  );

  it.each([5, 6])("is within 10 ULP, 11 with α, of its terms: γ = %d", (gamma) => {
    for (const t of [HARD, SOFT]) {
      for (const alpha of [undefined, 0.25]) {
        const options = { shape: [400], gamma, ...(alpha !== undefined && { alpha }), reduction: "none", grad: true };
        expectRight(backend.k, { ...FOCAL, bound: 10 }, [X, t], options);
      }
    }
  });

  it("is infinite at an infinite logit however small the weight of the wrong answer, and 0 where that is 0", () => {
    const x = Float32Array.of(-Infinity, Infinity, -Infinity, -Infinity, Infinity);
    const t = Float32Array.of(2 ** -149, 1 - 2 ** -24, 0.5, 0, 1);
    for (const gamma of [0, 1, 2, 3, 4, 5, 6, 7, 7.5, 20, 0.5, 2.5, 1e30]) {
      for (const alpha of [undefined, 0.25, 1, 0, 1e-30]) {
        const options = { gamma, ...(alpha !== undefined && { alpha }), reduction: "none" } as const;
        const expected = [Infinity, Infinity, Infinity, 0, 0];
        const what = `γ = ${gamma}, α = ${alpha}`;
        expect(Array.from(backend.k.sigmoidFocalLoss(x, t, options).loss), what).toEqual(expected);
        expect(Array.from(sigmoidFocalLoss(x, t, options).loss), `${what}, reference`).toEqual(expected);
      }
    }
  });

  it("has a finite gradient at an infinite logit whatever the target", () => {
    const x = Float32Array.of(-Infinity, Infinity, -Infinity, Infinity);
    const t = Float32Array.of(-1, 2, 0.5, 0);
    const { grad } = backend.k.sigmoidFocalLoss(x, t, { reduction: "none", grad: true });
    expectSameBits(grad, sigmoidFocalLoss(x, t, { reduction: "none", grad: true }).grad, "gradient");
  });

  it("is within 8 ULP of its terms where roundings add up", () => {
    const x = Float32Array.of(6.225078105926514, 13.08530330657959, 9.609951972961426, 2.846457004547119);
    const t = Float32Array.of(0.39377787709236145, 1, 1, 0.3868398368358612);
    expectRight(backend.k, FOCAL, [x, t], { shape: [4], reduction: "none", grad: true });
    const random = { shape: [40_000], axis: 0 };
    if (!backend.affords(40_000)) return;
    expectRight(backend.k, FOCAL, FOCAL.operands(random, 3), { shape: [40_000], reduction: "none", grad: true });
  });

  it.each([1e-20, 0.01, 0.5, 0.9, 1.5, 2.1, 3.3, 5.5, 7, 9, 20, 100.3])(
    "is within 0.6 of the larger bound of other γ: γ = %d",
    (gamma) => {
      const k = checked(backend.k, { onMeasure: ({ distance }) => distances.push(distance) });
      const distances: number[] = [];
      // Powers below 2^-126, logits far out beside targets that are all but 0, and ordinary ones.
      const x = [...spread(3000, 3, -120, 120), ...spread(3000, 4, -3, 3), ...spread(3000, 5, -1e30, 1e30)];
      const t = [...HARD, ...spread(8600, 6, 0, 1).map((v, i) => (i % 3 === 0 ? v * 2 ** -140 : v))];
      const options = { gamma, reduction: "none", grad: true } as const;
      k.sigmoidFocalLoss(Float32Array.from(x), Float32Array.from(t), options);
      k.sigmoidFocalLoss(Float32Array.from(x), Float32Array.from(t), { ...options, alpha: 0.25 });
      expect(Math.max(...distances)).toBeLessThan(0.6 * 8);
      expect(Math.min(...distances)).toBeGreaterThan(0.5);
    },
  );

  it.each([1e6, 1e8, 1e9, 1e10, 3e38])("is within it where errors multiply: γ = %d", (gamma) => {
    const x = [...spread(2000, 7, -40, 40), 17.33, 16.24, 30];
    const t = x.map((_, i) => i % 2);
    for (const targets of [t, t.map((v) => 1 - v)]) {
      checked(backend.k).sigmoidFocalLoss(Float32Array.from(x), targets, { gamma, reduction: "none", grad: true });
    }
  });

  it("takes the largest γ: what is not wholly wrong costs nothing", () => {
    const x = Float32Array.of(-Infinity, -200, -1, 0, 1, 200, Infinity);
    const options = { gamma: 3.4028234663852886e38, reduction: "none", grad: true } as const;
    const { loss, grad } = backend.k.sigmoidFocalLoss(x, new Float32Array(7).fill(1), options);
    expect(Array.from(loss)).toEqual([Infinity, 200, 0, 0, 0, 0, 0]);
    expect(Array.from(grad, Math.abs)).toEqual([1, 1, 0, 0, 0, 0, 0]);
  });

  it("has γ = 2 and no α by default", () => {
    const plain = backend.k.sigmoidFocalLoss(X, SOFT, { reduction: "none", grad: true });
    const given = backend.k.sigmoidFocalLoss(X, SOFT, { reduction: "none", grad: true, gamma: 2 });
    expectSameBits(given.loss, plain.loss, "loss");
    expectSameBits(given.grad, plain.grad, "gradient");
    const half = backend.k.sigmoidFocalLoss(X, SOFT, { reduction: "none", alpha: 0.5 });
    expectWithin(
      17,
      half.loss,
      plain.loss.map((loss) => loss / 2),
      "α = ½ halves both classes",
    );
  });

  it("with γ = 0 is sigmoid cross-entropy, within the sum of their bounds", () => {
    const options = { reduction: "none", grad: true } as const;
    const focal = backend.k.sigmoidFocalLoss(X, HARD, { ...options, gamma: 0 });
    const plain = backend.k.sigmoidCrossEntropy(X, HARD, options);
    expectWithin(12, focal.loss, plain.loss, "loss");
    expectWithin(12, focal.grad, plain.grad, "gradient");
  });

  it("gives the limit at an infinite logit, and NaN for a NaN in its own element alone", () => {
    const x = Float32Array.of(Infinity, -Infinity, Infinity, -Infinity, Number.NaN, 0);
    const t = Float32Array.of(1, 0, 0, 1, 1, 1);
    for (const gamma of [0, 1, 2, 0.5]) {
      const { loss, grad } = backend.k.sigmoidFocalLoss(x, t, { gamma, reduction: "none", grad: true });
      expectSameBits(loss.subarray(0, 5), [0, 0, Infinity, Infinity, Number.NaN], `loss, γ = ${gamma}`);
      expectSameBits(grad.subarray(0, 2).map(Math.abs), [0, 0], `gradient, γ = ${gamma}`);
      expectSameBits(grad.subarray(2, 5), [1, -1, Number.NaN], `gradient, γ = ${gamma}`);
      expect(loss[5]).toBeCloseTo(Math.LN2 * 0.5 ** gamma, 6);
    }
  });

  it("is NaN for a NaN that weighs 0", () => {
    const x = Float32Array.of(Number.NaN);
    for (const gamma of [0, 1, 2, 0.5]) {
      const { loss, grad } = backend.k.sigmoidFocalLoss(x, [0], { alpha: 1, gamma, grad: true });
      expect([loss, grad[0]], `γ = ${gamma}`).toEqual([Number.NaN, Number.NaN]);
    }
  });

  it("with α = 0 silences the positive class, infinite losses too, with α = 1 the negative one", () => {
    const x = Float32Array.of(-Infinity, Infinity, 1, 1);
    const t = Float32Array.of(1, 0, 1, 0);
    const of = (alpha: number) => backend.k.sigmoidFocalLoss(x, t, { alpha, reduction: "none" }).loss;
    expect(of(0)[0]).toBe(0);
    expect(of(0)[1]).toBe(Infinity);
    expect(of(0)[2]).toBe(0);
    expect(of(1)[0]).toBe(Infinity);
    expect(of(1)[1]).toBe(0);
    expect(of(1)[3]).toBe(0);
  });
});
