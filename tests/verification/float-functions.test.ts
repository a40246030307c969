import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { openJs } from "../../src/backend/js/index.js";
import { exp } from "../../src/backend/js/math/exp.js";
import { log } from "../../src/backend/js/math/log.js";
import { log1p } from "../../src/backend/js/math/log1p.js";
import { scaledTanh } from "../../src/backend/js/math/tanh.js";
import * as reference from "../../src/reference/index.js";
import { type Elementary, openScalars, openWasm, type Scalars, scalarOf } from "../../tools/support/elementary.js";
import { type FloatFunction, FUNCTIONS } from "../../tools/support/functions.js";
import { emptyTally, judgeAll, type Tally, worstOf } from "../../tools/support/tally.js";
import { floatOf } from "../../tools/support/ulp.js";
import { uniform } from "../support/samples.js";
import { HARD } from "./hard-cases.js";

/**
 * A part of `npm run verify:exhaustive` that takes a second: every exponent, 2^18 points or so of each function, and the
 * arguments that the full run found to be the worst.
 */

function sampled({ ranges }: FloatFunction): Float32Array {
  const next = uniform(7);
  const words: number[] = [];
  for (let upper = 0; upper < 512; upper++) {
    const from = upper * 2 ** 23;
    words.push(from, from + 1, from + 2 ** 23 - 1);
    for (let i = 0; i < 500; i++) words.push(from + Math.floor(next() * 2 ** 23));
  }
  const inside = words.filter((word) => ranges.some(([from, to]) => word >= from && word < to));
  return Float32Array.from(inside, floatOf);
}

function judged(fn: FloatFunction, by: Elementary, x: Float32Array): Tally {
  const tally = emptyTally();
  judgeAll(fn, by, x, tally);
  return tally;
}

const NAMED = FUNCTIONS.map((fn) => [fn.name, fn.bound, fn.unit, fn] as const);

/** The last two are what the bounds of other operations are derived from. They are derived for the bits of simd. */
const PROMISED = NAMED.filter(([, , unit]) => unit === "ULP");

function binaryOf(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`../../build/verify-${name}.wasm`, import.meta.url)));
}

function expectWithin(fn: FloatFunction, tally: Tally): void {
  const { bits, error } = worstOf(tally) ?? { bits: 0, error: 0 };
  expect(Math.abs(error), `at ${floatOf(bits)}`).toBeLessThanOrEqual(fn.bound);
  expect(tally.mismatched, `limits; the first at ${floatOf(tally.firstMismatch ?? 0)}`).toBe(0);
}

describe("functions of one float (simd)", () => {
  let by: Elementary;
  beforeAll(async () => {
    by = await openWasm(new WebAssembly.Module(binaryOf("simd")));
  });

  it.each(NAMED)("%s errs by at most %f %s over every exponent", (_, __, ___, fn) => {
    expectWithin(fn, judged(fn, by, sampled(fn)));
  });

  it.each(NAMED)("%s errs by at most %f %s where it was found to err most, and by no less", (name, _, __, fn) => {
    const { error, bits } = HARD[name];
    const tally = judged(fn, by, Float32Array.from(bits, floatOf));
    expectWithin(fn, tally);
    expect(Math.abs(worstOf(tally)?.error ?? 0)).toBeCloseTo(error, 4);
  });
});

const relaxed = binaryOf("relaxed");

describe.skipIf(!WebAssembly.validate(relaxed))("functions of one float (relaxed)", () => {
  it.each(PROMISED)("%s errs by at most %f %s over every exponent", async (_, __, ___, fn) => {
    expectWithin(fn, judged(fn, await openWasm(new WebAssembly.Module(relaxed)), sampled(fn)));
  });
});

const js = openJs(1 << 20);

const SCALARS: Scalars = {
  expAll: exp,
  logAll: log,
  log1pAll: log1p,
  tanhAll: (x) => scaledTanh(x, 1),
  softcap30: (x) => scaledTanh(x, 30),
  sigmoid: scalarOf(js, "sigmoid"),
  softplus: scalarOf(js, "softplus"),
  logSigmoid: scalarOf(js, "logSigmoid"),
  logit: scalarOf(js, "logit"),
};

describe("functions of one float (js)", () => {
  it.each(NAMED.filter(([, , , { kernel }]) => kernel in SCALARS))(
    "%s errs by at most %f %s over every exponent and where it was found to err most",
    (name, _, __, fn) => {
      const by = openScalars(SCALARS);
      expectWithin(fn, judged(fn, by, sampled(fn)));
      const tally = judged(fn, by, Float32Array.from(HARD[name].bits, floatOf));
      expect(Math.abs(worstOf(tally)?.error ?? 0)).toBeCloseTo(HARD[name].error, 4);
    },
  );
});

describe("the judge of functions of one float", () => {
  const REFERENCES = {
    sigmoid: reference.sigmoid,
    softplus: reference.softplus,
    logSigmoid: reference.logSigmoid,
    logit: reference.logit,
  };

  it.each(Object.entries(REFERENCES))("agrees with the package's reference within 2^-24 ULP: %s", (name, compute) => {
    const fn = FUNCTIONS.find((one) => one.name === name) as FloatFunction;
    const x = sampled(fn);
    const expected = compute(x);
    for (const [i, want] of expected.entries()) {
      const got = fn.truth(x[i]);
      if (Object.is(got, want) || Math.abs(got - want) <= 2 ** -48 * Math.abs(want)) continue;
      expect.fail(`at ${x[i]}: ${got}, the reference has ${want}`);
    }
  });

  it.each(["exp", "log1p", "tanh", "row exp"])(
    "has the short series that stands for the library's function: %s",
    (name) => {
      const fn = FUNCTIONS.find((one) => one.name === name) as FloatFunction;
      const library = { exp: Math.exp, "row exp": Math.exp, log1p: Math.log1p, tanh: Math.tanh }[
        name
      ] as typeof Math.exp;
      for (const x of sampled(fn)) {
        const got = fn.truth(x);
        const want = library(x);
        if (Object.is(got, want) || Math.abs(got - want) <= 2 ** -48 * Math.abs(want)) continue;
        expect.fail(`at ${x}: ${got}, the library has ${want}`);
      }
    },
  );

  it("counts units of the true result, and of the result's own where it lies just above", async () => {
    const by = openScalars({ expAll: () => 1 });
    const wrong = { ...FUNCTIONS[0], truth: () => 1 - 2 ** -24 };
    expect(worstOf(judged(wrong, by, Float32Array.of(3)))?.error).toBe(1);
    expect(worstOf(judged({ ...wrong, truth: () => 1 + 2 ** -23 }, by, Float32Array.of(3)))?.error).toBe(-1);
    expect(judged({ ...wrong, truth: () => Number.NaN }, by, Float32Array.of(3)).mismatched).toBe(1);
    expect(judged({ ...wrong, truth: () => 0 }, by, Float32Array.of(3)).mismatched).toBe(1);
    expect(judged({ ...wrong, truth: () => 2 ** 128 }, by, Float32Array.of(3)).mismatched).toBe(1);
  });
});
