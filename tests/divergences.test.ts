import { describe, expect, it } from "vitest";
import { crossEntropy, entropy, jensenShannon, klDivergence } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { distributions, LONG_LENGTHS, SHORT_LENGTHS, spread } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

const PAIRS = [
  ["crossEntropy", crossEntropy],
  ["klDivergence", klDivergence],
  ["jensenShannon", jensenShannon],
] as const;

/** w·log x, 0 where w is. */
const timesLog = (w: number, x: number) => (w === 0 ? 0 : w * Math.log(x));

/** The terms that each is a sum of. */
const TERMS = {
  entropy: (p: number) => timesLog(p, p),
  crossEntropy: timesLog,
  klDivergence: (p: number, q: number) => timesLog(p, p / q),
  jensenShannon: (p: number, q: number) => {
    const m = (p + q) / 2;
    return (Math.abs(timesLog(p, p / m)) + Math.abs(timesLog(q, q / m))) / 2;
  },
};

function sizes(term: (p: number, q: number) => number, p: Float32Array, q: Float32Array, rows: number): number[] {
  const length = p.length / rows;
  return Array.from({ length: rows }, (_, r) => {
    let total = 0;
    for (let i = r * length; i < (r + 1) * length; i++) total += Math.abs(term(p[i], q[i]));
    return total;
  });
}

/** Distributions beside which a divergence is large, small, and nearly nothing. */
const OTHERS: readonly (readonly [string, (p: Float32Array, rows: number, length: number) => Float32Array])[] = [
  ["another", (_, rows, length) => distributions(rows, length, 77)],
  ["a similar one", (p) => p.map((value, i) => value * (1 + 0.01 * Math.sin(i)))],
  ["nearly the same", (p) => p.map((value, i) => value * (1 + 1e-5 * Math.sin(i)))],
  ["the same", (p) => p.slice()],
];

