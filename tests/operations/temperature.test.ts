import { describe, expect, it } from "vitest";
import { softmax } from "../../src/reference/index.js";
import { describeEachBackend } from "../support/backends.js";
import { normal, sprinkled } from "../support/samples.js";
import { expectSameBits, expectWithin } from "../support/ulp.js";
import { type Operation, optionsOf, run } from "./support/operation.js";
import { operationOf } from "./support/operations.js";
import { sizeOf } from "./support/rows.js";

const TAKING = ["softmax", "logSoftmax", "logSumExp", "softmaxCrossEntropy with labels"].map(operationOf);
const LAYOUTS = [
  { shape: [4, 9, 3], axis: 1 },
  { shape: [3, 2050], axis: 1 },
  { shape: [1, 66_000], axis: 1 },
];
const TEMPERATURES = [2, 0.5, 0.7, 3, Math.fround(0.3), 1e-3, 1e4];

/** The logits that a temperature defines. */
function divided(x: Float32Array, temperature: number): Float32Array {
  return x.map((value) => value / temperature);
}

describeEachBackend("temperature", (backend) => {
  const layouts = LAYOUTS.filter(({ shape }) => backend.affords(sizeOf(shape)));
  const cases = TAKING.flatMap((operation) =>
    layouts.map((layout) => [operation.name, `[${layout.shape}]`, operation, layout] as const),
  );

  describe.each(cases)("of %s, shape %s", (_, __, operation: Operation, layout) => {
    const [x, ...rest] = operation.operands(layout, 1) as [Float32Array];
    const { grad, ...options } = optionsOf(operation, operation.variants[0], layout);

    it.each(TEMPERATURES)("%d gives the bits of the logits fround(z / T)", (temperature) => {
      const hard = sprinkled(x.slice(), 2, [0, -0, 3e38, -3e38, 1e-42, -Infinity], 12);
      const got = run(backend.k, operation, [hard, ...rest], { ...options, temperature });
      const expected = run(backend.k, operation, [divided(hard, temperature), ...rest], options);
      for (const [name, values] of Object.entries(expected)) expectSameBits(got[name], values, name);
    });

    it("1 changes nothing", () => {
      const got = run(backend.k, operation, [x, ...rest], { ...options, temperature: 1 });
      const expected = run(backend.k, operation, [x, ...rest], options);
      for (const [name, values] of Object.entries(expected)) expectSameBits(got[name], values, name);
    });
  });

  it("leaves the input as it was, also where it is resident", () => {
    const z = backend.k.alloc([2, 3]).set([1, 2, 3, 4, 5, 6]);
    backend.k.softmax(z, { temperature: 3 });
    backend.k.softmaxCrossEntropy(z, [0, 1], { temperature: 3, softcap: 2 });
    expect([...z.data]).toEqual([1, 2, 3, 4, 5, 6]);
    z.free();
  });

  it("scales the gradient to the given logits by 1/T, not by 1/T²", () => {
    const x = normal(12, 3, 0, 4);
    for (const temperature of [2, 0.25, 8]) {
      const options = { shape: [3, 4], grad: true, reduction: "sum" } as const;
      const { grad } = backend.k.softmaxCrossEntropy(x, [0, 1, 2], { ...options, temperature });
      const plain = backend.k.softmaxCrossEntropy(divided(x, temperature), [0, 1, 2], options).grad;
      expectSameBits(
        grad,
        plain.map((g) => g / temperature),
        `T = ${temperature}`,
      );
    }
  });

  it("that makes logits overflow makes their row one of +Infinity, or of −Infinity", () => {
    const x = Float32Array.of(1, 3e38, 0, -3e38, -2, 0);
    const p = backend.k.softmax(x, { shape: [2, 3], temperature: 1e-3 });
    expectSameBits(p, [Number.NaN, Number.NaN, Number.NaN, 0, 0, 1], "softmax");
    expectSameBits(backend.k.logSumExp(x, { shape: [2, 3], temperature: 1e-3 }), [Infinity, 0], "logSumExp");
  });

  it("of softmaxKlDivergence multiplies the loss by T² and the gradient by T", () => {
    const student = Float32Array.of(1, 2, 0.5);
    const teacher = Float32Array.of(2, 1, -1);
    const { k } = backend;
    const { loss, grad } = k.softmaxKlDivergence(student, teacher, { temperature: 4, grad: true });
    const [q, p] = [student, teacher].map((x) => softmax(divided(x, 4)));
    const divergence = p.reduce((sum, value, i) => sum + value * Math.log(value / q[i]), 0);
    const units = p.reduce((sum, value, i) => sum + value * (Math.abs(Math.log(value)) + Math.abs(Math.log(q[i]))), 0);
    expectWithin(4, loss, 16 * divergence, "loss", 16 * units);
    expectWithin(
      4,
      grad,
      q.map((value, i) => 4 * (value - p[i])),
      "gradient",
      q.map((value, i) => 4 * (value + p[i])),
    );
  });

  it("sharpens below 1 and flattens above: the largest probability falls with it", () => {
    const x = Float32Array.of(1, 2, 4);
    const largest = [0.1, 0.5, 1, 2, 10, 1000].map((temperature) => backend.k.softmax(x, { temperature })[2]);
    expect(largest).toEqual([...largest].sort((a, b) => b - a));
    expect(largest[0]).toBe(1);
    expect(largest[5]).toBeCloseTo(1 / 3, 2);
  });
});
