import { it } from "vitest";
import { divergenceUnits } from "../operations/support/units.js";
import { describeEachBackend } from "../support/backends.js";
import { batches, distributions, holds } from "./support/arbitraries.js";
import { expectEqual, share } from "./support/tolerances.js";

const both = batches((layout) => ({ p: distributions(layout), q: distributions(layout) }));

const timesLog = (p: number, x: number) => p * Math.log(x);

describeEachBackend("for any two distributions", (backend) => {
  it("H(P, Q) = H(P) + D_KL(P ‖ Q), within 4 ULP of each one's terms", () => {
    holds(both, ({ p, q, shape, axis }) => {
      const { k } = backend;
      for (const unit of ["nats", "bits"] as const) {
        const options = { shape, axis, unit };
        const divergence = k.klDivergence(p, q, options);
        const right = Float64Array.from(k.entropy(p, options), (h, r) => h + divergence[r]);
        const nats = unit === "bits" ? Math.LN2 : 1;
        const units = [timesLog, (a: number) => timesLog(a, a), (a: number, b: number) => timesLog(a, a / b)].map(
          (term) =>
            share(
              4,
              divergenceUnits(term, p, q, shape, axis).map((value) => value / nats),
            ),
        );
        expectEqual(k.crossEntropy(p, q, options), right, units, unit);
      }
    });
  });

  it("D_KL(P ‖ P) and JS(P, P) are 0", () => {
    holds(both, ({ p, shape, axis, positions }) => {
      const zeros = new Float32Array(positions);
      expectEqual(backend.k.klDivergence(p, p, { shape, axis }), zeros, [share(0, zeros)], "klDivergence");
      expectEqual(backend.k.jensenShannon(p, p, { shape, axis }), zeros, [share(0, zeros)], "jensenShannon");
    });
  });

  it("D_KL is not negative where both sum to 1, but for their rounding", () => {
    holds(both, ({ p, q, shape, axis, positions }) => {
      const divergence = backend.k.klDivergence(p, q, { shape, axis });
      const positive = divergence.map((value) => Math.max(value, 0));
      // Σ p − Σ q is at most a rounding of each number.
      expectEqual(divergence, positive, [share(9, new Float32Array(positions).fill(1))], "klDivergence");
    });
  });

  it("JS(P, Q) = JS(Q, P), within the sum of their bounds", () => {
    const term = (p: number, q: number) =>
      (Math.abs(timesLog(p, (2 * p) / (p + q))) + Math.abs(timesLog(q, (2 * q) / (p + q)))) / 2;
    holds(both, ({ p, q, shape, axis }) => {
      const units = divergenceUnits(term, p, q, shape, axis);
      const [a, b] = [backend.k.jensenShannon(p, q, { shape, axis }), backend.k.jensenShannon(q, p, { shape, axis })];
      expectEqual(a, b, [share(8, units)], "jensenShannon");
    });
  });

  it("JS is between 0 and ln 2 where both sum to 1, but for their rounding", () => {
    holds(both, ({ p, q, shape, axis, positions }) => {
      const values = backend.k.jensenShannon(p, q, { shape, axis });
      const inside = values.map((value) => Math.min(Math.max(value, 0), Math.LN2));
      expectEqual(values, inside, [share(9, new Float32Array(positions).fill(1))], "jensenShannon");
    });
  });

  it("bits are nats divided by ln 2, within the bounds of both", () => {
    holds(both, ({ p, q, shape, axis }) => {
      for (const name of ["crossEntropy", "klDivergence", "jensenShannon"] as const) {
        const nats = backend.k[name](p, q, { shape, axis, grad: true });
        const bits = backend.k[name](p, q, { shape, axis, grad: true, unit: "bits" });
        const [loss, grad] = [nats.loss, nats.grad].map((values) => Float64Array.from(values, (v) => v / Math.LN2));
        const sizes = divergenceUnits(
          (a, b) => Math.abs(timesLog(a, a)) + Math.abs(timesLog(a, b)) + b,
          p,
          q,
          shape,
          axis,
        );
        expectEqual(
          bits.loss,
          loss,
          [
            share(
              3,
              sizes.map((size) => size / Math.LN2),
            ),
          ],
          `${name}, loss`,
        );
        expectEqual(bits.grad, grad, [share(3, grad)], `${name}, gradient`);
      }
    });
  });

  it("JS(P, Q) = H(M) − ½·H(P) − ½·H(Q), within the bounds of the entropies", () => {
    holds(both, ({ p, q, shape, axis }) => {
      const { k } = backend;
      const m = p.map((value, i) => (value + q[i]) / 2);
      const [hp, hq, hm] = [p, q, m].map((x) => k.entropy(x, { shape, axis }));
      const right = Float64Array.from(hm, (h, r) => h - (hp[r] + hq[r]) / 2);
      // M is rounded too: half an ULP of each number, through the slope 1 + |log m| ≤ 15.
      const shares = [
        share(
          12,
          hm.map((h) => h + 1),
        ),
        share(15, new Float32Array(hm.length).fill(1)),
      ];
      expectEqual(k.jensenShannon(p, q, { shape, axis }), right, shares, "jensenShannon");
    });
  });

  it("mean times the number of distributions is the sum of all, within a rounding each", () => {
    holds(both, ({ p, q, shape, axis, positions }) => {
      for (const name of ["crossEntropy", "klDivergence", "jensenShannon"] as const) {
        const each = backend.k[name](p, q, { shape, axis });
        const sum = backend.k[name](p, q, { shape, axis, reduction: "sum" });
        const mean = backend.k[name](p, q, { shape, axis, reduction: "mean" });
        const units = Math.max(...each.map(Math.abs)) * positions;
        expectEqual(mean * positions, sum, [share(2, units)], `${name}, mean`);
        expectEqual(
          each.reduce((a, b) => a + b, 0),
          sum,
          [share(positions, units)],
          `${name}, none`,
        );
      }
    });
  });
});