describeEachBackend("for given distributions", (backend) => {
  const lengths = [...SHORT_LENGTHS.slice(1), ...LONG_LENGTHS.filter((n) => backend.affords(n))];

  it("entropy is within 4 ULP at every length", () => {
    for (const length of lengths) {
      const rows = length > 100 ? 1 : 3;
      const p = distributions(rows, length, length);
      const shape = [rows, length];
      const units = sizes(TERMS.entropy, p, p, rows);
      expectWithin(4, backend.k.entropy(p, { shape }), entropy(p, { shape }), `length ${length}`, units);
    }
  });

  describe.each(PAIRS)("%s", (name, compute) => {
    it.each(OTHERS)("is within 4 ULP of its terms, and its gradient within 4 ULP, beside %s", (_, other) => {
      for (const length of lengths) {
        const rows = length > 100 ? 1 : 3;
        const shape = [rows, length];
        const p = distributions(rows, length, length);
        const q = other(p, rows, length);
        const { loss, grad } = backend.k[name](p, q, { shape, grad: true });
        const truth = compute(p, q, { shape, grad: true });
        expectWithin(4, loss, truth.loss, `loss, length ${length}`, sizes(TERMS[name], p, q, rows));
        expectWithin(4, grad, truth.grad, `gradient, length ${length}`);
        expectSameBits(backend.k[name](p, q, { shape }), loss, "alone");
      }
    });

    it("takes −0 for 0, in either", () => {
      const p = Float32Array.of(0.5, 0.5, 0, 0, 1, 0);
      const q = Float32Array.of(0, 1, 0, 0.5, 0, 0.5);
      const negative = (x: Float32Array) => x.map((value) => (value === 0 ? -0 : value));
      const shape = [3, 2];
      for (const [a, b] of [
        [negative(p), q],
        [p, negative(q)],
        [negative(p), negative(q)],
      ]) {
        const { loss, grad } = backend.k[name](p, q, { shape, grad: true });
        const signed = backend.k[name](a, b, { shape, grad: true });
        expect(signed.loss).toEqual(loss);
        expect([...signed.grad]).toEqual([...grad]);
        const truth = compute(a, b, { shape, grad: true });
        expect([...signed.grad].map(Math.sign)).toEqual([...truth.grad].map(Math.sign));
      }
    });

    it("gives NaN for a negative probability or a NaN, in its own row alone", () => {
      const p = distributions(4, 5, 1);
      const q = distributions(4, 5, 2);
      const shape = [4, 5];
      for (const bad of [-0.1, -Infinity, Number.NaN]) {
        for (const [row, array] of [p, q].entries()) {
          const spoilt = array.slice();
          spoilt[row * 5 + 2] = bad;
          const values = array === p ? backend.k[name](spoilt, q, { shape }) : backend.k[name](p, spoilt, { shape });
          expect(Array.from(values, Number.isNaN)).toEqual([0, 1, 2, 3].map((r) => r === row));
        }
      }
    });

    it("gives a number for mean and sum, in nats or bits", () => {
      const p = distributions(6, 7, 3);
      const q = distributions(6, 7, 4);
      for (const reduction of ["mean", "sum", "none"] as const) {
        for (const unit of ["nats", "bits"] as const) {
          const options = { shape: [6, 7], reduction, unit, grad: true } as const;
          const got = backend.k[name](p, q, options);
          const truth = compute(p, q, options);
          expectWithin(4, got.loss, truth.loss, `${reduction} in ${unit}`);
          expectWithin(4, got.grad, truth.grad, `gradient of ${reduction} in ${unit}`);
        }
      }
    });
  });

  it("0·log 0 is 0", () => {
    const { k } = backend;
    expect(k.entropy(Float32Array.of(1, 0, 0))[0] + 0).toBe(0);
    expect(k.crossEntropy(Float32Array.of(0, 1), Float32Array.of(0, 1))[0] + 0).toBe(0);
    expect(k.klDivergence(Float32Array.of(0, 1), Float32Array.of(0, 1))[0] + 0).toBe(0);
    expectWithin(4, k.klDivergence(Float32Array.of(0, 1), Float32Array.of(0.5, 0.5)), [Math.LN2], "klDivergence");
    expectWithin(4, k.jensenShannon(Float32Array.of(1, 0), Float32Array.of(0, 1)), [Math.LN2], "jensenShannon");
  });

  it("jensenShannon is never below 0, so that it has a root", () => {
    const { k } = backend;
    for (const length of [1, 5, 64, backend.affords(70_000) ? 70_000 : 3000]) {
      // Each term of these is below 0, as it is rounded.
      const [less, one] = [1 - 2 ** -24, 1].map((value) => new Float32Array(length).fill(value));
      expect(Math.sqrt(k.jensenShannon(less, one)[0]), `length ${length}`).not.toBeNaN();
      const p = spread(length, 3, 0.1, 0.9);
      const q = p.map((value, i) => value * (1 + ((i % 3) - 1) * 2 ** -23));
      expect(Math.sqrt(k.jensenShannon(p, q)[0]), `length ${length}`).not.toBeNaN();
      expect(Math.sqrt(k.jensenShannon(p, q, { reduction: "sum" })), `length ${length}`).not.toBeNaN();
    }
  });

  it("is +Infinity where P has mass and Q has none, but jensenShannon is not", () => {
    const { k } = backend;
    const p = Float32Array.of(0.5, 0.5);
    const q = Float32Array.of(1, 0);
    expect(k.crossEntropy(p, q)[0]).toBe(Infinity);
    expect(k.klDivergence(p, q)[0]).toBe(Infinity);
    expectWithin(4, k.jensenShannon(p, q), jensenShannon(p, q), "jensenShannon");
    expect(k.klDivergence(p, q, { grad: true }).grad[1]).toBe(-Infinity);
  });

  it("is infinite too where Q lacks mass in a later block of a long row, and its gradient is right everywhere", () => {
    const n = 5000;
    const hole = 4500;
    const p = distributions(1, n, 21);
    const q = distributions(1, n, 22);
    q[hole] = 0;
    for (const name of ["crossEntropy", "klDivergence"] as const) {
      const { loss, grad } = backend.k[name](p, q, { grad: true });
      expect(loss[0]).toBe(Infinity);
      expect(grad[hole]).toBe(-Infinity);
      const slopes = Float64Array.from(p, (mass, i) => (i === hole ? 0 : -mass / q[i]));
      expectWithin(
        1,
        grad.map((slope, i) => (i === hole ? 0 : slope)),
        slopes,
        `gradient of ${name}`,
      );
    }
  });

  it("is finite where Q lacks mass in a later block, but P does as well, and its gradient there is 0", () => {
    const n = 5000;
    const p = distributions(1, n, 23);
    const q = distributions(1, n, 24);
    for (const both of [2048, 4500, n - 1]) p[both] = q[both] = 0;
    for (const [name, compute] of PAIRS) {
      const { loss, grad } = backend.k[name](p, q, { grad: true });
      const truth = compute(p, q, { grad: true });
      expectWithin(4, loss, truth.loss, name, sizes(TERMS[name], p, q, 1));
      expectWithin(4, grad, truth.grad, `gradient of ${name}`);
      expect(grad[4500] + 0).toBe(0);
    }
  });

  it("is within 4 ULP up to 2^98, beside what is tiny too", () => {
    for (const size of [0.99 * 2 ** 96, 1.02 * 2 ** 96, 1.98 * 2 ** 96, 1.98 * 2 ** 97]) {
      for (const other of [1.02 * 2 ** -100, 1.02, 1.98, 1.02 * 2 ** 96]) {
        const p = Float32Array.of(size, 0, 0.5);
        const q = Float32Array.of(other, 1e-40, 0.25);
        for (const [name, compute] of PAIRS) {
          const units = sizes(TERMS[name], p, q, 1);
          expectWithin(4, backend.k[name](p, q), compute(p, q), `${name}, ${size} and ${other}`, units);
        }
      }
    }
  });

  it("H(P, Q) = H(P) + D_KL(P ‖ Q)", () => {
    const { k } = backend;
    const p = distributions(1, 100, 5);
    const q = distributions(1, 100, 6);
    expect(k.crossEntropy(p, q)[0]).toBeCloseTo(k.entropy(p)[0] + k.klDivergence(p, q)[0], 5);
  });

  it("normalises nothing: numbers of any sum from 0 up are taken", () => {
    const p = spread(40, 7, 0, 3);
    const q = spread(40, 8, 0, 3);
    for (const [name, compute] of PAIRS) {
      const units = sizes(TERMS[name], p, q, 1);
      expectWithin(4, backend.k[name](p, q), compute(p, q), name, units);
    }
  });

  it("takes rows of nothing: each is 0", () => {
    const none = new Float32Array(0);
    expect([...backend.k.entropy(none, { shape: [3, 0] })]).toEqual([0, 0, 0]);
    for (const [name] of PAIRS) expect([...backend.k[name](none, none, { shape: [3, 0] })]).toEqual([0, 0, 0]);
  });
});
