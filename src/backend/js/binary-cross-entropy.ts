import { nan } from "./math/bits.js";
import { BLOCK } from "./math/exp-block.js";
import { join, reduceLog, reduceRest } from "./math/log-pass.js";
import type { Memory } from "./memory.js";

/** Below it log(1 − q) is −q. */
const TINY_CHANCE = 2 ** -30;

/** Binary cross-entropy of given probabilities: assembly/binary-cross-entropy.ts has the formulas and the contract. */
export function binaryCrossEntropy(
  memory: Memory,
  q: number,
  t: number,
  grad: number,
  losses: number,
  e: number,
  n: number,
  scale: number,
  unit: number,
  start: number,
): number {
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    const count = Math.min(n - i, BLOCK);
    const toGrad = grad ? grad + at : 0;
    const toLosses = losses ? losses + at : 0;
    reduce(memory, q + at, e, count);
    start += blockOf(memory, q + at, t + at, toGrad, toLosses, e, count, scale, unit) * unit;
  }
  return start;
}

function reduce({ f32 }: Memory, q: number, e: number, n: number): void {
  const qs = q >>> 2;
  const es = e >>> 2;
  for (let i = 0; i < n; i++) {
    reduceLog(f32, es + i, f32[qs + i]);
    reduceRest(f32, es + 2 * BLOCK + i, f32[qs + i]);
  }
}

/** The sum in nats; the lanes turn: math/sum.ts. */
function blockOf(
  memory: Memory,
  q: number,
  t: number,
  grad: number,
  losses: number,
  e: number,
  n: number,
  scale: number,
  unit: number,
): number {
  const { f32 } = memory;
  const qs = q >>> 2;
  const ts = t >>> 2;
  const es = e >>> 2;
  const toGrad = grad >>> 2;
  const toLosses = losses >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const x = f32[qs + i];
    const y = f32[ts + i];
    const log = join(f32[es + i], f32[es + BLOCK + i]);
    const logRest = x < TINY_CHANCE ? -x : join(f32[es + 2 * BLOCK + i], f32[es + 3 * BLOCK + i]);
    const loss = lossOf(x, y, log, logRest);
    if (toGrad) f32[toGrad + i] = slopeOf(x, y, scale);
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
function isChance(q: number, t: number): boolean {
  return q >= 0 && q <= 1 && t >= 0 && t <= 1;
}

function lossOf(q: number, t: number, log: number, logRest: number): number {
  if (!isChance(q, t)) return nan();
  const hit = t === 0 ? 0 : t * log;
  const miss = t === 1 ? 0 : (1 - t) * logRest;
  return 0 - (hit + miss);
}

function slopeOf(q: number, t: number, scale: number): number {
  if (!isChance(q, t)) return nan();
  if (t === 0) return scale / (1 - q);
  if (t === 1) return -scale / (q + 0); // 0 for −0
  return ((q - t) * scale) / ((q + 0) * (1 - q));
}
