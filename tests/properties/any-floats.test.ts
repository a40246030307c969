import fc from "fast-check";
import { it } from "vitest";
import * as reference from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectWithin } from "../support/ulp.js";
import { holds } from "./support/arbitraries.js";

/** Floats by their bits, so that the subnormal ones, the largest and those near 1 all come, in rows of up to 9. */

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

function ofBits(bits: number): number {
  word[0] = bits;
  return float[0];
}

const ONE = 0x3f800000;
const LARGEST = 0x7f7fffff;

function bitsTo(last: number): fc.Arbitrary<number> {
  const anywhere = fc.integer({ min: 0, max: last });
  const subnormal = fc.integer({ min: 0, max: 0x007fffff });
  const near = fc.integer({ min: last - 9, max: last });
  return fc.oneof({ weight: 4, arbitrary: anywhere }, subnormal, near).map(ofBits);
}

const probability = bitsTo(ONE);
const finite = fc.tuple(bitsTo(LARGEST), fc.boolean()).map(([size, negative]) => (negative ? -size : size));

interface Pair {
  readonly a: Float32Array;
  readonly b: Float32Array;
}

function pairs(a: fc.Arbitrary<number>, b: fc.Arbitrary<number>): fc.Arbitrary<Pair> {
  return fc.array(fc.tuple(a, b), { minLength: 1, maxLength: 9 }).map((rows) => ({
    a: Float32Array.from(rows, ([x]) => x),
    b: Float32Array.from(rows, ([, y]) => y),
  }));
}

/** Two distributions' numbers: apart, or q a few floats from p. */
const numbers = fc.oneof(
  pairs(probability, probability),
  pairs(bitsTo(LARGEST), bitsTo(LARGEST)),
  fc.array(fc.tuple(fc.integer({ min: 0, max: ONE }), fc.nat(9)), { minLength: 1, maxLength: 9 }).map((rows) => ({
    a: Float32Array.from(rows, ([bits]) => ofBits(bits)),
    b: Float32Array.from(rows, ([bits, steps]) => ofBits(bits + steps)),
  })),
);

function logRatio(p: number, q: number): number {
  return p > q / 2 && p < 2 * q ? Math.log1p((p - q) / q) : Math.log(p) - Math.log(q);
}

/** Σ |term|, the unit of a divergence. */
function sizeOf(a: Float32Array, b: Float32Array, term: (p: number, q: number) => number): number[] {
  return [a.reduce((sum, p, i) => sum + Math.abs(term(p, b[i])), 0)];
}

const weigh = (p: number, log: number) => (p === 0 ? 0 : p * log);

const TERMS = {
  crossEntropy: (p: number, q: number) => weigh(p, Math.log(q)),
  klDivergence: (p: number, q: number) => weigh(p, logRatio(p, q)),
  jensenShannon: (p: number, q: number) =>
    (Math.abs(weigh(p, logRatio(2 * p, p + q))) + Math.abs(weigh(q, logRatio(2 * q, p + q)))) / 2,
};

const { crossEntropy, klDivergence, jensenShannon } = reference;
const COMPUTE = { crossEntropy, klDivergence, jensenShannon };

const RUNS = 400;

describeEachBackend("of any floats", (backend) => {
  it.each([
    ["crossEntropy", 4, 1],
    ["klDivergence", 4, 1],
    ["jensenShannon", 4, 4],
  ] as const)("%s is within %d ULP of its terms, its gradient within %d", (name, bound, ofGradient) => {
    holds(
      numbers,
      ({ a, b }) => {
        const truth = COMPUTE[name](a, b, { grad: true });
        const { loss, grad } = backend.k[name](a, b, { grad: true });
        expectWithin(bound, loss, truth.loss, `${name} of [${a}] and [${b}]`, sizeOf(a, b, TERMS[name]));
        expectWithin(ofGradient, grad, truth.grad, `${name}, gradient, of [${a}] and [${b}]`);
      },
      RUNS,
    );
  });

  it("entropy is within 4 ULP of its terms", () => {
    holds(
      numbers,
      ({ a }) => {
        const size = sizeOf(a, a, TERMS.crossEntropy);
        expectWithin(4, backend.k.entropy(a), reference.entropy(a), `[${a}]`, size);
      },
      RUNS,
    );
  });

  it("binaryCrossEntropy is within 4 ULP, its gradient within 2.5", () => {
    holds(
      pairs(probability, probability),
      ({ a, b }) => {
        const truth = reference.binaryCrossEntropy(a, b, { grad: true });
        const { loss, grad } = backend.k.binaryCrossEntropy(a, b, { grad: true });
        expectWithin(4, loss, truth.loss, `[${a}], targets [${b}]`);
        expectWithin(2.5, grad, truth.grad, `gradient, [${a}], targets [${b}]`);
      },
      RUNS,
    );
  });

  it("softmaxBackward is within 4 ULP of its terms, whatever the upstream gradient", () => {
    holds(
      pairs(probability, finite),
      ({ a, b }) => {
        const sum = a.reduce((total, p, i) => total + Math.abs(p * b[i]), 0);
        const sizes = Float64Array.from(a, (p, i) => p * (Math.abs(b[i]) + sum));
        const truth = reference.softmaxBackward(a, b);
        expectWithin(4, backend.k.softmaxBackward<Float32Array>(a, b), truth, `[${a}] and [${b}]`, sizes);
      },
      RUNS,
    );
  });

  it("logSoftmaxBackward is within 4 ULP of its terms, whatever the upstream gradient", () => {
    const logarithm = fc.oneof(
      bitsTo(0x43960000).map((x) => -x),
      fc.constant(-Infinity),
    );
    holds(
      pairs(logarithm, finite),
      ({ a, b }) => {
        const sum = b.reduce((total, d) => total + Math.abs(d), 0);
        const sizes = Float64Array.from(a, (lp, i) => Math.abs(b[i]) + Math.exp(lp) * sum);
        const truth = reference.logSoftmaxBackward(a, b);
        expectWithin(4, backend.k.logSoftmaxBackward<Float32Array>(a, b), truth, `[${a}] and [${b}]`, sizes);
      },
      RUNS,
    );
  });
});
