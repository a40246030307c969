import { aimsAtLabel, BLOCK } from "../backend.js";
import { largest } from "./argmax.js";
import { othersThan } from "./cross-entropy.js";
import { max } from "./math/max.js";
import { subtract } from "./math/subtract.js";
import type { Memory } from "./memory.js";
import {
  accumulate,
  accumulateSums,
  begin,
  blockFactor,
  finish,
  pushSplit,
  rowEmpty,
  rowGap,
  rowLog,
  rowMass,
  rowMax,
} from "./row.js";
import { softmaxApply } from "./softmax.js";

/** Softmax cross-entropy with every option: assembly/cross-entropy-general.ts has the formulas and the contract. */
const { fround } = Math;

export function softmaxCrossEntropyGeneral(
  memory: Memory,
  x: number,
  base: number,
  baseStep: number,
  labels: number,
  spikes: number,
  scales: number,
  zLoss: number,
  grad: number,
  losses: number,
  lses: number,
  rows: number,
  cols: number,
  state: number,
  maxima: number,
  e: number,
): void {
  const { f32, f64, i32 } = memory;
  const bytes = cols * 4;
  for (let row = 0; row < rows; row++, x += bytes, base += baseStep) {
    const to = grad ? grad + row * bytes : 0;
    const label = labels ? i32[(labels >>> 2) + row] : 0;
    const counts = label >= 0;
    // The largest element is found before the gradient may replace the row.
    const most = lses && cols ? largest(memory, x, cols) : 0;
    const spike = counts && labels ? f64[(spikes >>> 3) + row] : 0;
    const at = Math.max(label, 0);
    const xLabel = labels && cols ? f32[(x >>> 2) + at] : 0;
    begin(memory, state);
    if (base) accumulateDense(memory, state, maxima, x, base, to ? to : e, to !== 0, cols);
    else if (to) accumulate(memory, state, maxima, x, to, cols, true);
    else accumulateSums(memory, state, x, e, cols);
    finish(memory, state);
    const lse = lses || zLoss !== 0 ? logSumExpOf(memory, state, most) : 0;
    if (lses) f64[(lses >>> 3) + row] = lse;
    f64[(losses >>> 3) + row] = counts ? generalLoss(memory, state, xLabel, spike, zLoss, lse) : 0;
    if (!to) continue;
    if (!counts) {
      f32.fill(0, to >>> 2, (to >>> 2) + cols);
      continue;
    }
    const factor = f64[(scales >>> 3) + row];
    const atLabel = (to >>> 2) + at;
    let value = 0;
    const aimed = labels !== 0 && aimsAtLabel(spike, base, zLoss);
    if (aimed) {
      const m = f32[(maxima >>> 2) + Math.floor(at / BLOCK)];
      const target = base ? f32[(base >>> 2) + at] : 0;
      value = labelGradient(memory, state, xLabel, f32[atLabel], m, target, spike, zLoss, lse);
    }
    generalApply(memory, state, maxima, base, to, cols, spike, zLoss, lse, factor);
    if (aimed) f32[atLabel] = 0 + value * factor;
  }
}

/** The row's log-sum-exp, given its largest element or NaN (argmax.ts). */
export function logSumExpOf(memory: Memory, state: number, most: number): number {
  if (rowEmpty(memory, state)) return -Infinity;
  const largest = fround(most);
  return Number.isFinite(largest) ? rowMax(memory, state) + rowLog(memory, state) : largest;
}

/** A finished row's loss. */
export function generalLoss(
  memory: Memory,
  state: number,
  xLabel: number,
  spike: number,
  zLoss: number,
  lse: number,
): number {
  const log = rowLog(memory, state);
  const dense = rowEmpty(memory, state) ? 0 : rowGap(memory, state) + log * rowMass(memory, state);
  const atLabel = spike === 0 ? 0 : spike * (rowMax(memory, state) - xLabel + log);
  return dense + atLabel + (zLoss === 0 ? 0 : zLoss * lse * lse);
}

/** The slope of the z-loss λL² in L, 2λL: in the gradient it adds to Σ t. */
function zLossSlope(zLoss: number, lse: number): number {
  return zLoss === 0 ? 0 : 2 * zLoss * lse;
}

/** The gradient at the label, before scaling. */
export function labelGradient(
  memory: Memory,
  state: number,
  xLabel: number,
  stored: number,
  max: number,
  base: number,
  spike: number,
  zLoss: number,
  lse: number,
): number {
  const p = fround(stored) * blockFactor(memory, state, fround(max));
  const rest = p * (rowMass(memory, state) + zLossSlope(zLoss, lse)) - fround(base);
  return rest - spike * othersThan(memory, state, xLabel, stored, max);
}

/** The gradient of n columns from their stored exponentials, as if no label were among them. */
export function generalApply(
  memory: Memory,
  state: number,
  maxima: number,
  base: number,
  grad: number,
  n: number,
  spike: number,
  zLoss: number,
  lse: number,
  factor: number,
): void {
  const mass = rowMass(memory, state) + spike + zLossSlope(zLoss, lse);
  if (base) denseApply(memory, state, maxima, base, grad, n, mass, factor);
  else softmaxApply(memory, state, maxima, grad, n, mass * factor);
}

/** As `accumulate`, with the targets' sums. Exponentials are kept at `out`, or those of each block go over the last one's. */
export function accumulateDense(
  memory: Memory,
  state: number,
  maxima: number,
  x: number,
  t: number,
  out: number,
  keep: boolean,
  n: number,
): void {
  for (let i = 0; i < n; i += BLOCK) {
    const count = Math.min(n - i, BLOCK);
    const m = max(memory, x + i * 4, count);
    memory.f32[(maxima >>> 2) + i / BLOCK] = m;
    const { gap, mass } = sumTargets(memory, x + i * 4, t + i * 4, count, m === -Infinity ? 0 : m);
    pushSplit(memory, state, m, x + i * 4, keep ? out + i * 4 : out, count, gap, mass);
  }
}

/**
 * Σ t·(max − x) and Σ t in float64, terms with t = 0 left out (x may be −Infinity there). Four lanes in turn: see math/sum.ts.
 */
function sumTargets(memory: Memory, x: number, t: number, n: number, max: number): { gap: number; mass: number } {
  const { f32 } = memory;
  const xs = x >>> 2;
  const ts = t >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let massA = 0;
  let massB = 0;
  let massC = 0;
  let massD = 0;
  for (let i = 0; i < n; i++) {
    const target = f32[ts + i];
    const sum = a + (target === 0 ? 0 : target * (max - f32[xs + i]));
    a = b;
    b = c;
    c = d;
    d = sum;
    const mass = massA + target;
    massA = massB;
    massB = massC;
    massC = massD;
    massD = mass;
  }
  return { gap: a + c + (b + d), mass: massA + massC + (massB + massD) };
}

/** grad ← e·(mass·factor/Σ e) − t·factor in float64: the two may cancel, so only their difference is rounded. */
function denseApply(
  memory: Memory,
  state: number,
  maxima: number,
  t: number,
  grad: number,
  n: number,
  mass: number,
  factor: number,
): void {
  for (let i = 0; i < n; i += BLOCK) {
    const m = memory.f32[(maxima >>> 2) + i / BLOCK];
    const byExponential = blockFactor(memory, state, m) * (mass * factor);
    const to = grad + i * 4;
    subtract(memory, to, t + i * 4, to, Math.min(n - i, BLOCK), byExponential, factor);
  }
}
