import { anchorOf, expBlock, peakOf, unscale } from "./math/exp-block";
import { max } from "./math/max";
import { exp, log1p, power2 } from "./math/scalar";
import { BLOCK, sumExcept } from "./math/sum";

/**
 * The sum of exponentials of a row, block by block.
 *
 * A row is cut at multiples of BLOCK columns. Each block gives a node: its maximum M, `peak`, the exponential of M, and
 * `rest`, the sum of the others, both times exp(−anchor(M)) in float64. Keeping the largest term out of the sum is what
 * lets the loss of a confident row come out as log1p(rest / peak), with full relative accuracy, where log(sum) is 0.
 *
 * Nodes combine in a binary tree over the block's index, the carries of a binary counter: blocks 0 and 1, 2 and 3, then
 * the pairs, and so on; at the end what is left combines from the right. So the order of additions depends on nothing
 * but the length: not on tiles, threads or shards.
 *
 * The state, in memory that the caller gives:
 *   0   i32   blocks so far
 *   16  nodes, one for each bit set in that count, the largest subtree first
 * Dense targets ride along: `gap` is Σ t·(M − x), `mass` Σ t.
 */
export const STATE_BYTES: usize = 16 + 24 * 40;

/** Below this part of the largest term a difference of sums has lost 16 bits and more. */
export const DOMINATED: f64 = 0.0000152587890625;

const NODES: usize = 16;
const NODE_BYTES: usize = 40;

export function begin(state: usize): void {
  store<i32>(state, 0);
}

/** Appends the node of the next block. */
export function push(state: usize, max: f32, peak: f64, rest: f64, gap: f64, mass: f64): void {
  const blocks = load<i32>(state);
  store<i32>(state, blocks + 1);
  let node = state + NODES + <usize>popcnt(blocks) * NODE_BYTES;
  store<f64>(node, max);
  store<f64>(node, peak, 8);
  store<f64>(node, rest, 16);
  store<f64>(node, gap, 24);
  store<f64>(node, mass, 32);
  for (let carry = blocks; carry & 1; carry >>= 1) {
    node -= NODE_BYTES;
    combine(node, node + NODE_BYTES);
  }
}

/** Where the node of the next block will have its gap, and 8 bytes on its mass. */
export function nextTargets(state: usize): usize {
  return state + NODES + <usize>popcnt(load<i32>(state)) * NODE_BYTES + 24;
}

/**
 * Appends what another state took: the columns that follow, from a multiple on of the power of two blocks that holds
 * them. Its nodes are then those that the counter would have here.
 */
export function append(state: usize, part: usize): void {
  const blocks = load<i32>(state);
  const more = load<i32>(part);
  store<i32>(state, blocks + more);
  let node = state + NODES + <usize>popcnt(blocks) * NODE_BYTES;
  memory.copy(node, part + NODES, <usize>popcnt(more) * NODE_BYTES);
  if (popcnt(more) !== 1) return;
  for (let carry = blocks >> ctz(more); carry & 1; carry >>= 1) {
    node -= NODE_BYTES;
    combine(node, node + NODE_BYTES);
  }
}

/** Leaves the whole row's node first; none at all is the empty row's. */
export function finish(state: usize): void {
  const blocks = load<i32>(state);
  if (blocks === 0) {
    push(state, -Infinity, 0, 0, 0, 0);
    begin(state);
    return;
  }
  let node = state + NODES + <usize>popcnt(blocks) * NODE_BYTES - NODE_BYTES;
  for (; node > state + NODES; node -= NODE_BYTES) combine(node - NODE_BYTES, node);
}

/** exp(anchor(b) − anchor(a)) for maxima a ≥ b: what sums relative to b's anchor are worth relative to a's. */
function exchange(a: f32, b: f32): f64 {
  const from = anchorOf(b);
  const to = anchorOf(a);
  return from === to || b === -Infinity ? 1 : exp(<f64>from - <f64>to);
}

