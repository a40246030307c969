import { BLOCK } from "../backend.js";
import { nan } from "./math/bits.js";
import { join, reduceLog, reduceRest } from "./math/log-pass.js";
import { log1p } from "./math/scalar.js";
import type { Memory } from "./memory.js";
import { blockFrom } from "./sigmoid-cross-entropy.js";

const { fround } = Math;

/** Below it log(1 − q) is −q. */
const TINY_PROBABILITY = 2 ** -30;

/** Binary cross-entropy of given probabilities: assembly/binary-cross-entropy.ts has the formulas and the contract. */
export function binaryCrossEntropy(
  memory: Memory,
  q: number,
  t: number,
  grad: number,
  losses: number,
  parts: number,
  n: number,
  scale: number,
  unit: number,
  start: number,
): number {
  for (let i = 0, count: number; i < n; i += count) {
    const at = i * 4;
    count = blockFrom(i, n);
    const hard = losses ? NOT_HARD : sumOfHard(memory, q + at, t + at, count);
    const sum = hard < 0 ? sumOf(memory, q + at, t + at, losses ? losses + at : 0, parts, count, unit) : hard;
    start += sum * unit;
    if (grad) gradients(memory, q + at, t + at, grad + at, count, scale);
  }
  return start;
}

const NOT_HARD = -1;
const GROUP = 128;

/** Four lanes in turn: see math/sum.ts. */
function sumOfHard({ f32 }: Memory, q: number, t: number, n: number): number {
  const qs = q >>> 2;
  const ts = t >>> 2;
  let sum = 0;
  for (let i = 0; i < n; ) {
    let a = 1;
    let b = 1;
    let c = 1;
    let d = 1;
    let restA = 0;
    let restB = 0;
    let restC = 0;
    let restD = 0;
    for (const end = Math.min(i + GROUP, n); i < end; i++) {
      const x = f32[qs + i];
      const y = f32[ts + i];
      if (!isHard(x, y)) return NOT_HARD;
      const factor = Math.abs(1 - y - x);
      const product = a * factor;
      const rest = restA * factor + Math.abs(y - x);
      a = b;
      b = c;
      c = d;
      d = product;
      restA = restB;
      restB = restC;
      restC = restD;
      restD = rest;
    }
    sum += log1p(restA / a) + log1p(restC / c) + (log1p(restB / b) + log1p(restD / d));
  }
  return sum;
}

function isHard(q: number, t: number): boolean {
  if (!(q >= 0 && q <= 1)) return false;
  return t === 0 || (t === 1 && (q === 0 || q >= 2 ** -28));
}

function reduce({ f32 }: Memory, q: number, parts: number, n: number): void {
  const qs = q >>> 2;
  const first = parts >>> 2;
  for (let i = 0; i < n; i++) {
    reduceLog(f32, first + i, f32[qs + i]);
    reduceRest(f32, first + 2 * BLOCK + i, f32[qs + i]);
  }
}

/** In nats; four lanes in turn. */
function sumOf(memory: Memory, q: number, t: number, losses: number, parts: number, n: number, unit: number): number {
  reduce(memory, q, parts, n);
  const { f32 } = memory;
  const qs = q >>> 2;
  const ts = t >>> 2;
  const first = parts >>> 2;
  const toLosses = losses >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const x = f32[qs + i];
    const log = join(f32[first + i], f32[first + BLOCK + i]);
    const logRest = x < TINY_PROBABILITY ? -x : join(f32[first + 2 * BLOCK + i], f32[first + 3 * BLOCK + i]);
    const loss = lossOf(x, f32[ts + i], log, logRest);
    if (toLosses) f32[toLosses + i] = loss * unit;
    const sum = a + loss;
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

/** Whether both lie in [0, 1]; a NaN doesn't. */
function areProbabilities(q: number, t: number): boolean {
  return q >= 0 && q <= 1 && t >= 0 && t <= 1;
}

function lossOf(q: number, t: number, log: number, logRest: number): number {
  if (!areProbabilities(q, t)) return nan();
  const hit = t === 0 ? 0 : t * log;
  const miss = t === 1 ? 0 : (1 - t) * logRest;
  return 0 - (hit + miss);
}

function gradients({ f32 }: Memory, q: number, t: number, grad: number, n: number, scale: number): void {
  const qs = q >>> 2;
  const ts = t >>> 2;
  const to = grad >>> 2;
  const by = 1 / scale;
  for (let i = 0; i < n; i++) {
    const x = f32[qs + i];
    const y = f32[ts + i];
    const usual = x >= 2 ** -90 && x < 1 && y >= 0 && y <= 1;
    f32[to + i] = usual ? fround(x - y) / fround(x * (1 - x) * by) : slopeOf(x, y, scale);
  }
}

function slopeOf(q: number, t: number, scale: number): number {
  if (!areProbabilities(q, t)) return nan();
  if (t === 0) return scale / (1 - q);
  if (t === 1) return -scale / (q + 0); // 0 for −0
  return ((q - t) * scale) / ((q + 0) * (1 - q));
}
