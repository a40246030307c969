import { BLOCK, NODE_BYTES, STATE_NODE } from "../backend.js";
import { power2 } from "./math/bits.js";
import { anchorOf, expBlock, peakOf, unscale } from "./math/exp-block.js";
import { max } from "./math/max.js";
import { exp, log1p } from "./math/scalar.js";
import { sumExcept } from "./math/sum.js";
import type { Memory } from "./memory.js";

/**
 * The sum of exponentials of a row, block by block: assembly/row.ts says what a node is, how nodes combine and how the
 * state lies in memory. Here too it lies there, so that both backends leave the same bytes.
 */

/** 2^-16. Where the rest is below this part of the peak, the difference sum − peak has lost 16 bits or more of it. */
const DOMINATED = 0.0000152587890625;

// In float64 words: where the nodes begin, a node's length, and its fields behind the maximum.
const NODES = STATE_NODE / 8;
const NODE = NODE_BYTES / 8;
const PEAK = 1;
const REST = 2;
const GAP = 3;
const MASS = 4;

export function begin(memory: Memory, state: number): void {
  memory.i32[state >>> 2] = 0;
}

/** The index of the node that stands behind those of so many blocks. */
function nodeAfter(state: number, blocks: number): number {
  let node = (state >>> 3) + NODES;
  for (let bits = blocks; bits !== 0; bits &= bits - 1) node += NODE;
  return node;
}

/** Appends the node of the next block. */
function push(memory: Memory, state: number, max: number, peak: number, rest: number, gap: number, mass: number): void {
  const { f64, i32 } = memory;
  const blocks = i32[state >>> 2];
  i32[state >>> 2] = blocks + 1;
  let node = nodeAfter(state, blocks);
  f64[node] = max;
  f64[node + PEAK] = peak;
  f64[node + REST] = rest;
  f64[node + GAP] = gap;
  f64[node + MASS] = mass;
  for (let carry = blocks; carry & 1; carry >>= 1) {
    node -= NODE;
    combine(memory, node * 8, (node + NODE) * 8);
  }
}

/** Combines all nodes from the right, so that the first is the whole row's. A row without columns gets that of −Infinity. */
export function finish(memory: Memory, state: number): void {
  if (memory.i32[state >>> 2] === 0) {
    push(memory, state, -Infinity, 0, 0, 0, 0);
    begin(memory, state);
    return;
  }
  const first = (state >>> 3) + NODES;
  let node = nodeAfter(state, memory.i32[state >>> 2]) - NODE;
  for (; node > first; node -= NODE) combine(memory, (node - NODE) * 8, node * 8);
}

/** exp(anchor(b) − anchor(a)) for maxima a ≥ b: what sums relative to b's anchor are worth relative to a's. */
function anchorFactor(a: number, b: number): number {
  if (b === -Infinity) return 0;
  const from = anchorOf(b);
  const to = anchorOf(a);
  return from === to ? 1 : exp(from - to);
}

/** a ← a combined with b */
export function combine({ f64 }: Memory, nodeA: number, nodeB: number): void {
  const a = nodeA >>> 3;
  const b = nodeB >>> 3;
  const swap = f64[b] > f64[a];
  const high = swap ? b : a;
  const low = swap ? a : b;
  const max = f64[high];
  const factor = anchorFactor(max, f64[low]);
  const peak = f64[high + PEAK];
  const rest = f64[high + REST] + (f64[low + PEAK] + f64[low + REST]) * factor;
  const lowMass = f64[low + MASS];
  // A block without mass adds no gap, however far below the maximum it lies; nor do blocks that end level, be it at −∞.
  const drop = lowMass === 0 || max === f64[low] ? 0 : (max - f64[low]) * lowMass;
  const gap = f64[a + GAP] + f64[b + GAP] + drop;
  f64[a] = max;
  f64[a + PEAK] = peak;
  f64[a + REST] = rest;
  f64[a + GAP] = gap;
  f64[a + MASS] += f64[b + MASS];
}

