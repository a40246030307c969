import fc from "fast-check";
import { it } from "vitest";
import { type Options, run } from "../operations/support/operation.js";
import { operationOf } from "../operations/support/operations.js";
import { gathered, rowsOver, sizeOf } from "../operations/support/rows.js";
import { describeEachBackend } from "../support/backends.js";
import { list, type Values } from "../support/ulp.js";
import {
  batches,
  distributions,
  floats,
  holds,
  type Layout,
  labels,
  logits,
  single,
  weights,
} from "./support/arbitraries.js";
import { expectEqual, share } from "./support/tolerances.js";

const LABELS = operationOf("softmaxCrossEntropy with labels");
const DENSE = operationOf("softmaxCrossEntropy with dense targets");

/** Options that an identity doesn't depend on. */
function options({ classes, positions }: Layout): fc.Arbitrary<Options> {
  const some = {
    classWeights: weights(classes),
    sampleWeights: weights(positions),
    labelSmoothing: fc.constantFrom(0, 0.1, 0.7),
    zLoss: fc.constantFrom(0, 1e-3),
    temperature: fc.constantFrom(1, 0.5, 3),
    softcap: fc.constantFrom(2, 20),
  };
  return fc.record(some, { requiredKeys: [] });
}

const batch = batches((layout) => ({
  x: logits(layout),
  y: labels(layout),
  t: distributions(layout),
  options: options(layout),
}));

/** One-hot targets of labels. */
function oneHot(y: Int32Array, { shape, axis }: Layout): Float32Array {
  const t = new Float32Array(sizeOf(shape));
  rowsOver(shape, axis).forEach((row, r) => {
    t[row[y[r]]] = 1;
  });
  return t;
}

/** What a result may be off: the operation's bound with these options, of its terms. */
function within(
  k: Parameters<typeof run>[0],
  operation: typeof LABELS,
  operands: Parameters<typeof operation.truth>[0],
  all: Options,
) {
  const truths = operation.truth(operands, all, k);
  const factors = ["classWeights", "sampleWeights", "labelSmoothing", "zLoss", "softcap", "gradOutput"];
  const bound = 4 + factors.filter((name) => all[name] !== undefined).length;
  return (name: "loss" | "grad") => share(bound, truths[name].units ?? truths[name].values);
}

