import fc from "fast-check";
import { it } from "vitest";
import { run } from "../operations/support/operation.js";
import { operationOf } from "../operations/support/operations.js";
import { sigmoidUnit } from "../operations/support/units.js";
import { describeEachBackend } from "../support/backends.js";
import { list } from "../support/ulp.js";
import { floats, holds, logit, single } from "./support/arbitraries.js";
import { expectEqual, share } from "./support/tolerances.js";

const rows = fc
  .integer({ min: 1, max: 20 })
  .chain((n) =>
    fc.record({ n: fc.constant(n), x: floats(n, logit), t: floats(n, fc.oneof(single(0, 1), fc.constantFrom(0, 1))) }),
  );

const negative = (values: Float32Array) => values.map((value) => -value);

describeEachBackend("for any logits of two classes", (backend) => {
  it("σ(−x) = 1 − σ(x), within 2.5 ULP of each", () => {
    holds(rows, ({ x }) => {
      const up: Float32Array = backend.k.sigmoid(x);
      const down: Float32Array = backend.k.sigmoid(negative(x));
      const right = Float64Array.from(up, (value) => 1 - value);
      expectEqual(down, right, [share(2.5, down), share(2.5, up)], "sigmoid");
    });
  });

  it("logSigmoid(x) = −softplus(−x) = x − softplus(x), within 2 ULP of each", () => {
    holds(rows, ({ x }) => {
      const { k } = backend;
      const ls: Float32Array = k.logSigmoid(x);
      const minus: Float32Array = k.softplus(negative(x));
      expectEqual(ls, negative(minus), [share(4, ls)], "−softplus(−x)");
      const plus: Float32Array = k.softplus(x);
      const right = Float64Array.from(x, (value, i) => value - plus[i]);
      expectEqual(ls, right, [share(2, ls), share(2, plus)], "x − softplus(x)");
    });
  });

  it("logit undoes sigmoid, as far as its result tells probabilities apart", () => {
    const middle = fc.integer({ min: 1, max: 20 }).chain((n) => floats(n, single(-12, 12)));
    holds(middle, (x) => {
      const p: Float32Array = backend.k.sigmoid(x);
      // The slope of logit is 1/(p·(1 − p)).
      const units = Float64Array.from(p, (value) => 2 ** -23 / (1 - value));
      const back = backend.k.logit(p);
      const slack = Float64Array.from(units, (unit, i) => 2.5 * unit + Math.abs(x[i]) * 2 ** -21);
      const near = Float64Array.from(list(back), (value, i) => (Math.abs(value - x[i]) <= slack[i] ? x[i] : value));
      expectEqual(near, x, [share(0, x)], "logit");
    });
  });

  it("softmax cross-entropy with one logit fixed at 0 is sigmoid cross-entropy: loss and gradient", () => {
    holds(rows, ({ n, x }) => {
      const { k } = backend;
      const y = Int32Array.from({ length: n }, (_, i) => i % 2);
      const pairs = Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 ? x[i >> 1] : 0));
      const options = { reduction: "none", grad: true } as const;
      const two = k.softmaxCrossEntropy(pairs, y, { ...options, shape: [n, 2] });
      const one = k.sigmoidCrossEntropy(x, Float32Array.from(y), options);
      expectEqual(two.loss, one.loss, [share(8, one.loss)], "loss");
      const grad = two.grad.filter((_, i) => i % 2 === 1);
      expectEqual(grad, one.grad, [share(8, one.grad)], "gradient");
      const other = two.grad.filter((_, i) => i % 2 === 0);
      expectEqual(other, negative(one.grad), [share(8, one.grad)], "gradient to the fixed logit");
      const p = k.softmax(pairs, { shape: [n, 2] }).filter((_, i) => i % 2 === 1);
      expectEqual(p, k.sigmoid(x), [share(6.5, p)], "probabilities");
    });
  });

  it("so it is for targets between 0 and 1, as dense targets [1 − t, t]", () => {
    holds(rows, ({ n, x, t }) => {
      const { k } = backend;
      const exact = t.map((value) => Math.round(value * 1024) / 1024);
      const pairs = Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 ? x[i >> 1] : 0));
      const targets = Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 ? exact[i >> 1] : 1 - exact[i >> 1]));
      const options = { reduction: "none", grad: true } as const;
      const two = k.softmaxCrossEntropy(pairs, targets, { ...options, shape: [n, 2] });
      const one = k.sigmoidCrossEntropy(x, exact, options);
      expectEqual(two.loss, one.loss, [share(8, one.loss)], "loss");
      const grad = two.grad.filter((_, i) => i % 2 === 1);
      const units = Float64Array.from(x, (value, i) => sigmoidUnit(value, exact[i], 0, 1, 1));
      const dense = Float64Array.from(k.sigmoid(x), (value, i) => value + exact[i]);
      expectEqual(grad, one.grad, [share(4, units), share(4, dense)], "gradient");
    });
  });

  it("swapping the classes changes nothing: loss(x, t) = loss(−x, 1 − t)", () => {
    holds(rows, ({ x, t }) => {
      const exact = t.map((value) => Math.round(value * 1024) / 1024);
      const options = { reduction: "none", grad: true } as const;
      const a = backend.k.sigmoidCrossEntropy(x, exact, options);
      const b = backend.k.sigmoidCrossEntropy(
        negative(x),
        exact.map((value) => 1 - value),
        options,
      );
      expectEqual(a.loss, b.loss, [share(8, a.loss)], "loss");
      const units = Float64Array.from(x, (value, i) => sigmoidUnit(value, exact[i], 0, 1, 1));
      expectEqual(a.grad, negative(b.grad), [share(8, units)], "gradient");
    });
  });

  it("the focal loss with γ = 0 is the cross-entropy, and α weighs the classes", () => {
    holds(rows, ({ x, t }) => {
      const hard = t.map(Math.round);
      const options = { reduction: "none" } as const;
      const plain = backend.k.sigmoidCrossEntropy(x, hard, options).loss;
      expectEqual(
        backend.k.sigmoidFocalLoss(x, hard, { ...options, gamma: 0 }).loss,
        plain,
        [share(12, plain)],
        "γ = 0",
      );
      const weighed = Float64Array.from(plain, (loss, i) => (hard[i] ? 0.25 : 0.75) * loss);
      const focal = backend.k.sigmoidFocalLoss(x, hard, { ...options, gamma: 0, alpha: 0.25 }).loss;
      expectEqual(focal, weighed, [share(14, weighed)], "α = ¼");
    });
  });

  it("the sum is the mean times the number of elements, loss and gradient", () => {
    holds(rows, ({ n, x, t }) => {
      for (const name of ["sigmoidCrossEntropy", "sigmoidFocalLoss"]) {
        const of = (reduction: string) =>
          run(backend.k, operationOf(name), [x, t], { shape: [n], reduction, grad: true });
        const [sum, mean] = [of("sum"), of("mean")];
        for (const output of ["loss", "grad"]) {
          const right = Float64Array.from(list(mean[output]), (value) => value * n);
          // The mean is rounded once more, and so is its factor 1/n.
          expectEqual(sum[output], right, [share(2, sum[output]), share(2 * n, mean[output])], `${name}, ${output}`);
        }
      }
    });
  });

  it("binaryCrossEntropy of σ(x) is the loss of the logit, as far as σ(x) keeps it", () => {
    const middle = fc
      .integer({ min: 1, max: 20 })
      .chain((n) => fc.record({ x: floats(n, single(-8, 8)), t: floats(n, fc.constantFrom(0, 1, 0.25)) }));
    holds(middle, ({ x, t }) => {
      const q: Float32Array = backend.k.sigmoid(x);
      const direct = backend.k.sigmoidCrossEntropy(x, t, { reduction: "none" }).loss;
      // q is off by 2.5 ULP, which −t·log q − (1 − t)·log(1 − q) carries on through t/q and (1 − t)/(1 − q).
      const slopes = Float64Array.from(q, (p, i) => (t[i] / p + (1 - t[i]) / (1 - p)) * p);
      const shares = [share(8, direct), share(5, slopes)];
      expectEqual(backend.k.binaryCrossEntropy(q, t), direct, shares, "loss");
    });
  });
});
