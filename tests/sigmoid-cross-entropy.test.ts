import { expect, it } from "vitest";
import { sigmoid, sigmoidCrossEntropy } from "../src/reference/index.js";
import { type BackendRow, describeEachBackend } from "./support/backends.js";
import { LOGITS, LONG_LENGTHS, normal, SHORT_LENGTHS, spread, sprinkled } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

type Reduction = "none" | "mean" | "sum";

/** Loss within 4 ULP, the gradient within 4 ULP of σ(x) + t, and the same loss where it stands alone. */
function judge({ k }: BackendRow, x: Float32Array, t: Float32Array, reduction: Reduction): void {
  const what = `${reduction} of length ${x.length}`;
  const { loss, grad } = k.sigmoidCrossEntropy(x, t, { reduction, grad: true });
  const truth = sigmoidCrossEntropy(x, t, { reduction, grad: true });
  const scale = reduction === "mean" ? 1 / x.length : 1;
  expectWithin(4, loss, truth.loss, `loss, ${what}`);
  expectWithin(
    4,
    grad,
    truth.grad,
    `gradient, ${what}`,
    sigmoid(x).map((p, i) => (p + t[i]) * scale),
  );
  expectSameBits(k.sigmoidCrossEntropy(x, t, { reduction }).loss, loss, `loss alone, ${what}`);
}

describeEachBackend("sigmoidCrossEntropy", (backend) => {
  it.each(LOGITS)("has loss and gradient within 4 ULP at every length: logits %s", (_, sample) => {
    const targets = (length: number) => sprinkled(spread(length, length, 0, 1), length, [0, 1], 2);
    for (const length of SHORT_LENGTHS) {
      const x = sample(length, length + 1);
      judge(backend, x, targets(length), (["none", "mean", "sum"] as const)[length % 3]);
    }
    for (const length of LONG_LENGTHS.filter((n) => backend.affords(n)))
      judge(backend, sample(length, length), targets(length), "mean");
  });

  it("has the gradient within 4 ULP of its own value where the target is 0 or 1", () => {
    const x = spread(4000, 51, -110, 110);
    const t = sprinkled(new Float32Array(4000), 52, [1], 2);
    const { grad } = backend.k.sigmoidCrossEntropy(x, t, { reduction: "sum", grad: true });
    expectWithin(4, grad, sigmoidCrossEntropy(x, t, { reduction: "sum", grad: true }).grad, "gradient");
  });

  it("keeps the digits of a confident right answer: x = −20, t = 0 costs 2.061e-9", () => {
    const { loss, grad } = backend.k.sigmoidCrossEntropy(Float32Array.of(-20), Float32Array.of(0), { grad: true });
    expectWithin(4, loss, 2.06115362031434e-9, "loss");
    expectWithin(4, grad, 2.061153618190204e-9, "gradient");
  });

  it("gives the limit at an infinite logit", () => {
    const x = Float32Array.of(Infinity, Infinity, -Infinity, -Infinity, Infinity, -Infinity);
    const t = Float32Array.of(1, 0, 0, 1, 0.25, 0.25);
    const { loss, grad } = backend.k.sigmoidCrossEntropy(x, t, { reduction: "none", grad: true });
    expect([...loss]).toEqual([0, Infinity, 0, Infinity, Infinity, Infinity]);
    expectSameBits(
      grad.map((g) => g + 0),
      [0, 1, 0, -1, 0.75, -0.25],
      "gradient",
    );
  });

  it("gives NaN for a NaN, in its own element alone", () => {
    const x = Float32Array.of(0, Number.NaN, 0, 0, 0);
    const t = Float32Array.of(0, 0, 0, Number.NaN, 0);
    const { loss, grad } = backend.k.sigmoidCrossEntropy(x, t, { reduction: "none", grad: true });
    expect([...loss].map(Number.isNaN)).toEqual([false, true, false, true, false]);
    expect([...grad].map(Number.isNaN)).toEqual([false, true, false, true, false]);
    expect(backend.k.sigmoidCrossEntropy(x, t).loss).toBeNaN();
  });

  it("has the digits of a mean over 300000 elements that a float32 sum would lose", () => {
    const x = normal(300_000, 53, 0, 4);
    const t = sprinkled(new Float32Array(300_000), 54, [1], 2);
    expectWithin(4, backend.k.sigmoidCrossEntropy(x, t).loss, sigmoidCrossEntropy(x, t).loss, "mean");
  });

  it("takes a batch of one number, shape []", () => {
    const x = Float32Array.of(0.5);
    const { loss } = backend.k.sigmoidCrossEntropy(x, Float32Array.of(1), { shape: [] });
    expect(loss).toBe(backend.k.sigmoidCrossEntropy(x, Float32Array.of(1)).loss);
  });
});
