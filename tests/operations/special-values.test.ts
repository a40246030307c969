import { describe, expect, it } from "vitest";
import { softmaxCrossEntropy } from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits, expectWithin } from "../support/ulp.js";
import { type Options, run } from "./support/operation.js";
import { operationOf } from "./support/operations.js";

const LABELS = operationOf("softmaxCrossEntropy with labels");
const nan = Number.NaN;

/** Options of softmaxCrossEntropy that take it through other code than it takes without. */
const OPTIONS: readonly (readonly [string, Options])[] = [
  ["none", {}],
  ["sampleWeights", { sampleWeights: [2] }],
  ["classWeights", { classWeights: [1, 2, 3] }],
  ["labelSmoothing", { labelSmoothing: 0.1 }],
  ["zLoss", { zLoss: 0.1 }],
  ["logSumExp and correct", { logSumExp: true, correct: true }],
  ["temperature", { temperature: 2 }],
  ["classWeights and logSumExp", { classWeights: [1, 2, 3], logSumExp: true }],
];

/** Filled up with −Infinity to a row of so many classes, which changes nothing but the way it is computed. */
const LENGTHS = [3, 2049, 65_537];

function longer(row: readonly number[], length: number): Float32Array {
  const x = new Float32Array(length).fill(-Infinity);
  x.set(row);
  return x;
}

describeEachBackend("a row of softmaxCrossEntropy", (backend) => {
  const lengths = LENGTHS.filter((length) => backend.affords(length / 4));

  describe.each(OPTIONS)("with options %s", (_, options) => {
    const of = (row: readonly number[], label: number, length: number) => {
      const { classWeights } = options as { classWeights?: number[] };
      const weights = classWeights && { classWeights: [...classWeights, ...new Array<number>(length - 3).fill(0)] };
      const all = { shape: [1, length], grad: true, reduction: "sum", ...options, ...weights };
      return run(backend.k, LABELS, [longer(row, length), Int32Array.of(label)], all);
    };

    it.each([
      ["a NaN", [1, nan, 2]],
      ["a +Infinity", [1, Infinity, 2]],
      ["a NaN and a +Infinity", [Infinity, 0, nan]],
      ["−Infinity alone", [-Infinity, -Infinity, -Infinity]],
    ] as const)("is NaN throughout, loss and gradient, with %s", (_, row) => {
      for (const length of lengths) {
        for (const label of [0, 1, 2]) {
          const { loss, grad } = of(row, label, length);
          expect(loss, `label ${label} of ${length}`).toBeNaN();
          expectSameBits(grad, new Float32Array(length).fill(nan), `gradient, label ${label} of ${length}`);
        }
      }
    });

    it("costs +Infinity where the label has no probability, with gradient −w at the label", () => {
      for (const length of lengths) {
        const { loss, grad } = of([1, -Infinity, 1], 1, length);
        expect(loss).toBe(Infinity);
        expect(Array.from(grad as Float32Array).every(Number.isFinite)).toBe(true);
        expect((grad as Float32Array)[1]).toBeLessThan(0);
      }
    });

    it("without −Infinity where there is a target, costs what its finite classes cost", () => {
      if ("labelSmoothing" in options) return;
      for (const length of lengths) {
        const { loss } = of([1, 2, 3], 1, length);
        expectWithin(6, loss, of([1, 2, 3], 1, 3).loss, `loss, ${length}`);
      }
    });
  });

  it("with dense targets: target 0 times log-probability −Infinity is 0, any other +Infinity", () => {
    for (const length of lengths) {
      const x = longer([1, -Infinity, 3], length);
      const t = (row: readonly number[]) => longer(row, length).map((value) => (value === -Infinity ? 0 : value));
      for (const options of [{}, { temperature: 2 }, { zLoss: 0.1 }, { sampleWeights: [3] }]) {
        const all = { shape: [1, length], ...options, grad: true } as const;
        const free = backend.k.softmaxCrossEntropy(x, t([0.5, 0, 0.5]), all);
        expect(Number.isFinite(free.loss)).toBe(true);
        expectSameBits(Math.abs(free.grad[1]), 0, "gradient of what has neither");
        expect(backend.k.softmaxCrossEntropy(x, t([0.5, 0.25, 0.25]), all).loss).toBe(Infinity);
        expect(backend.k.softmaxCrossEntropy(x, t([0.5, 1e-40, 0.5]), all).loss).toBe(Infinity);
      }
    }
  });

  it("costs +Infinity where targets lie on −Infinity, in any number of blocks of 2048", () => {
    for (const length of [4, 4096, 6000, 8192, 12_000]) {
      const x = longer([1, 2, 3], length);
      const all = { shape: [1, length], grad: true } as const;
      expect(backend.k.softmaxCrossEntropy(x, [0], { ...all, labelSmoothing: 0.1 }).loss, `labels, ${length}`).toBe(
        Infinity,
      );
      const { loss, grad } = backend.k.softmaxCrossEntropy(x, new Float32Array(length).fill(1 / length), all);
      expect(loss, `dense targets, ${length}`).toBe(Infinity);
      expect(Array.from(grad).every(Number.isFinite), `gradient, ${length}`).toBe(true);
    }
  });

  it.each([
    ["a NaN", [1, nan, 2]],
    ["a +Infinity", [1, Infinity, 2]],
    ["−Infinity alone", [-Infinity, -Infinity, -Infinity]],
  ] as const)("with %s is NaN for dense targets of 0 too: no weight silences a NaN", (_, row) => {
    for (const length of lengths) {
      const x = longer(row, length);
      const zeros = new Float32Array(length);
      expect(softmaxCrossEntropy(x, zeros).loss).toBeNaN();
      expect(backend.k.softmaxCrossEntropy(x, zeros, { shape: [1, length] }).loss, `length ${length}`).toBeNaN();
    }
  });

  it("with dense targets that are NaN is NaN, in its own row alone", () => {
    const t = Float32Array.of(0.5, nan, 0.5, 1, 0, 0);
    const { loss, grad } = backend.k.softmaxCrossEntropy(new Float32Array(6), t, {
      shape: [2, 3],
      reduction: "none",
      grad: true,
    });
    expect(loss[0]).toBeNaN();
    expectWithin(4, loss.subarray(1), [Math.log(3)], "the other row");
    expect(grad[1]).toBeNaN();
    expect(grad.subarray(3).every(Number.isFinite)).toBe(true);
  });
});

