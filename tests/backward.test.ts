import { describe, it } from "vitest";
import { logSoftmaxBackward, softmaxBackward, softmaxJacobian } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { distributions, LONG_LENGTHS, normal, SHORT_LENGTHS } from "./support/samples.js";
import { expectWithin } from "./support/ulp.js";

/** |p|·(|dp| + Σ |dp·p|), or with log-probabilities |dlp| + exp(lp)·Σ |dlp|, for each element of one row. */
function terms(
  name: "softmaxBackward" | "logSoftmaxBackward",
  given: Float32Array,
  upstream: Float32Array,
): Float64Array {
  const log = name === "logSoftmaxBackward";
  let sum = 0;
  for (let i = 0; i < given.length; i++) sum += Math.abs(log ? upstream[i] : upstream[i] * given[i]);
  return Float64Array.from(given, (value, i) =>
    log ? Math.abs(upstream[i]) + Math.exp(value) * sum : value * (Math.abs(upstream[i]) + sum),
  );
}

describeEachBackend("a backward pass", (backend) => {
  describe.each([
    ["softmaxBackward", softmaxBackward],
    ["logSoftmaxBackward", logSoftmaxBackward],
  ] as const)("%s", (name, compute) => {
    it("is within 4 ULP of its terms at every length", () => {
      for (const length of [...SHORT_LENGTHS, ...LONG_LENGTHS.filter((n) => backend.affords(n))]) {
        const p = distributions(1, length, length);
        const given = name === "softmaxBackward" ? p : p.map(Math.log);
        for (const upstream of [normal(length, 1), normal(length, 2, 100), new Float32Array(length).fill(1)]) {
          const truth = compute(given, upstream);
          expectWithin(4, backend.k[name](given, upstream), truth, `length ${length}`, terms(name, given, upstream));
        }
      }
    });
  });

  it("is within its bound where the sum of the terms is subnormal, and p, which is no softmax, above 1", () => {
    const cases = [
      [
        [100, 0.3],
        [0, 1e-44],
      ],
      [
        [1e6, 0.3],
        [0, 1e-44],
      ],
      [
        [1000, 0.5, 0.25],
        [1e-44, 3e-45, 1e-44],
      ],
      [
        [-1e30, 1e30, 1e20],
        [1e-44, 1e-44, 1e-45],
      ],
    ].map((pair) => pair.map((values) => Float32Array.from(values)));
    for (const [p, dp] of cases) {
      const truth = softmaxBackward(p, dp);
      expectWithin(4, backend.k.softmaxBackward(p, dp), truth, `p ${p}`, terms("softmaxBackward", p, dp));
    }
  });

  it("undoes itself with the loss: the gradient of cross-entropy is that of logSoftmax at the label", () => {
    const { k } = backend;
    const x = normal(9, 4);
    const upstream = new Float32Array(9);
    upstream[3] = -1;
    const { grad } = k.softmaxCrossEntropy(x, [3], { grad: true });
    const composed = k.logSoftmaxBackward(k.logSoftmax(x), upstream);
    expectWithin(
      8,
      composed,
      grad,
      "gradient",
      grad.map(() => 1),
    );
  });

  it("applies the Jacobian p_i(δ_ij − p_j)", () => {
    const p = distributions(1, 6, 9);
    const dp = normal(6, 10);
    const jacobian = softmaxJacobian(p);
    const expected = p.map((_, i) => dp.reduce((sum, d, j) => sum + d * jacobian[i * 6 + j], 0));
    expectWithin(4, backend.k.softmaxBackward(p, dp), expected, "dx", terms("softmaxBackward", p, dp));
  });
});