/** Whether a finished row has no columns at all. */
export function rowEmpty(memory: Memory, state: number): boolean {
  return memory.i32[state >>> 2] === 0;
}

export function rowMax(memory: Memory, state: number): number {
  return memory.f64[(state >>> 3) + NODES];
}

export function rowPeak(memory: Memory, state: number): number {
  return memory.f64[(state >>> 3) + NODES + PEAK];
}

export function rowRest(memory: Memory, state: number): number {
  return memory.f64[(state >>> 3) + NODES + REST];
}

export function rowGap(memory: Memory, state: number): number {
  return memory.f64[(state >>> 3) + NODES + GAP];
}

export function rowMass(memory: Memory, state: number): number {
  return memory.f64[(state >>> 3) + NODES + MASS];
}

/** Where the node of a finished row has its gap and, 8 bytes on, its mass: both 0 where there are no dense targets. */
export function rowTargets(state: number): number {
  return state + (NODES + GAP) * 8;
}

/** log(Σ exp(x − M)) = log1p(rest / peak), NaN for a row of −Infinity alone and for one with a NaN or +Infinity. */
export function rowLog(memory: Memory, state: number): number {
  return log1p(rowRest(memory, state) / rowPeak(memory, state));
}

/** What the stored exponentials of a block, whose maximum is `max`, are multiplied by to be probabilities, in float64. */
export function blockFactor(memory: Memory, state: number, max: number): number {
  const sum = rowPeak(memory, state) + rowRest(memory, state);
  return (anchorFactor(rowMax(memory, state), max) / sum) * power2(unscale(max));
}

/** Stores a block's exponentials at `e`, and appends its node, peak and rest apart. gap, mass: those of its dense targets. */
export function pushSplit(
  memory: Memory,
  state: number,
  max: number,
  x: number,
  e: number,
  n: number,
  gap: number,
  mass: number,
): void {
  const sum = expBlock(memory, x, e, n, max);
  const peak = max === -Infinity ? 0 : peakOf(max);
  const unit = power2(unscale(max));
  push(memory, state, max, peak * unit, restOf(memory, e, n, sum, peak) * unit, gap, mass);
}

/** A block's sum without its largest term. Where that dominates, the difference would cancel, so the others are summed anew. */
function restOf(memory: Memory, e: number, n: number, sum: number, peak: number): number {
  const rest = sum - peak;
  return rest < peak * DOMINATED ? sumExcept(memory, e, n, peak) : rest;
}

/**
 * Takes n columns, from a multiple of BLOCK on, into the state: exponentials to `out` (which may be x), each block's
 * maximum to `maxima`. With `split` the largest term is kept apart; softmax alone has no use for that.
 */
export function accumulate(
  memory: Memory,
  state: number,
  maxima: number,
  x: number,
  out: number,
  n: number,
  split: boolean,
): void {
  for (let i = 0; i < n; i += BLOCK) {
    const count = Math.min(n - i, BLOCK);
    const m = max(memory, x + i * 4, count);
    memory.f32[(maxima >>> 2) + i / BLOCK] = m;
    if (split) {
      pushSplit(memory, state, m, x + i * 4, out + i * 4, count, 0, 0);
    } else {
      push(memory, state, m, 0, expBlock(memory, x + i * 4, out + i * 4, count, m) * power2(unscale(m)), 0, 0);
    }
  }
}

/** As `accumulate` with `split`, for results that need no exponentials: those of each block go to `e`, over the last one's. */
export function accumulateSums(memory: Memory, state: number, x: number, e: number, n: number): void {
  for (let i = 0; i < n; i += BLOCK) {
    const count = Math.min(n - i, BLOCK);
    pushSplit(memory, state, max(memory, x + i * 4, count), x + i * 4, e, count, 0, 0);
  }
}
