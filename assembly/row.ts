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
 * The state, in memory that the caller gives: the number of blocks so far, an i32, and at NODES a node for each bit set in
 * that count, the largest subtree first.
 */
@unmanaged
class Node {
  /** The maximum M. */
  max: f64;
  peak: f64;
  rest: f64;
  /** Dense targets ride along: Σ t·(M − x). */
  gap: f64;
  /** Σ t. */
  mass: f64;
}

const NODES: usize = 16;
const NODE_BYTES = offsetof<Node>();

/** Room for a node for each bit that the number of a row's blocks may have: 24. */
export const STATE_BYTES: usize = NODES + 24 * NODE_BYTES;

/** 2^-16. Where the rest is below this part of the peak, the difference sum − peak has lost 16 bits or more of it. */
export const DOMINATED: f64 = 0.0000152587890625;

export function begin(state: usize): void {
  store<i32>(state, 0);
}

/** The state's first node: the whole row's, once it is finished. */
function first(state: usize): Node {
  return changetype<Node>(state + NODES);
}

/** The address behind the nodes of so many blocks. */
function after(state: usize, blocks: i32): usize {
  return state + NODES + <usize>popcnt(blocks) * NODE_BYTES;
}

/** Appends the node of the next block. */
function push(state: usize, max: f32, peak: f64, rest: f64, gap: f64, mass: f64): void {
  const blocks = load<i32>(state);
  store<i32>(state, blocks + 1);
  let at = after(state, blocks);
  const node = changetype<Node>(at);
  node.max = max;
  node.peak = peak;
  node.rest = rest;
  node.gap = gap;
  node.mass = mass;
  for (let carry = blocks; carry & 1; carry >>= 1) {
    at -= NODE_BYTES;
    combine(at, at + NODE_BYTES);
  }
}

/** Where the node of the next block will have its gap and, 8 bytes on, its mass: free until then. */
export function nextTargets(state: usize): usize {
  return after(state, load<i32>(state)) + offsetof<Node>("gap");
}

/**
 * Appends the state `part` of the columns that follow. They must begin at a multiple of the least power of two blocks that
 * holds them all: then the nodes of `part` are those that this state's counter would have made of the same blocks.
 */
export function append(state: usize, part: usize): void {
  const blocks = load<i32>(state);
  const more = load<i32>(part);
  store<i32>(state, blocks + more);
  let at = after(state, blocks);
  memory.copy(at, part + NODES, <usize>popcnt(more) * NODE_BYTES);
  if (popcnt(more) !== 1) return;
  for (let carry = blocks >> ctz(more); carry & 1; carry >>= 1) {
    at -= NODE_BYTES;
    combine(at, at + NODE_BYTES);
  }
}

/** Combines all nodes from the right, so that the first is the whole row's. A row without columns gets that of −Infinity. */
export function finish(state: usize): void {
  const blocks = load<i32>(state);
  if (blocks === 0) {
    push(state, -Infinity, 0, 0, 0, 0);
    begin(state);
    return;
  }
  for (let at = after(state, blocks) - NODE_BYTES; at > state + NODES; at -= NODE_BYTES) combine(at - NODE_BYTES, at);
}

/**
 * exp(anchor(b) − anchor(a)) for maxima a ≥ b: what sums relative to b's anchor are worth relative to a's. A block of
 * −Infinity is worth nothing: its zeros times a factor that float32 doesn't hold would be NaN.
 */
function anchorFactor(a: f32, b: f32): f64 {
  if (b === -Infinity) return 0;
  const from = anchorOf(b);
  const to = anchorOf(a);
  return from === to ? 1 : exp(<f64>from - <f64>to);
}

/** a ← a combined with b: the nodes at these addresses, of neighbouring columns, a's before b's. */
export function combine(a: usize, b: usize): void {
  const left = changetype<Node>(a);
  const right = changetype<Node>(b);
  const swap = right.max > left.max;
  const high = swap ? right : left;
  const low = swap ? left : right;
  const factor = anchorFactor(<f32>high.max, <f32>low.max);
  // A block without mass adds no gap, however far below the maximum it lies; nor do blocks that end level, be it at −∞.
  const level = high.max === low.max;
  const drop = low.mass === 0 || level ? 0 : (high.max - low.max) * low.mass;
  const rest = high.rest + (low.peak + low.rest) * factor;
  const peak = high.peak;
  left.max = high.max;
  left.peak = peak;
  left.rest = rest;
  left.gap = left.gap + right.gap + drop;
  left.mass = left.mass + right.mass;
}

/** Whether a finished row has no columns at all: its node is that of a row of −Infinity. */
export function rowEmpty(state: usize): bool {
  return load<i32>(state) === 0;
}

export function rowMax(state: usize): f32 {
  return <f32>first(state).max;
}

export function rowPeak(state: usize): f64 {
  return first(state).peak;
}

export function rowRest(state: usize): f64 {
  return first(state).rest;
}

export function rowGap(state: usize): f64 {
  return first(state).gap;
}

export function rowMass(state: usize): f64 {
  return first(state).mass;
}

/** Where the node of a finished row has its gap and, 8 bytes on, its mass: both 0 where there are no dense targets. */
export function rowTargets(state: usize): usize {
  return state + NODES + offsetof<Node>("gap");
}

/** log(Σ exp(x − M)) = log1p(rest / peak), NaN for a row of −Infinity alone and for one with a NaN or +Infinity. */
export function rowLog(state: usize): f64 {
  return log1p(rowRest(state) / rowPeak(state));
}

/** What the stored exponentials of a block, whose maximum is `max`, are multiplied by to be probabilities, in float64. */
export function blockFactor(state: usize, max: f32): f64 {
  return (anchorFactor(rowMax(state), max) / (rowPeak(state) + rowRest(state))) * power2(unscale(max));
}

/** Stores a block's exponentials at `e`, and appends its node, peak and rest apart. gap, mass: those of its dense targets. */
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

/** A block's sum without its largest term. Where that dominates, the difference would cancel, so the others are summed anew. */
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

/** As `accumulate` with `split`, for results that need no exponentials: those of each block go to `e`, over the last one's. */
export function accumulateSums(state: usize, x: usize, e: usize, n: usize): void {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const count = min(n - i, BLOCK);
    pushSplit(state, max(x + (i << 2), count), x + (i << 2), e, count, 0, 0);
  }
}
