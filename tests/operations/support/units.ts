import type { Shape } from "../../../src/index.js";
import { gathered, rowsOver } from "./rows.js";

/**
 * What error bounds are counted in. The unit of a result is the ULP of its true value; where that is a sum of signed
 * terms, which may cancel, it is the ULP of the sum of their magnitudes, and that sum is what these functions give.
 */

type Numbers = ArrayLike<number>;
type Axes = number | readonly number[] | undefined;

/** The maximum, and log Σ exp(z − max), kept apart from 1 where it is small. A row without a finite maximum has log 0. */
function peak(z: Float64Array): { max: number; log: number } {
  let at = 0;
  for (let i = 1; i < z.length; i++) if (z[i] > z[at]) at = i;
  const max = z.length > 0 ? z[at] : -Infinity;
  if (!Number.isFinite(max)) return { max, log: 0 };
  let rest = 0;
  for (let i = 0; i < z.length; i++) if (i !== at) rest += Math.exp(z[i] - max);
  return { max, log: Math.log1p(rest) };
}

/** |max| + log Σ exp(z − max), a value a row. */
export function logSumExpUnits(z: Numbers, shape: Shape, axes: Axes): Float64Array {
  return Float64Array.from(rowsOver(shape, axes), (row) => {
    const { max, log } = peak(gathered(z, row));
    return Math.abs(max) + log;
  });
}

/** |p|·(|dp| + Σ |dp·p|) */
export function softmaxBackwardUnits(p: Numbers, dp: Numbers, shape: Shape, axis: Axes): Float64Array {
  const units = new Float64Array(p.length);
  for (const row of rowsOver(shape, axis)) {
    let sum = 0;
    for (const i of row) sum += Math.abs(dp[i] * p[i]);
    for (const i of row) units[i] = Math.abs(p[i]) * (Math.abs(dp[i]) + sum);
  }
  return units;
}

/** |dlp| + exp(lp)·Σ |dlp| */
export function logSoftmaxBackwardUnits(lp: Numbers, dlp: Numbers, shape: Shape, axis: Axes): Float64Array {
  const units = new Float64Array(lp.length);
  for (const row of rowsOver(shape, axis)) {
    let sum = 0;
    for (const i of row) sum += Math.abs(dlp[i]);
    for (const i of row) units[i] = Math.abs(dlp[i]) + Math.exp(lp[i]) * sum;
  }
  return units;
}

export interface CrossEntropyTerms {
  /** Logits after softcap and temperature. */
  readonly z: Numbers;
  readonly shape: Shape;
  readonly axis: Axes;
  /** A class a position, −1 for an ignored one; or else a target an element. */
  readonly labels?: Int32Array | undefined;
  readonly dense?: Numbers | undefined;
  readonly smoothing: number;
  readonly classWeights?: Numbers | undefined;
  readonly sampleWeights?: Numbers | undefined;
  readonly zLoss: number;
}

/**
 * Loss: v·(Σ |t″·lp| + λ·L²), L = |max| + log Σ exp(z − max). Gradient: v·((Σ |t″| + 2λL)·p + |t″|), before whatever
 * scales it.
 */
export function crossEntropyUnits(terms: CrossEntropyTerms): { losses: Float64Array; grad: Float64Array } {
  const { z, shape, axis, labels, dense, smoothing, classWeights, sampleWeights, zLoss } = terms;
  const rows = rowsOver(shape, axis);
  const losses = new Float64Array(rows.length);
  const grad = new Float64Array(z.length);
  rows.forEach((row, r) => {
    const label = labels ? labels[r] : 0;
    if (label < 0) return;
    const { max, log } = peak(gathered(z, row));
    const v = sampleWeights ? sampleWeights[r] : 1;
    const target = Float64Array.from(row, (at, c) => {
      const given = dense ? dense[at] : c === label ? 1 : 0;
      return Math.abs((classWeights ? classWeights[c] : 1) * (given * (1 - smoothing) + smoothing / row.length));
    });
    const mass = target.reduce((a, b) => a + b, 0);
    const size = Math.abs(max) + log;
    let loss = zLoss * size * size;
    row.forEach((at, c) => {
      const p = Math.exp(z[at] - max - log);
      const own = target[c];
      if (own !== 0) loss += own * (max - z[at] + log);
      grad[at] = v * ((mass + 2 * zLoss * size) * p + own);
    });
    losses[r] = v * loss;
  });
  return { losses, grad };
}

/** Σ |term(p, q)|, a value a row. */
export function divergenceUnits(
  term: (p: number, q: number) => number,
  p: Numbers,
  q: Numbers,
  shape: Shape,
  axis: Axes,
): Float64Array {
  return Float64Array.from(rowsOver(shape, axis), (row) => {
    let sum = 0;
    for (const i of row) sum += Math.abs(term(p[i], q[i]));
    return sum;
  });
}

/** Loss: T²·Σ p·|log(p/q)|. Gradient: T·(p + q), p the teacher's softmax and q the student's. */
export function distillationUnits(
  student: Numbers,
  teacher: Numbers,
  temperature: number,
  shape: Shape,
  axis: Axes,
): { losses: Float64Array; grad: Float64Array } {
  const grad = new Float64Array(student.length);
  const losses = Float64Array.from(rowsOver(shape, axis), (row) => {
    const x = peak(gathered(student, row));
    const y = peak(gathered(teacher, row));
    let sum = 0;
    for (const i of row) {
      const lq = student[i] - x.max - x.log;
      const lp = teacher[i] - y.max - y.log;
      const p = Math.exp(lp);
      if (p !== 0) sum += p * Math.abs(lp - lq);
      grad[i] = temperature * (p + Math.exp(lq));
    }
    return temperature * temperature * sum;
  });
  return { losses, grad };
}

/** σ(x) without cancellation. */
function sigmoidOf(x: number): number {
  return x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x));
}

function softplusOf(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** u·((1 − t′)·σ(x) + pw·t′·σ(−x)) of one element; t′ the smoothed target. */
export function sigmoidUnit(x: number, t: number, smoothing: number, positive: number, weight: number): number {
  const hit = t * (1 - smoothing) + smoothing / 2;
  return weight * ((1 - hit) * sigmoidOf(x) + positive * hit * sigmoidOf(-x));
}

/** The sum of the magnitudes of the focal loss's derivative: through the focus m^γ, and through the loss. */
export function focalUnit(x: number, t: number, alpha: number | undefined, gamma: number): number {
  const up = sigmoidOf(x);
  const down = sigmoidOf(-x);
  const m = (1 - t) * up + t * down;
  const weight = alpha === undefined ? 1 : alpha * t + (1 - alpha) * (1 - t);
  const cost = (t === 0 ? 0 : t * softplusOf(-x)) + (t === 1 ? 0 : (1 - t) * softplusOf(x));
  const slope = Math.abs(1 - 2 * t) * up * down;
  const bend = gamma === 0 || slope === 0 ? 0 : gamma * m ** (gamma - 1) * slope * cost;
  return weight * (bend + m ** (gamma + 1));
}