/** a ← a combined with b: nodes of neighbouring columns, a's before b's. */
export function combine(a: usize, b: usize): void {
  const maxA = load<f64>(a);
  const maxB = load<f64>(b);
  const massA = load<f64>(a, 32);
  const massB = load<f64>(b, 32);
  const swap = maxB > maxA;
  const high = swap ? b : a;
  const low = swap ? a : b;
  const factor = exchange(<f32>load<f64>(high), <f32>load<f64>(low));
  const peak = load<f64>(high, 8);
  const rest = load<f64>(high, 16) + (load<f64>(low, 8) + load<f64>(low, 16)) * factor;
  const lowMass = load<f64>(low, 32);
  // A block without mass adds no gap, however far below the maximum it lies; nor do blocks that end level, be it at −∞.
  const level = load<f64>(high) === load<f64>(low);
  const drop = lowMass === 0 || level ? 0 : (load<f64>(high) - load<f64>(low)) * lowMass;
  const gap = load<f64>(a, 24) + load<f64>(b, 24) + drop;
  store<f64>(a, load<f64>(high));
  store<f64>(a, peak, 8);
  store<f64>(a, rest, 16);
  store<f64>(a, gap, 24);
  store<f64>(a, massA + massB, 32);
}

/** Whether a finished row has no columns at all: its node is that of a row of −Infinity. */
export function rowEmpty(state: usize): bool {
  return load<i32>(state) === 0;
}

export function rowMax(state: usize): f32 {
  return <f32>load<f64>(state, NODES);
}

export function rowPeak(state: usize): f64 {
  return load<f64>(state, NODES + 8);
}

export function rowRest(state: usize): f64 {
  return load<f64>(state, NODES + 16);
}

export function rowGap(state: usize): f64 {
  return load<f64>(state, NODES + 24);
}

export function rowMass(state: usize): f64 {
  return load<f64>(state, NODES + 32);
}

/** log(Σ exp(x − M)) = log1p(rest / peak), NaN for a row of −Infinity alone and for one with a NaN or +Infinity. */
export function rowLog(state: usize): f64 {
  return log1p(rowRest(state) / rowPeak(state));
}

/**
 * What a block's stored exponentials are multiplied by to be probabilities, in float64.
 * The block's maximum stands in `maxima`.
 */
export function blockFactor(state: usize, max: f32): f64 {
  return (exchange(rowMax(state), max) / (rowPeak(state) + rowRest(state))) * power2(unscale(max));
}

/** A block's exponentials to `e`, its node into the state. */
export function pushSplit(state: usize, max: f32, x: usize, e: usize, n: usize, gap: f64, mass: f64): void {
  const sum = expBlock(x, e, n, max);
  const peak = blockPeak(max);
  const unit = power2(unscale(max));
  push(state, max, <f64>peak * unit, restOf(e, n, sum, peak) * unit, gap, mass);
}

/** The stored exponential of a block's maximum. */
export function blockPeak(max: f32): f32 {
  return max === -Infinity ? <f32>0 : peakOf(max);
}

/**
 * log(Σ exp(x − M)) of a row that is one block, with the maximum M; exponentials to `e`. Such a row needs no tree: it
 * has the bits of one with a single node, since all stored values are in one unit.
 */
export function blockLog(x: usize, e: usize, n: usize, max: f32): f64 {
  const sum = expBlock(x, e, n, max);
  const peak = blockPeak(max);
  return log1p(restOf(e, n, sum, peak) / <f64>peak);
}

/** A block's sum without its largest term. Where that dominates, the difference would cancel: the sum is taken anew. */
export function restOf(e: usize, n: usize, sum: f64, peak: f32): f64 {
  const rest = sum - <f64>peak;
  return rest < <f64>peak * DOMINATED ? sumExcept(e, n, peak) : rest;
}

/**
 * Takes n columns, from a multiple of BLOCK on, into the state: exponentials to `out` (which may be x), each block's
 * maximum to `maxima`. With `split` the largest term is kept apart; softmax alone has no use for that.
 */
export function accumulate(state: usize, maxima: usize, x: usize, out: usize, n: usize, split: bool): void {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const count = min(n - i, BLOCK);
    const m = max(x + (i << 2), count);
    store<f32>(maxima + (i / BLOCK) * 4, m);
    if (split) {
      pushSplit(state, m, x + (i << 2), out + (i << 2), count, 0, 0);
    } else {
      push(state, m, 0, expBlock(x + (i << 2), out + (i << 2), count, m) * power2(unscale(m)), 0, 0);
    }
  }
}

/** As `accumulate` with `split`, for results that don't need the exponentials: each block's go to `e`. */
export function accumulateOnly(state: usize, x: usize, e: usize, n: usize): void {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const count = min(n - i, BLOCK);
    pushSplit(state, max(x + (i << 2), count), x + (i << 2), e, count, 0, 0);
  }
}
