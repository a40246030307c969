// The operations whose results depend on a row, or that take more than one number: how each is called, its truth, and what
// its errors are counted in. A new operation is a row of the table.
//
// Where the true value is a sum of terms of both signs, the magnitude is the sum of their sizes; elsewhere it is the true
// value itself.

import * as reference from "xentropy/reference";
import type { Operation, Outcome } from "./outcome.js";
import type { Problem } from "./problem.js";

const NONE = "none" as const;
const SOFTMAX = { softmax: reference.softmax, logSoftmax: reference.logSoftmax };

function own(got: ArrayLike<number>, truth: Float64Array): Outcome {
  return { got, truth, magnitude: truth };
}

/** The sum of term(i) over each row, i an index into the batch. */
function rowSums({ rows, length }: Problem, term: (i: number) => number): Float64Array {
  const sums = new Float64Array(rows);
  for (let r = 0, i = 0; r < rows; r++) for (let c = 0; c < length; c++, i++) sums[r] += term(i);
  return sums;
}

export const OPERATIONS: readonly Operation[] = [
  ...(["softmax", "logSoftmax"] as const).map((name): Operation => {
    return {
      name,
      bound: 4,
      outcomes: [""],
      run: (k, { x, shape }) => [own(k[name]<Float32Array>(x, { shape }), SOFTMAX[name](x, { shape }))],
    };
  }),
  {
    name: "logSumExp",
    bound: 4,
    outcomes: [""],
    run(k, { x, shape, length }) {
      const truth = reference.logSumExp(x, { shape });
      const magnitude = truth.map((value, r) => {
        let max = -Infinity;
        for (let i = r * length; i < (r + 1) * length; i++) max = Math.max(max, x[i]);
        return Math.abs(max) + (value - max);
      });
      return [{ got: k.logSumExp<Float32Array>(x, { shape }), truth, magnitude }];
    },
  },
  {
    name: "softmaxCrossEntropy, labels",
    bound: 4,
    outcomes: ["loss", "gradient"],
    run(k, { x, labels, shape }) {
      const got = k.softmaxCrossEntropy(x, labels, { shape, reduction: NONE, grad: true });
      const truth = reference.softmaxCrossEntropy(x, labels, { shape, reduction: NONE, grad: true });
      return [own(got.loss, truth.loss), own(got.grad, truth.grad)];
    },
  },
  {
    name: "softmaxCrossEntropy, dense targets",
    bound: 4,
    outcomes: ["loss", "gradient"],
    run(k, problem) {
      const { x, targets: t, shape, length } = problem;
      const got = k.softmaxCrossEntropy(x, t, { shape, reduction: NONE, grad: true });
      const truth = reference.softmaxCrossEntropy(x, t, { shape, reduction: NONE, grad: true });
      // p·Σt − t
      const mass = rowSums(problem, (i) => t[i]);
      const p = reference.softmax(x, { shape });
      const magnitude = p.map((value, i) => value * mass[Math.floor(i / length)] + t[i]);
      return [own(got.loss, truth.loss), { got: got.grad, truth: truth.grad, magnitude }];
    },
  },
  {
    name: "softmaxCrossEntropy, smoothing and class weights",
    bound: 6,
    outcomes: ["loss", "gradient"],
    run(k, problem) {
      const { x, labels, classWeights, shape, length } = problem;
      const options = { shape, reduction: NONE, grad: true, labelSmoothing: 0.1, classWeights } as const;
      const got = k.softmaxCrossEntropy(x, labels, options);
      const truth = reference.softmaxCrossEntropy(x, labels, options);
      const t = (i: number) => {
        return classWeights[i % length] * (0.1 / length + (labels[Math.floor(i / length)] === i % length ? 0.9 : 0));
      };
      const mass = rowSums(problem, t);
      const p = reference.softmax(x, { shape });
      const magnitude = p.map((value, i) => value * mass[Math.floor(i / length)] + t(i));
      return [own(got.loss, truth.loss), { got: got.grad, truth: truth.grad, magnitude }];
    },
  },
  {
    name: "softmaxCrossEntropy, labels, gradOutput 1000",
    bound: 5,
    outcomes: ["gradient"],
    run(k, { x, labels, shape }) {
      const options = { shape, reduction: "sum", grad: true, gradOutput: 1000 } as const;
      const { grad } = k.softmaxCrossEntropy(x, labels, options);
      return [own(grad, reference.softmaxCrossEntropy(x, labels, options).grad)];
    },
  },
  {
    name: "softmaxBackward",
    bound: 4,
    outcomes: [""],
    run(k, problem) {
      const { p, upstream: dp, shape, length } = problem;
      // p·dp − p·Σ dp·p
      const sums = rowSums(problem, (i) => Math.abs(p[i] * dp[i]));
      const magnitude = Float64Array.from(p, (value, i) => value * (Math.abs(dp[i]) + sums[Math.floor(i / length)]));
      return [
        {
          got: k.softmaxBackward<Float32Array>(p, dp, { shape }),
          truth: reference.softmaxBackward(p, dp, { shape }),
          magnitude,
        },
      ];
    },
  },
  {
    name: "logSoftmaxBackward",
    bound: 4,
    outcomes: [""],
    run(k, problem) {
      const { logP, upstream, shape, length } = problem;
      // dlp − p·Σ dlp
      const sums = rowSums(problem, (i) => Math.abs(upstream[i]));
      const magnitude = Float64Array.from(
        logP,
        (value, i) => Math.abs(upstream[i]) + Math.exp(value) * sums[Math.floor(i / length)],
      );
      const truth = reference.logSoftmaxBackward(logP, upstream, { shape });
      return [{ got: k.logSoftmaxBackward<Float32Array>(logP, upstream, { shape }), truth, magnitude }];
    },
  },
  {
    name: "softmaxKlDivergence",
    bound: 4,
    outcomes: ["loss", "gradient"],
    run(k, problem) {
      const { x, teacher, shape } = problem;
      const got = k.softmaxKlDivergence(x, teacher, { shape, reduction: NONE, grad: true });
      const truth = reference.softmaxKlDivergence(x, teacher, { shape, reduction: NONE, grad: true });
      // Σ p·lp − Σ p·lq, q − p
      const lp = reference.logSoftmax(teacher, { shape });
      const lq = reference.logSoftmax(x, { shape });
      const terms = rowSums(problem, (i) => {
        const p = Math.exp(lp[i]);
        return p === 0 ? 0 : p * (Math.abs(lp[i]) + Math.abs(lq[i]));
      });
      return [
        { got: got.loss, truth: truth.loss, magnitude: terms },
        { got: got.grad, truth: truth.grad, magnitude: lp.map((value, i) => Math.exp(value) + Math.exp(lq[i])) },
      ];
    },
  },
  {
    name: "sigmoidCrossEntropy, targets 0 and 1",
    bound: 4,
    outcomes: ["loss", "gradient", "mean", "gradient of the mean"],
    elementwise: true,
    run(k, { x, hard: t, shape }) {
      const got = k.sigmoidCrossEntropy(x, t, { shape, reduction: NONE, grad: true });
      const truth = reference.sigmoidCrossEntropy(x, t, { shape, reduction: NONE, grad: true });
      const mean = k.sigmoidCrossEntropy(x, t, { shape, reduction: "mean", grad: true });
      const trueMean = reference.sigmoidCrossEntropy(x, t, { shape, reduction: "mean", grad: true });
      return [
        own(got.loss, truth.loss),
        own(got.grad, truth.grad),
        own([mean.loss], Float64Array.of(trueMean.loss)),
        own(mean.grad, trueMean.grad),
      ];
    },
  },
  {
    name: "sigmoidCrossEntropy, gradOutput 1000",
    bound: 5,
    outcomes: ["gradient"],
    elementwise: true,
    run(k, { x, hard: t, shape }) {
      const options = { shape, reduction: "sum", grad: true, gradOutput: 1000 } as const;
      const { grad } = k.sigmoidCrossEntropy(x, t, options);
      return [own(grad, reference.sigmoidCrossEntropy(x, t, options).grad)];
    },
  },
  {
    name: "sigmoidCrossEntropy, targets between",
    bound: 4,
    outcomes: ["loss", "gradient", "gradient of the mean"],
    elementwise: true,
    run(k, { x, soft: t, shape }) {
      const got = k.sigmoidCrossEntropy(x, t, { shape, reduction: NONE, grad: true });
      const truth = reference.sigmoidCrossEntropy(x, t, { shape, reduction: NONE, grad: true });
      const { grad } = k.sigmoidCrossEntropy(x, t, { shape, reduction: "mean", grad: true });
      // σ − t
      const magnitude = reference.sigmoid(x).map((value, i) => value + t[i]);
      const each = 1 / x.length;
      return [
        own(got.loss, truth.loss),
        { got: got.grad, truth: truth.grad, magnitude },
        { got: grad, truth: truth.grad.map((g) => g * each), magnitude: magnitude.map((size) => size * each) },
      ];
    },
  },
  ...[0, 1, 2, 3, 4, 5, 6].map((gamma): Operation => {
    return {
      name: `sigmoidFocalLoss, γ = ${gamma}`,
      bound: gamma > 4 ? 10 : 8,
      outcomes: ["loss", "gradient"],
      elementwise: true,
      run(k, { x, hard: t, shape }) {
        const got = k.sigmoidFocalLoss(x, t, { shape, gamma, reduction: NONE, grad: true });
        const truth = reference.sigmoidFocalLoss(x, t, { shape, gamma, reduction: NONE, grad: true });
        return [own(got.loss, truth.loss), own(got.grad, truth.grad)];
      },
    };
  }),
  {
    name: "entropy",
    bound: 4,
    outcomes: [""],
    run: (k, { p, shape }) => [own(k.entropy(p, { shape }), reference.entropy(p, { shape }))],
  },
  {
    name: "crossEntropy",
    bound: 4,
    gradientBound: 1,
    outcomes: ["loss", "gradient"],
    run(k, { p, q, shape }) {
      const got = k.crossEntropy(p, q, { shape, grad: true });
      const truth = reference.crossEntropy(p, q, { shape, grad: true });
      return [own(got.loss, truth.loss), own(got.grad, truth.grad)];
    },
  },
  ...(["q", "near"] as const).map((other): Operation => {
    return {
      name: other === "q" ? "klDivergence" : "klDivergence, q near p",
      bound: 4,
      outcomes: [""],
      run(k, problem) {
        const { p, shape } = problem;
        const q = problem[other];
        const magnitude = rowSums(problem, (i) => (p[i] === 0 ? 0 : p[i] * Math.abs(logRatio(p[i], q[i]))));
        return [{ got: k.klDivergence(p, q, { shape }), truth: reference.klDivergence(p, q, { shape }), magnitude }];
      },
    };
  }),
  ...(["q", "near"] as const).map((other): Operation => {
    return {
      name: other === "q" ? "jensenShannon" : "jensenShannon, q near p",
      bound: 4,
      gradientBound: 5,
      outcomes: ["loss", "gradient"],
      run(k, problem) {
        const { p, shape } = problem;
        const q = problem[other];
        const half = (a: number, b: number) => (a === 0 ? 0 : (a / 2) * Math.abs(logRatio(a, (a + b) / 2)));
        const magnitude = rowSums(problem, (i) => half(p[i], q[i]) + half(q[i], p[i]));
        const got = k.jensenShannon(p, q, { shape, grad: true });
        const truth = reference.jensenShannon(p, q, { shape, grad: true });
        return [{ got: got.loss, truth: truth.loss, magnitude }, own(got.grad, truth.grad)];
      },
    };
  }),
  ...(["soft", "hard"] as const).map((kind): Operation => {
    return {
      name: `binaryCrossEntropy, targets ${kind === "soft" ? "between" : "0 and 1"}`,
      bound: 4,
      gradientBound: 2.5,
      outcomes: ["loss", "gradient", "mean"],
      elementwise: true,
      run(k, { p, [kind]: t, shape }) {
        const got = k.binaryCrossEntropy(p, t, { shape, grad: true });
        const truth = reference.binaryCrossEntropy(p, t, { shape, grad: true });
        const mean = k.binaryCrossEntropy(p, t, { shape, reduction: "mean" });
        const trueMean = reference.binaryCrossEntropy(p, t, { shape, reduction: "mean" });
        return [own(got.loss, truth.loss), own(got.grad, truth.grad), own([mean], Float64Array.of(trueMean))];
      },
    };
  }),
];

function logRatio(p: number, q: number): number {
  return p > q / 2 && p < 2 * q ? Math.log1p((p - q) / q) : Math.log(p) - Math.log(q);
}
