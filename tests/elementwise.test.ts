import { describe, expect, it } from "vitest";
import { logit, logSigmoid, sigmoid, softplus } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

const BOUNDS = [
  ["sigmoid", 2.5, sigmoid],
  ["logSigmoid", 2, logSigmoid],
  ["softplus", 2, softplus],
  ["logit", 1.5, logit],
] as const;

/** Floats of every exponent and sign: each 70001st bit pattern, 61 thousand in all. */
function acrossAllFloats(): Float32Array {
  const bits = Uint32Array.from({ length: 61_356 }, (_, i) => i * 70_001);
  return new Float32Array(bits.buffer);
}

describeEachBackend("an elementwise operation", (backend) => {
  it.each(BOUNDS)(
    "%s is within %f ULP over all float32 (npm run verify:exhaustive takes each)",
    (name, bound, truth) => {
      const x = acrossAllFloats();
      expectWithin(bound, backend.k[name](x), truth(x), name);
    },
  );

  it.each(BOUNDS)(
    "%s is within %f ULP where it bends: ±110, around 0 and 1, for every length",
    (name, bound, truth) => {
      for (let length = 0; length < 68; length++) {
        const x = Float32Array.from(
          { length },
          (_, i) => [i - 30, 0.5 + i * 1e-8, i * 1e-9, 1 - i * 1e-7, -i * 3.5][i % 5],
        );
        expectWithin(bound, backend.k[name](x), truth(x), `${name}, length ${length}`);
      }
    },
  );

  it("keeps the tails: σ(−100) is 3.7e-44, logSigmoid(−100) is −100, softplus(−100) is 3.7e-44", () => {
    const x = Float32Array.of(-100);
    expectWithin(1, backend.k.sigmoid(x), 3.720075976020836e-44, "sigmoid");
    expect(backend.k.logSigmoid(x)[0]).toBe(-100);
    expectWithin(1, backend.k.softplus(x), 3.720075976020836e-44, "softplus");
  });

  it("has its limits at infinity, and NaN for NaN", () => {
    const { k } = backend;
    const x = Float32Array.of(Infinity, -Infinity, Number.NaN);
    expectSameBits(k.sigmoid(x), [1, 0, Number.NaN], "sigmoid");
    expectSameBits(k.softplus(x), [Infinity, 0, Number.NaN], "softplus");
    expectWithin(0, k.logSigmoid(x), [0, -Infinity, Number.NaN], "logSigmoid");
  });

  it("logit is infinite at 0 and 1, NaN outside, and undoes sigmoid", () => {
    const { k } = backend;
    const p = Float32Array.of(0, -0, 1, -1e-45, 1.0000001, Infinity, -Infinity, Number.NaN);
    const nan = Number.NaN;
    expectSameBits(k.logit(p), [-Infinity, -Infinity, Infinity, nan, nan, nan, nan, nan], "logit");
    expect(k.logit(Float32Array.of(0.5))[0]).toBeCloseTo(0, 40);
    for (const x of [-80, -3, -0.25, 0.25, 3]) {
      expect(k.logit(k.sigmoid(Float32Array.of(x)))[0]).toBeCloseTo(x, 4);
    }
  });

  it.each([1, 4, 9])("logit of 1 is infinite at the end of %i numbers that are nothing special", (length) => {
    const p = new Float32Array(length).fill(0.25);
    p[length - 1] = 1;
    expect(backend.k.logit(p)[length - 1]).toBe(Infinity);
  });

  describe.each(BOUNDS)("%s", (name) => {
    it("takes any shape, [] and empty ones too, and gives the same", () => {
      const { k } = backend;
      const x = Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6);
      const flat = k[name](x);
      for (const shape of [[6], [2, 3], [1, 1, 6], [6, 1]]) expectSameBits(k[name](x, { shape }), flat, `[${shape}]`);
      expectSameBits(k[name](x.subarray(0, 1), { shape: [] }), flat.subarray(0, 1), "[]");
      expect(k[name](new Float32Array(0), { shape: [3, 0] })).toEqual(new Float32Array(0));
      const one = k.alloc([]).set([0.1]);
      expectSameBits(k[name](one), flat.subarray(0, 1), "a resident number");
      one.free();
    });
  });
});
