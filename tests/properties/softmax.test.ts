import fc from "fast-check";
import { it } from "vitest";
import { softmaxJacobian } from "../../src/reference/index.js";
import { rowsOver, sizeOf } from "../operations/support/rows.js";
import { logSoftmaxBackwardUnits, logSumExpUnits, softmaxBackwardUnits } from "../operations/support/units.js";
import { describeEachBackend } from "../support/backends.js";
import { expectSameBits } from "../support/ulp.js";
import { batches, floats, holds, logits, single } from "./support/arbitraries.js";
import { expectEqual, share } from "./support/tolerances.js";

const one = batches((layout) => ({ x: logits(layout) }));

/** Logits that are multiples of 2^-10 below 2^12: adding such a number to them is exact. */
const exact = batches((layout) => ({
  x: floats(
    sizeOf(layout.shape),
    fc.integer({ min: -(2 ** 13), max: 2 ** 13 }).map((n) => n / 1024),
  ),
  shift: fc.integer({ min: -(2 ** 21), max: 2 ** 21 }).map((n) => n / 1024),
}));

describeEachBackend("for any logits", (backend) => {
  it("softmax and logSoftmax are unchanged by an exact shift, within 4 ULP of each side", () => {
    holds(exact, ({ x, shift, shape, axis }) => {
      const shifted = x.map((value) => value + shift);
      for (const name of ["softmax", "logSoftmax"] as const) {
        expectEqual(
          backend.k[name](shifted, { shape, axis }),
          backend.k[name](x, { shape, axis }),
          [share(8, backend.k[name](x, { shape, axis }))],
          name,
        );
      }
    });
  });

  it("logSumExp grows by an exact shift, within 4 ULP of each one's terms", () => {
    holds(exact, ({ x, shift, shape, axis }) => {
      const shifted = x.map((value) => value + shift);
      const right = Float64Array.from(backend.k.logSumExp(x, { shape, axis }), (value) => value + shift);
      const shares = [x, shifted].map((z) => share(4, logSumExpUnits(z, shape, axis)));
      expectEqual(backend.k.logSumExp(shifted, { shape, axis }), right, shares, "logSumExp");
    });
  });

  it("probabilities sum to 1, within 4 ULP each", () => {
    holds(one, ({ x, shape, axis }) => {
      const p = backend.k.softmax(x, { shape, axis });
      for (const row of rowsOver(shape, axis)) {
        const sum = row.reduce((total, i) => total + p[i], 0);
        const shares = Array.from(row, (i) => share(4, p[i]));
        expectEqual(sum, 1, shares, "sum");
      }
    });
  });

  it("logSoftmax is x − logSumExp(x), and softmax its exponential", () => {
    holds(one, ({ x, shape, axis }) => {
      const { k } = backend;
      const options = { shape, axis };
      const lp: Float32Array = k.logSoftmax(x, options);
      const lse = k.logSumExp(x, options);
      const units = logSumExpUnits(x, shape, axis);
      const right = new Float64Array(x.length);
      const unit = new Float64Array(x.length);
      rowsOver(shape, axis).forEach((row, r) => {
        for (const i of row) {
          right[i] = x[i] - lse[r];
          unit[i] = units[r];
        }
      });
      expectEqual(lp, right, [share(4, lp), share(4, unit)], "logSoftmax");
      // An error of 4 ULP of lp in the exponent, in units of the result.
      const p = Float64Array.from(lp, Math.exp);
      const slope = p.map((value, i) => value * Math.max(Math.abs(lp[i]), 2 ** -126));
      expectEqual(k.softmax(x, options), p, [share(4, p), share(8, slope)], "softmax");
    });
  });

  it("topK for all classes is a sorting, and argmax its head", () => {
    holds(one, ({ x, shape, axis, classes }) => {
      const { values, indices } = backend.k.topK(x, classes, { shape, axis });
      const best = backend.k.argmax(x, { shape, axis });
      rowsOver(shape, axis).forEach((row, r) => {
        const order = Array.from(row, (_, c) => c).sort((a, b) => x[row[b]] - x[row[a]] || a - b);
        expectSameBits(
          Array.from(row, (i) => indices[i]),
          order,
          "indices",
        );
        expectSameBits(
          Array.from(row, (i) => values[i]),
          order.map((c) => x[row[c]]),
          "values",
        );
        expectSameBits(best[r], order[0], "argmax");
      });
    });
  });

  it("logSumExp over several axes is that over one after another, within the sum of the bounds", () => {
    const cubes = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
      .chain((shape) => fc.record({ shape: fc.constant(shape), x: floats(sizeOf(shape), single(-30, 30)) }));
    holds(cubes, ({ shape, x }) => {
      const { k } = backend;
      const [a, b, c] = shape;
      const first: Float32Array = k.logSumExp(x, { shape, axis: 2 });
      const both = k.logSumExp(x, { shape, axis: [0, 2] });
      const units = logSumExpUnits(x, shape, [0, 2]);
      // An error of the first in any of a sums moves their log-sum-exp by no more than the largest.
      const inner = logSumExpUnits(x, shape, 2);
      const largest = Float64Array.from({ length: b }, (_, j) =>
        Math.max(...Array.from({ length: a }, (_, i) => inner[i * b + j])),
      );
      const twice = k.logSumExp(first, { shape: [a, b], axis: 0 });
      expectEqual(both, twice, [share(8, units), share(4, largest)], `axes 0 and 2 of [${a},${b},${c}]`);
    });
  });
});

