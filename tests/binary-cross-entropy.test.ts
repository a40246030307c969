import { expect, it } from "vitest";
import { binaryCrossEntropy } from "../src/reference/index.js";
import { describeEachBackend } from "./support/backends.js";
import { SHORT_LENGTHS, spread, sprinkled } from "./support/samples.js";
import { expectSameBits, expectWithin } from "./support/ulp.js";

function replaced(values: Float32Array, at: number, value: number): Float32Array {
  return values.map((v, i) => (i === at ? value : v));
}

describeEachBackend("binaryCrossEntropy", (backend) => {
  const sumOf = (q: Float32Array, t: Float32Array) => backend.k.binaryCrossEntropy(q, t, { reduction: "sum" });
  const trueSum = (q: Float32Array, t: Float32Array) => binaryCrossEntropy(q, t, { reduction: "sum" });

  it("is within 4 ULP, and its gradient within 2.5, at every length", () => {
    for (const length of [...SHORT_LENGTHS, 2049, 4096, 65_537].filter((n) => backend.affords(n))) {
      const q = sprinkled(spread(length, length, 0, 1), 1, [1e-30, 1e-6, 1 - 2 ** -24], 8);
      const t = sprinkled(spread(length, length + 1, 0, 1), 2, [0, 1], 2);
      for (const unit of ["nats", "bits"] as const) {
        const { loss, grad } = backend.k.binaryCrossEntropy(q, t, { unit, grad: true });
        const truth = binaryCrossEntropy(q, t, { unit, grad: true });
        expectWithin(4, loss, truth.loss, `loss in ${unit}, length ${length}`);
        expectWithin(2.5, grad, truth.grad, `gradient in ${unit}, length ${length}`);
        expectSameBits(backend.k.binaryCrossEntropy(q, t, { unit }), loss, "alone");
      }
    }
  });

  it("its sum of many tiny losses is within 4 ULP: none is rounded by itself", () => {
    const powers = [2 ** -149, 3 * 2 ** -149, 2 ** -127, 2 ** -31, 2 ** -30, 1.5 * 2 ** -30];
    for (const q of [...powers, 1.3 * 2 ** -29, 1.3 * 2 ** -33, 1.3 * 2 ** -40]) {
      const probabilities = new Float32Array(2048).fill(q);
      const targets = new Float32Array(2048);
      const options = { reduction: "sum" } as const;
      const truth = binaryCrossEntropy(probabilities, targets, options);
      expectWithin(4, [backend.k.binaryCrossEntropy(probabilities, targets, options)], [truth], `of ${q}`);
    }
  });

  it("its sum is within half an ULP where every target is 0 or 1 and no wrong answer below 2^-28, else within 4", () => {
    const draws: readonly [string, (n: number) => Float32Array][] = [
      ["anything", (n) => sprinkled(spread(n, n, 0, 1), 3, [0.99999994, 0.49999997], 8)],
      ["nearly right", (n) => sprinkled(spread(n, n, 2 ** -28, 2 ** -27), 4, [0, 1e-3], 8)],
      ["2^-28", (n) => new Float32Array(n).fill(2 ** -28)],
      ["often tiny", (n) => sprinkled(spread(n, n, 0, 1), 6, [2 ** -28 - 2 ** -52, 2 ** -60, 1e-45], 2)],
      ["seldom tiny", (n) => sprinkled(spread(n, n, 0, 1), 5, [2 ** -28 - 2 ** -52, 1e-45, 1e-20], 50)],
      ["nothing but tiny", (n) => spread(n, n, 2 ** -60, 2 ** -28)],
    ];
    for (const [title, draw] of draws) {
      for (const length of [...SHORT_LENGTHS, 127, 129, 2047, 2049, 5000].filter((n) => backend.affords(n))) {
        const probabilities = draw(length);
        const targets = spread(length, length + 1, 0, 1).map(Math.round);
        const reduction = "sum";
        for (const [kind, q] of [
          ["", probabilities],
          [" as a right answer", probabilities.map((c, i) => (targets[i] ? 1 - c : c))],
          [" as a wrong answer", probabilities.map((c, i) => (targets[i] && c > 0 ? c : 1 - c || 1 - 2 ** -24))],
        ] as const) {
          const truth = binaryCrossEntropy(q, targets, { reduction });
          const got = backend.k.binaryCrossEntropy(q, targets, { reduction });
          const what = `${title}${kind}, length ${length}`;
          const mistaken = q.some((probability, i) => targets[i] === 1 && probability > 0 && probability < 2 ** -28);
          expectWithin(mistaken ? 4 : 0.501, [got], [truth], what);
          const { loss } = backend.k.binaryCrossEntropy(q, targets, { reduction, grad: true });
          expectSameBits([loss], [got], `${what}, with the gradient`);
        }
      }
    }
  });

  it("its sum is within 1 ULP where every answer is wrong, however wrong: no product is subnormal", () => {
    for (const probability of [
      0.1,
      2 ** -28,
      1.02 * 2 ** -28,
      1.3 * 2 ** -28,
      2 ** -29,
      2 ** -32,
      2 ** -40,
      2 ** -149,
    ]) {
      for (const length of [127, 128, 129, 155, 1000]) {
        const q = new Float32Array(length).fill(probability);
        const t = new Float32Array(length).fill(1);
        expectWithin(1, [sumOf(q, t)], [trueSum(q, t)], `${length} times ${probability}`);
      }
    }
  });

  it("its sum takes each number for what it is, wherever it stands among usual ones", () => {
    const probabilities = spread(301, 1, 0.01, 0.99);
    const soft = spread(301, 2, 0, 1);
    const odd = [
      [0.3, 0.5],
      [0.3, 1e-45],
      [0.3, 0.99999994],
      [2 ** -29, 1],
      [1e-45, 0],
      [1e-45, 1],
      [1, 1],
      [0, 0],
    ];
    for (const none of [-0.1, -1e-45, 1.0000001, 2, Infinity, -Infinity, Number.NaN]) {
      odd.push([none, 0], [none, 1], [0.3, none]);
    }
    for (const targets of [soft, soft.map(Math.round)]) {
      for (const at of [0, 1, 2, 3, 124, 127, 128, 250, 296, 299, 300]) {
        for (const [probability, target] of odd) {
          const [q, t] = [replaced(probabilities, at, probability), replaced(targets, at, target)];
          expectWithin(1, [sumOf(q, t)], [trueSum(q, t)], `q = ${probability}, t = ${target} at ${at}`);
        }
      }
    }
  });

  it("its sum and its mean are in bits where these are asked for, with targets 0 and 1 too", () => {
    const q = spread(500, 1, 0.01, 0.99);
    const soft = spread(500, 2, 0, 1);
    for (const t of [soft, soft.map(Math.round)]) {
      for (const reduction of ["sum", "mean"] as const) {
        const options = { reduction, unit: "bits" } as const;
        const truth = binaryCrossEntropy(q, t, options);
        expectWithin(1, [backend.k.binaryCrossEntropy(q, t, options)], [truth], reduction);
      }
    }
  });

  it("gives each element the same gradient, whatever lies beside it", () => {
    const q = sprinkled(spread(64, 1, 0, 1), 2, [2 ** -40, 2 ** -39, 1 - 2 ** -24], 4);
    const t = sprinkled(spread(64, 3, 0, 1), 4, [0, 1], 2);
    const of = (probabilities: Float32Array, targets: Float32Array) =>
      backend.k.binaryCrossEntropy(probabilities, targets, { grad: true }).grad;
    const alone = of(q, t);
    const neighbours: readonly [number, number][] = [
      [0, 0],
      [1, 1],
      [2 ** -41, 0.5],
      [Number.NaN, 0],
      [0.5, 2],
      [0.5, -0],
    ];
    for (const [probability, target] of neighbours) {
      const beside = of(replaced(q, 17, probability), replaced(t, 17, target));
      expectSameBits(replaced(beside, 17, alone[17]), alone, `beside q = ${probability}, t = ${target}`);
    }
    expectSameBits(
      alone,
      Array.from(q, (_, i) => of(q.slice(i, i + 1), t.slice(i, i + 1))[0]),
      "one by one",
    );
  });

  it("its gradient is within 2.5 ULP, in nats and bits, of the sum and of the mean", () => {
    const q = sprinkled(spread(500, 1, 0, 1), 2, [2 ** -40, 1e-20, 1e-45, 1 - 2 ** -24], 4);
    const t = sprinkled(spread(500, 3, 0, 1), 4, [0, 1], 2);
    for (const unit of ["nats", "bits"] as const) {
      for (const reduction of ["none", "sum", "mean"] as const) {
        const options = { unit, reduction, grad: true } as const;
        const truth = binaryCrossEntropy(q, t, options);
        expectWithin(2.5, backend.k.binaryCrossEntropy(q, t, options).grad, truth.grad, `${reduction} in ${unit}`);
      }
    }
  });

  it("its gradient is within 2.5 ULP where roundings add up: 1 − q is not rounded", () => {
    const q = Float32Array.of(0.1500578224658966, 0.06866714358329773, 0.15046760439872742, 0.15781483054161072);
    const t = Float32Array.of(0.6584251523017883, 0.5748713612556458, 0.6515623927116394, 0.03170666843652725);
    const options = { reduction: "sum", grad: true } as const;
    const { grad } = backend.k.binaryCrossEntropy(q, t, options);
    expectWithin(2.5, grad, binaryCrossEntropy(q, t, options).grad, "gradient");
  });

  it("is 0 for a certain right answer and infinite for a wrong one, its gradient ±1 and infinite", () => {
    const q = Float32Array.of(0, 1, 0, 1, 0.5);
    const t = Float32Array.of(0, 1, 1, 0, 0.5);
    const { loss, grad } = backend.k.binaryCrossEntropy(q, t, { grad: true });
    expectWithin(1, loss, [0, 0, Infinity, Infinity, Math.LN2], "loss");
    expectSameBits(loss.subarray(0, 2), [0, 0], "no −0");
    expectWithin(1, grad, [1, -1, -Infinity, Infinity, 0], "gradient");
  });

  it("is NaN outside [0, 1], in its own element alone", () => {
    const q = Float32Array.of(0.5, -0.1, 1.1, Number.NaN, 0.5, 0.5, 0.5);
    const t = Float32Array.of(0.5, 0.5, 0.5, 0.5, -0.1, 1.1, Number.NaN);
    const { loss, grad } = backend.k.binaryCrossEntropy(q, t, { grad: true });
    expect(Array.from(loss, Number.isNaN)).toEqual([false, true, true, true, true, true, true]);
    expect(Array.from(grad, Number.isNaN)).toEqual([false, true, true, true, true, true, true]);
  });

  it("takes integers 0 and 1 for targets", () => {
    const q = Float32Array.of(0.25, 0.75);
    const expected = backend.k.binaryCrossEntropy(q, Float32Array.of(0, 1));
    for (const t of [Int32Array.of(0, 1), Uint8Array.of(0, 1)]) {
      expectSameBits(backend.k.binaryCrossEntropy(q, t as never), expected, t.constructor.name);
    }
  });

  it("is within 1 ULP just below 1/2, beside what is no usual probability", () => {
    const q = Float32Array.of(0.49999997, 0, 0.49999994, 1);
    const t = Float32Array.of(0, 0, 0, 1);
    expectWithin(1, backend.k.binaryCrossEntropy(q, t), binaryCrossEntropy(q, t), "loss");
  });

  it("takes −0 for 0: the gradient there is −Infinity too", () => {
    const q = Float32Array.of(-0, -0, -0, 0.5, -0);
    const t = Float32Array.of(1, 0.5, 0, 1, 2 ** -20);
    for (const reduction of ["none", "mean"] as const) {
      const { loss, grad } = backend.k.binaryCrossEntropy(q, t, { grad: true, reduction });
      const positive = backend.k.binaryCrossEntropy(q.map(Math.abs), t, { grad: true, reduction });
      expect([loss].flat()).toEqual([positive.loss].flat());
      expectSameBits(grad, positive.grad, `gradient, ${reduction}`);
      expect(grad[0]).toBe(-Infinity);
    }
    expect(binaryCrossEntropy(q, t, { grad: true }).grad[0]).toBe(-Infinity);
  });
});
