// Options with which more errors meet in one result than without, for tools/verify-rows.ts: rows of the table of operations.

import type { Xentropy } from "xentropy";
import * as reference from "xentropy/reference";
import type { Operation, Outcome } from "./outcome.js";
import type { Problem } from "./problem.js";

const Z_LOSS = 2 ** 20;
const SOFTCAP = 5;

/** Each row moved to where its largest logit is 2^-24, whose exponential is off by as much as one so near 1 can be. */
function besideZero({ x, length }: Problem): Float32Array {
  const moved = x.slice();
  for (let i = 0; i < x.length; i += length) {
    const row = moved.subarray(i, i + length);
    const max = row.reduce((most, value) => Math.max(most, value), -Infinity);
    if (!Number.isFinite(max)) continue;
    for (let c = 0; c < length; c++) row[c] = row[c] - max + 2 ** -24;
  }
  return moved;
}

function withZLoss(k: Xentropy, problem: Problem): Outcome[] {
  const { labels, shape, length, rows } = problem;
  const x = besideZero(problem);
  const options = { shape, reduction: "none", grad: true, zLoss: Z_LOSS } as const;
  const got = k.softmaxCrossEntropy(x, labels, options);
  const truth = reference.softmaxCrossEntropy(x, labels, options);
  const lse = reference.logSumExp(x, { shape });
  const sizes = new Float64Array(rows);
  for (let r = 0; r < rows; r++) {
    const max = x.subarray(r * length, (r + 1) * length).reduce((most, value) => Math.max(most, value), -Infinity);
    sizes[r] = Math.abs(max) + (lse[r] - max);
  }
  // p·(1 + 2λ·size) and, at the label, 1
  const lp = reference.logSoftmax(x, { shape });
  const magnitude = lp.map((value, i) => {
    const r = Math.floor(i / length);
    const p = Math.exp(value);
    return labels[r] === i % length ? p * 2 * Z_LOSS * sizes[r] - Math.expm1(value) : p * (1 + 2 * Z_LOSS * sizes[r]);
  });
  const losses = truth.loss.map((loss, r) => loss + Z_LOSS * (sizes[r] ** 2 - lse[r] ** 2));
  return [
    { got: got.loss, truth: truth.loss, magnitude: losses },
    { got: got.grad, truth: truth.grad, magnitude },
  ];
}

/** The gradient is judged from the capped logits that the kernels have. */
function withSoftcap(k: Xentropy, { x, labels, shape }: Problem): Outcome[] {
  const options = { shape, reduction: "sum", grad: true } as const;
  const { grad: got } = k.softmaxCrossEntropy(x, labels, { ...options, softcap: SOFTCAP });
  const single = { shape: [x.length, 1], softcap: SOFTCAP, logSumExp: true } as const;
  const capped = k.softmaxCrossEntropy(x, new Int32Array(x.length), single).logSumExp as Float32Array;
  const { grad } = reference.softmaxCrossEntropy(capped, labels, options);
  const truth = grad.map((value, i) => {
    const e = Math.exp((-2 * Math.abs(x[i])) / SOFTCAP);
    return (value * 4 * e) / (1 + e) ** 2;
  });
  return [{ got, truth, magnitude: truth }];
}

export const LOGIT_OPTIONS: readonly Operation[] = [
  { name: "softmaxCrossEntropy, zLoss 2^20", bound: 7, outcomes: ["loss", "gradient"], run: withZLoss },
  { name: "softmaxCrossEntropy, softcap 5", bound: 7, outcomes: ["gradient"], run: withSoftcap },
];