const upstream = batches((layout) => ({
  x: logits(layout),
  dp: floats(sizeOf(layout.shape), single(-4, 4)),
}));

describeEachBackend("for any upstream gradient", (backend) => {
  it("softmaxBackward is the Jacobian times it, within 4 ULP of the terms", () => {
    holds(upstream, ({ x, dp, shape, axis }) => {
      const p: Float32Array = backend.k.softmax(x, { shape, axis });
      const right = new Float64Array(x.length);
      for (const row of rowsOver(shape, axis)) {
        const jacobian = softmaxJacobian(Array.from(row, (i) => p[i]));
        row.forEach((i, c) => {
          right[i] = row.reduce((sum, j, d) => sum + jacobian[c * row.length + d] * dp[j], 0);
        });
      }
      const units = softmaxBackwardUnits(p, dp, shape, axis);
      expectEqual(backend.k.softmaxBackward(p, dp, { shape, axis }), right, [share(4, units)], "softmaxBackward");
    });
  });

  it("softmaxBackward and logSoftmaxBackward give rows that sum to 0 where probabilities sum to 1", () => {
    holds(upstream, ({ x, dp, shape, axis, classes }) => {
      const { k } = backend;
      const options = { shape, axis };
      const p: Float32Array = k.softmax(x, options);
      const lp: Float32Array = k.logSoftmax(x, options);
      for (const [name, dx, units] of [
        ["softmaxBackward", k.softmaxBackward(p, dp, options), softmaxBackwardUnits(p, dp, shape, axis)],
        ["logSoftmaxBackward", k.logSoftmaxBackward(lp, dp, options), logSoftmaxBackwardUnits(lp, dp, shape, axis)],
      ] as const) {
        for (const row of rowsOver(shape, axis)) {
          const sum = row.reduce((total, i) => total + dx[i], 0);
          // Σ p is 1 within 4 ULP each, log-probabilities within 4 ULP of up to 68; that is multiplied by at most Σ |dp|.
          const mass = row.reduce((total, i) => total + Math.abs(dp[i]), 0);
          const shares = Array.from(row, (i) => share(4, units[i]));
          expectEqual(sum, 0, [...shares, share(4 * 64 * classes, mass)], name);
        }
      }
    });
  });
});