describeEachBackend("softmaxBackward and logSoftmaxBackward", (backend) => {
  it("give 0 and NaN where the rule does: a probability of 0 has no gradient, a NaN upstream is one", () => {
    const { k } = backend;
    const p = Float32Array.of(0.25, 0.75, 0);
    expectSameBits(k.softmaxBackward(p, Float32Array.of(1, 2, 5))[2], 0, "p = 0");
    expectSameBits(k.softmaxBackward(p, Float32Array.of(1, nan, 5)), [nan, nan, nan], "a NaN");
    const lp = Float32Array.of(0, -Infinity, -Infinity);
    expectSameBits(k.logSoftmaxBackward(lp, Float32Array.of(1, 2, 3)), [-5, 2, 3], "log-probability −Infinity");
    expectSameBits(k.logSoftmaxBackward(lp, Float32Array.of(1, nan, 3)), [nan, nan, nan], "a NaN");
  });

  it("give 0 for an upstream gradient that is the same everywhere", () => {
    const p = Float32Array.of(0.25, 0.5, 0.25);
    expectSameBits(backend.k.softmaxBackward(p, Float32Array.of(3, 3, 3)), [0, 0, 0], "softmaxBackward");
  });
});

describeEachBackend("blocks of nothing but −Infinity, in rows whose largest logit is far below 0,", (backend) => {
  const low = [-200, -231, -240, -260, -287.9, -288, -1000];

  it("have probability 0 and no gradient, whatever it is multiplied by", () => {
    const { k } = backend;
    for (const length of [2049, 4100]) {
      for (const largest of low) {
        const x = new Float32Array(length).fill(largest);
        x.fill(-Infinity, 2048);
        const zeros = new Float32Array(length - 2048);
        const what = `${length} columns, ${largest}`;
        expectSameBits(k.softmax(x).subarray(2048), zeros, `softmax, ${what}`);
        for (const gradOutput of [1, 1e10, 2 ** 56]) {
          for (const options of [{}, { zLoss: 0.1 }, { labelSmoothing: 0, correct: true }]) {
            const { grad } = k.softmaxCrossEntropy(x, [0], { grad: true, gradOutput, ...options });
            const there = grad.subarray(2048).map((value) => value + 0); // of either sign
            expectSameBits(there, zeros, `gradient times ${gradOutput}, ${what}`);
          }
        }
      }
    }
  });

  it("nor in a shard that has no others", () => {
    const { k } = backend;
    for (const largest of low) {
      const seen = new Float32Array(2048).fill(largest);
      const masked = new Float32Array(100).fill(-Infinity);
      const state = k.logSumExpState(1).add(seen).add(masked);
      const options = { state, start: 2048, grad: true } as const;
      expectSameBits(k.softmaxCrossEntropy(masked, [0], options).grad, new Float32Array(100), `${largest}`);
    }
  });
});
