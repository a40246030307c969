import { describe, expect, it } from "vitest";
import { describeEachBackend } from "./support/backends.js";
import { NAMED_CALLS, operandsFor } from "./support/calls.js";
import { expectSameBits, expectWithin, list } from "./support/ulp.js";

const LOSSES = NAMED_CALLS.filter(
  ([name, call]) => name === "entropy" || (call.beside !== "nothing" && !name.endsWith("Backward")),
);

describeEachBackend("a reduction", (backend) => {
  describe.each(LOSSES)("of %s", (_, call) => {
    const { x, beside, shape } = operandsFor(call, 12, 31);
    const run = (reduction: "none" | "sum" | "mean") => call.run(backend.k, x, beside, { shape, reduction });

    it('"none" gives a loss a position, in a Float32Array', () => {
      const { loss } = run("none");
      expect(loss).toBeInstanceOf(Float32Array);
      expect(loss).toHaveLength(call.by === "row" ? 12 : 372);
    });

    it('"sum" gives the sum of what "none" gives, and the same gradient', () => {
      const none = run("none");
      const sum = run("sum");
      const total = Float64Array.from(none.loss as Float32Array).reduce((a, b) => a + b, 0);
      expect(Math.abs((sum.loss as number) / total - 1)).toBeLessThan(1e-6);
      expectSameBits(sum.array, none.array, "gradient");
    });

    it('"mean" divides sum and gradient by the number of positions', () => {
      const sum = run("sum");
      const mean = run("mean");
      const n = call.by === "row" ? 12 : 372;
      expectWithin(1, mean.loss, (sum.loss as number) / n, "loss");
      const gradient = list(mean.array);
      Array.from(list(sum.array)).forEach((g, i) => {
        expect(Math.abs(gradient[i] - g / n)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(g)));
      });
    });

    it("to a number is rounded to float32, so that bits can be compared", () => {
      for (const reduction of ["sum", "mean"] as const) {
        const loss = run(reduction).loss as number;
        expect(loss).toBe(Math.fround(loss));
      }
    });

    it("of nothing: mean NaN, sum 0, none empty", () => {
      const nothing = operandsFor(call, 0, 3);
      const of = (reduction: "none" | "sum" | "mean") =>
        call.run(backend.k, nothing.x, nothing.beside, { shape: nothing.shape, reduction });
      expect(of("mean").loss).toBeNaN();
      expectSameBits(of("sum").loss, 0, "sum");
      expect(of("none").loss).toEqual(new Float32Array(0));
      expect(list(of("mean").array)).toHaveLength(0);
    });
  });

  it("is the mean by default", () => {
    const x = Float32Array.of(1, 2, 3, 4, 5, 6);
    const t = Float32Array.of(1, 0, 0, 0, 1, 0);
    const { k } = backend;
    const mean = { shape: [2, 3], reduction: "mean" } as const;
    expect(k.softmaxCrossEntropy(x, [0, 1], { shape: [2, 3] })).toEqual(k.softmaxCrossEntropy(x, [0, 1], mean));
    expect(k.softmaxCrossEntropy(x, t, { shape: [2, 3] })).toEqual(k.softmaxCrossEntropy(x, t, mean));
    expect(k.sigmoidCrossEntropy(x, t, { shape: [2, 3] })).toEqual(k.sigmoidCrossEntropy(x, t, mean));
  });

  it("returns a gradient only where one is asked for, and the array that was given", () => {
    const x = Float32Array.of(1, 2, 3);
    const { k } = backend;
    for (const grad of [undefined, false]) {
      expect(Object.keys(k.softmaxCrossEntropy(x, [0], { grad }))).toEqual(["loss"]);
      expect(Object.keys(k.sigmoidCrossEntropy(x, x, { grad }))).toEqual(["loss"]);
    }
    const to = new Float32Array(3);
    expect(k.softmaxCrossEntropy(x, [0], { grad: to }).grad).toBe(to);
    expect(k.softmaxCrossEntropy(x, [0], { grad: true }).grad).toEqual(to);
    const fresh = k.softmaxCrossEntropy(x, [0], { grad: true }).grad;
    expect(fresh.buffer.byteLength).toBe(12);
  });
});
