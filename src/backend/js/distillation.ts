import { BLOCK } from "../backend.js";
import { power2 } from "./math/bits.js";
import { expBlock } from "./math/exp-block.js";
import { max } from "./math/max.js";
import { exp } from "./math/scalar.js";
import { subtract } from "./math/subtract.js";
import type { Memory } from "./memory.js";
import { begin, blockFactor, finish, pushSplit, rowLog, rowMax, rowTargets } from "./row.js";

/**
 * KL divergence of two softmaxes from their logits: assembly/distillation.ts has the contract, distillation-terms.ts beside it
 * the formulas.
 */

const EVEN = 4.76837158203125e-7; // 2^-21
const LEAST = 6.223015277861142e-61; // 2^-200
const LOG_LEAST = -138.62943611198907;
const LEAST_FACTOR = 1.90109156629516e-211; // 2^-700
const FAR = 4096;
const NEAR = 0.0009765625; // 2^-10

const ROUND = 6755399441055744; // 1.5·2^52
const Q0 = 0.16666666529632318;
const Q1 = 0.0416665125741122;
const Q2 = 0.008333367191626527;
const Q3 = 0.0013930391906135876;
const Q4 = 0.00019851878698311508;

export function softmaxKlDivergence(
  memory: Memory,
  x: number,
  y: number,
  grad: number,
  scales: number,
  losses: number,
  rows: number,
  cols: number,
  stateX: number,
  stateY: number,
  e: number,
  room: number,
): void {
  const { f64 } = memory;
  const bytes = cols * 4;
  const kept = cols <= room;
  const other = e + (kept ? room : BLOCK) * 4;
  for (let row = 0; row < rows; row++, x += bytes, y += bytes) {
    begin(memory, stateX);
    begin(memory, stateY);
    accumulate(memory, stateX, stateY, x, y, e, other, cols, kept);
    finish(memory, stateX);
    finish(memory, stateY);
    const factor = f64[(scales >>> 3) + row];
    const to = grad ? grad + row * bytes : 0;
    const sums = rowTargets(stateX);
    apply(memory, stateX, stateY, x, y, to, e, other, cols, factor, sums, kept);
    f64[(losses >>> 3) + row] = cols ? klLoss(memory, sums) : 0;
  }
}

/** Takes n columns of both rows into their states. */
export function klAccumulate(
  memory: Memory,
  stateX: number,
  stateY: number,
  x: number,
  y: number,
  e: number,
  n: number,
): void {
  accumulate(memory, stateX, stateY, x, y, e, e + BLOCK * 4, n, false);
}

/** The student's exponentials to e, the teacher's to `other`; with `kept` each block's to a place of its own there. */
function accumulate(
  memory: Memory,
  stateX: number,
  stateY: number,
  x: number,
  y: number,
  e: number,
  other: number,
  n: number,
  kept: boolean,
): void {
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    const place = kept ? at : 0;
    pushSplit(memory, stateX, max(memory, x + at, count), x + at, e + place, count, 0, 0);
    pushSplit(memory, stateY, max(memory, y + at, count), y + at, other + place, count, 0, 0);
  }
}

/** Adds Σ p·φ(u) over n columns to the first of the two float64 at `sums`, Σ p·u to the second, and makes the gradient. */
export function klApply(
  memory: Memory,
  stateX: number,
  stateY: number,
  x: number,
  y: number,
  grad: number,
  e: number,
  n: number,
  scale: number,
  sums: number,
): void {
  apply(memory, stateX, stateY, x, y, grad, e, e + BLOCK * 4, n, scale, sums, false);
}

function apply(
  memory: Memory,
  stateX: number,
  stateY: number,
  x: number,
  y: number,
  grad: number,
  e: number,
  other: number,
  n: number,
  scale: number,
  sums: number,
  kept: boolean,
): void {
  const mx = rowMax(memory, stateX);
  const my = rowMax(memory, stateY);
  const logX = rowLog(memory, stateX);
  const logY = rowLog(memory, stateY);
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    const maxX = max(memory, x + at, count);
    const maxY = max(memory, y + at, count);
    const place = kept ? at : 0;
    if (!kept) expBlock(memory, y + at, other, count, maxY);
    const factorY = blockFactor(memory, stateY, maxY);
    addTerms(memory, x + at, y + at, other + place, count, mx, my, logX, logY, factorY, sums);
    if (grad) {
      if (!kept) expBlock(memory, x + at, e, count, maxX);
      const factorX = blockFactor(memory, stateX, maxX);
      subtract(memory, e + place, other + place, grad + at, count, factorX * scale, factorY * scale);
    }
  }
}

/** The loss, given the address of the sums over all columns. */
export function klLoss({ f64 }: Memory, sums: number): number {
  const sum = f64[sums >>> 3];
  const r = sum - f64[(sums >>> 3) + 1];
  return Math.max(sum < NEAR ? sum - r * r * (0.5 - r * 0.3333333333333333) : sum, 0);
}

/** Adds a block's two sums. Four lanes in turn: see math/sum.ts. */
function addTerms(
  { f32, f64 }: Memory,
  x: number,
  y: number,
  e: number,
  n: number,
  maxX: number,
  maxY: number,
  logX: number,
  logY: number,
  blockFactor: number,
  sums: number,
): void {
  const xs = x >>> 2;
  const ys = y >>> 2;
  const es = e >>> 2;
  const difference = logY - logX;
  const c = Math.abs(difference) < EVEN ? 0 : difference;
  const factor = Math.max(blockFactor, LEAST_FACTOR);
  const least = LEAST / factor;
  const floor = logY + LOG_LEAST;
  let a = 0;
  let b = 0;
  let c0 = 0;
  let d = 0;
  let meanA = 0;
  let meanB = 0;
  let meanC = 0;
  let meanD = 0;
  let far = 0;
  for (let i = 0; i < n; i++) {
    const p = Math.max(f32[es + i], least);
    const gapX = f32[xs + i] - maxX;
    const gapY = f32[ys + i] - maxY;
    let u = gapY - gapX - c;
    if (gapY < floor) {
      if (u > FAR) far += u === Infinity ? u : u * exp(gapY - floor);
      u = floor - gapX - c;
      if (u > 0) u = 0;
    }
    // φ(u)
    const v = Math.min(u, 40);
    const k = v * -Math.LOG2E + ROUND - ROUND;
    const t = k * -Math.LN2 - v;
    const t2 = t * t;
    const square = t2 * (0.5 + t * Q0 + t2 * (Q1 + t * Q2 + t2 * (Q3 + t * Q4)));
    const power = power2(k);
    const phi = power * square + (power * (1 + t) - (1 - u));
    const sum = a + p * phi;
    a = b;
    b = c0;
    c0 = d;
    d = sum;
    const mean = meanA + p * u;
    meanA = meanB;
    meanB = meanC;
    meanC = meanD;
    meanD = mean;
  }
  f64[sums >>> 3] += (a + c0 + (b + d) + far * least) * factor;
  f64[(sums >>> 3) + 1] += (meanA + meanC + (meanB + meanD) + far * least) * factor;
}