describeEachBackend("for any softmax cross-entropy", (backend) => {
  it("one-hot dense targets are labels: each loss and gradient within the sum of the bounds", () => {
    holds(batch, ({ x, y, options, ...layout }) => {
      const { shape, axis } = layout;
      const all = { shape, axis, reduction: "none", grad: true, ...options };
      const t = oneHot(y, layout);
      const hard = run(backend.k, LABELS, [x, y], all);
      const soft = run(backend.k, DENSE, [x, t], all);
      const [a, b] = [within(backend.k, LABELS, [x, y], all), within(backend.k, DENSE, [x, t], all)];
      expectEqual(soft.loss, hard.loss, [a("loss"), b("loss")], "loss");
      expectEqual(soft.grad, hard.grad, [a("grad"), b("grad")], "gradient");
    });
  });

  it("gradient rows sum to 0 without z-loss and softcap, within the bound of each element", () => {
    holds(batch, ({ x, y, t, options: { zLoss, softcap, ...options }, ...layout }) => {
      const { shape, axis } = layout;
      const all = { shape, axis, reduction: "sum", grad: true, ...options };
      for (const [operation, targets] of [
        [LABELS, y],
        [DENSE, t],
      ] as const) {
        const { grad } = run(backend.k, operation, [x, targets], all);
        const { bound, units } = within(backend.k, operation, [x, targets], all)("grad");
        for (const row of rowsOver(shape, axis)) {
          const shares = Array.from(row, (i) => share(bound, list(units)[i]));
          expectEqual(
            gathered(list(grad), row).reduce((a, b) => a + b, 0),
            0,
            shares,
            operation.name,
          );
        }
      }
    });
  });

  it("smoothing lies between the label's loss and the mean over all classes: (1 − ε)·l_y + ε·l̄", () => {
    const smooth = batches((layout) => ({ x: logits(layout), y: labels(layout), epsilon: single(0, 1) }));
    holds(smooth, ({ x, y, epsilon: labelSmoothing, ...layout }) => {
      const { shape, axis, classes } = layout;
      const all = { shape, axis, reduction: "none" };
      const uniform = new Float32Array(x.length).fill(1 / classes);
      const hard = list(run(backend.k, LABELS, [x, y], all).loss);
      const even = list(run(backend.k, DENSE, [x, uniform], all).loss);
      const mixed = Float64Array.from(hard, (loss, r) => (1 - labelSmoothing) * loss + labelSmoothing * even[r]);
      const got = run(backend.k, LABELS, [x, y], { ...all, labelSmoothing }).loss;
      const shares = [
        share(5, got),
        share(4, hard.length > 0 ? Float64Array.from(hard, (loss) => (1 - labelSmoothing) * loss) : []),
        // 1/C is rounded too.
        share(
          5,
          Float64Array.from(even, (loss) => labelSmoothing * loss),
        ),
      ];
      expectEqual(got, mixed, shares, "loss");
    });
  });

  it("the sum is the mean times its divisor, loss and gradient", () => {
    holds(batch, ({ x, y, t, options, ...layout }) => {
      const { shape, axis } = layout;
      const { classWeights, sampleWeights } = options as Record<string, Float32Array | undefined>;
      for (const [operation, targets] of [
        [LABELS, y],
        [DENSE, t],
      ] as const) {
        const operands = [x, targets] as const;
        const of = (reduction: string) => {
          const all = { shape, axis, grad: true, ...options, reduction };
          return { got: run(backend.k, operation, operands, all), share: within(backend.k, operation, operands, all) };
        };
        const [sum, mean] = [of("sum"), of("mean")];
        let divisor = 0;
        for (let r = 0; r < y.length; r++) {
          divisor += (sampleWeights?.[r] ?? 1) * (operation === LABELS ? (classWeights?.[y[r]] ?? 1) : 1);
        }
        for (const name of ["loss", "grad"] as const) {
          const times = (values: Values) => Float64Array.from(list(values), (value) => value * divisor);
          const ofMean = mean.share(name);
          const shares = [sum.share(name), share(ofMean.bound, times(ofMean.units))];
          // An ULP of the mean, times the divisor, may be two of the product.
          expectEqual(sum.got[name], times(mean.got[name]), [...shares, shares[1]], `${operation.name}, ${name}`);
        }
      }
    });
  });

  it("the sum is that of the losses with none, within the bound of each", () => {
    holds(batch, ({ x, y, options, shape, axis }) => {
      const all = { shape, axis, ...options };
      const none = run(backend.k, LABELS, [x, y], { ...all, reduction: "none" });
      const { loss } = run(backend.k, LABELS, [x, y], { ...all, reduction: "sum" });
      const total = Array.from(list(none.loss)).reduce((a, b) => a + b, 0);
      const { bound, units } = within(backend.k, LABELS, [x, y], { ...all, reduction: "none" })("loss");
      const shares = Array.from(list(units), (unit) => share(bound, unit));
      expectEqual(loss, total, [...shares, share(1, total)], "loss");
    });
  });

  it("it is nllLoss of logSoftmax, and its gradient comes back through logSoftmaxBackward", () => {
    holds(batch, ({ x, y, shape, axis }) => {
      const { k } = backend;
      const all = { shape, axis, reduction: "none", grad: true };
      const lp: Float32Array = k.logSoftmax(x, { shape, axis });
      const nll = run(k, operationOf("nllLoss"), [lp, y], all);
      const direct = run(k, LABELS, [x, y], all);
      expectEqual(direct.loss, nll.loss, [share(8, direct.loss)], "loss");
      const back = k.logSoftmaxBackward(lp, Float32Array.from(list(nll.grad)), { shape, axis });
      // exp(lp) − 1 at the label: in units of 1, and of the 4 ULP of lp in the exponent.
      const units = Float64Array.from(lp, (value) => Math.exp(value) * (1 + Math.abs(value)) + 1);
      expectEqual(direct.grad, back, [share(4, direct.grad), share(8, units)], "gradient");
    });
  });

  it("a loss of weights that are all the same number is that number times the loss", () => {
    const same = batches((layout) => ({ x: logits(layout), y: labels(layout), w: single(0.125, 8) }));
    holds(same, ({ x, y, w, shape, axis, classes, positions }) => {
      const all = { shape, axis, reduction: "none", grad: true };
      const plain = run(backend.k, LABELS, [x, y], all);
      const forms = [
        { classWeights: new Float32Array(classes).fill(w) },
        { sampleWeights: new Float32Array(positions).fill(w) },
      ];
      for (const weights of forms) {
        const got = run(backend.k, LABELS, [x, y], { ...all, ...weights });
        for (const name of ["loss", "grad"] as const) {
          const right = Float64Array.from(list(plain[name]), (value) => w * value);
          expectEqual(got[name], right, [share(5, right), share(8, right)], name);
        }
      }
    });
  });

  it("softmaxKlDivergence of any teacher is its cross-entropy as dense targets, less the teacher's entropy", () => {
    const pair = batches((layout) => ({ x: logits(layout), y: logits(layout, single(-8, 8)) }));
    holds(pair, ({ x, y, shape, axis }) => {
      const { k } = backend;
      const all = { shape, axis, reduction: "none" } as const;
      const p: Float32Array = k.softmax(y, { shape, axis });
      const cross = k.softmaxCrossEntropy(x, p, all).loss;
      const entropy = k.entropy(p, { shape, axis });
      const right = Float64Array.from(cross, (value, r) => value - entropy[r]);
      const kl = k.softmaxKlDivergence(x, y, all).loss;
      // Each p is off by 4 ULP, which p·log(p/q) carries on through its slope 1 + log(p/q).
      const terms = Float64Array.from(cross, (value, r) => value + entropy[r]);
      const slopes = terms.map((value) => 1 + value);
      expectEqual(kl, right, [share(4, cross), share(4, entropy), share(4, terms), share(8, slopes)], "loss");
    });
  });

  it("floats of any finite value give a loss that is a number of at least 0", () => {
    const any = batches((layout) => ({
      x: floats(sizeOf(layout.shape), fc.float({ noNaN: true, noDefaultInfinity: true })),
      y: labels(layout),
    }));
    holds(any, ({ x, y, shape, axis }) => {
      const { loss } = run(backend.k, LABELS, [x, y], { shape, axis, reduction: "none" });
      const right = Float64Array.from(list(loss), (value) => Math.max(value, 0));
      expectEqual(loss, right, [share(0, right)], "loss");
    });
  });
});
