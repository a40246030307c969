import { EXP, ROUND, scaledExp, scaledExpOf } from "./exp";
import { loadLanes, storeLanes } from "./lanes";
import { sumEnding } from "./sum";

/**
 * The exponentials of one block of a row, relative to the block's own maximum M.
 *
 * Subtracting M from every element, as the textbook does, rounds: up to half an ULP of x − M, which is 64 ULP of
 * exp(x − M) where x − M is near −100. Here nothing is rounded before the reduction x = n·ln 2 + t:
 *
 * - |M| < 288: x itself is reduced (the anchor is 0).
 * - |M| ≥ 288: x − M is reduced (the anchor is M), which is exact (Sterbenz) for every x whose exponential counts.
 *
 * What is stored is exp(x − anchor)·2^(SHIFT − N), N the integer that the maximum reduces to. So the largest is near
 * 2^SHIFT, and what is flushed to zero (below 2^-126, an element under exp(−143) of the largest) stays zero in float32
 * after any later factor up to 2^56 times the row's own. One multiplication by a power of two makes every result: no
 * element is subnormal before the last product, which rounds it once.
 */
const SHIFT: i32 = 80;
const BIASED_SHIFT: f32 = 207; // SHIFT + 127
/** Maxima nearer to 0 have the anchor 0. */
const NEAR: f32 = 288;
const LOG2E: f32 = 1.4426950216293335;
const LN2: f32 = 0.6931471824645996;

/** What is subtracted from x before the reduction: 0 or M. A block without finite values has anchor 0 or +Infinity. */
export function anchorOf(max: f32): f32 {
  return abs(max) < NEAR || max === -Infinity ? 0 : max;
}

/** N for a block whose maximum is M. */
function exponentOf(max: f32, anchor: f32): f32 {
  const z: f32 = <f32>((max - anchor) * LOG2E) + ROUND;
  return max === -Infinity ? 0 : z - ROUND;
}

/** The constant that makes scaledExp's shift SHIFT − N. */
function roundOf(exponent: f32): f32 {
  return ROUND + (BIASED_SHIFT - exponent);
}

/** The least argument of scaledExp with that shift: there the biased exponent is 0, and the power of two with it. */
function floorOf(exponent: f32): f32 {
  return (exponent - BIASED_SHIFT) * LN2;
}

/** anchorOf for four maxima at once; below, likewise, exponentOf, roundOf and floorOf. */
export function anchorsOf(max: v128): v128 {
  const near = v128.or(f32x4.lt(f32x4.abs(max), f32x4.splat(NEAR)), f32x4.eq(max, f32x4.splat(-Infinity)));
  return v128.andnot(max, near);
}

export function exponentsOf(max: v128, anchors: v128): v128 {
  const z = f32x4.add(f32x4.mul(f32x4.sub(max, anchors), f32x4.splat(LOG2E)), f32x4.splat(ROUND));
  return v128.andnot(f32x4.sub(z, f32x4.splat(ROUND)), f32x4.eq(max, f32x4.splat(-Infinity)));
}

export function roundsOf(exponents: v128): v128 {
  return f32x4.add(f32x4.splat(ROUND), f32x4.sub(f32x4.splat(BIASED_SHIFT), exponents));
}

export function floorsOf(exponents: v128): v128 {
  return f32x4.mul(f32x4.sub(exponents, f32x4.splat(BIASED_SHIFT)), f32x4.splat(LN2));
}

/** The power of two that takes stored values back to exp(x − anchor), as an exponent. */
export function unscale(max: f32): i32 {
  return <i32>exponentOf(max, anchorOf(max)) - SHIFT;
}

/** Stores the scaled exponentials of n floats (out may be x) and returns their sum. */
export function expBlock(x: usize, out: usize, n: usize, max: f32): f64 {
  const anchor = anchorOf(max);
  const exponent = exponentOf(max, anchor);
  if (anchor !== 0) return farBlock(x, out, n, anchor, exponent);
  // n + SHIFT − N + 127 stands in the low bits after rounding.
  const round = f32x4.splat(roundOf(exponent));
  const floor = f32x4.splat(floorOf(exponent));
  const log2e = v128.load32_splat(EXP);
  const ln2Hi = v128.load32_splat(EXP + 4);
  const minusLn2Lo = v128.load32_splat(EXP + 8);
  const q0 = v128.load32_splat(EXP + 12);
  const q1 = v128.load32_splat(EXP + 16);
  const q2 = v128.load32_splat(EXP + 20);
  const q3 = v128.load32_splat(EXP + 24);
  const q4 = v128.load32_splat(EXP + 28);
  const start = out;
  // Every engine has registers for two vectors a turn, but only if this loop doesn't sum as well and no other loop follows
  // in this function. So sums have a loop of their own, and the tail a function. pmax with the value first propagates a NaN.
  for (const last = x + ((n >> 3) << 5); x < last; x += 32, out += 32) {
    const a = scaledExp(f32x4.pmax(v128.load(x), floor), round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4);
    const b = scaledExp(f32x4.pmax(v128.load(x, 16), floor), round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4);
    v128.store(out, a);
    v128.store(out, b, 16);
  }
  const rest = n & 7;
  return sumEnding(start, n, rest ? ending(x, out, rest, round, floor) : f32x4.splat(0));
}

/** The last n elements, at most 7. Returns those that fill no whole vector, followed by zeros. */
function ending(x: usize, out: usize, n: usize, round: v128, floor: v128): v128 {
  if (n & 4) {
    v128.store(out, scaledExpOf(f32x4.pmax(v128.load(x), floor), round));
    x += 16;
    out += 16;
  }
  const rest = n & 3;
  if (rest === 0) return f32x4.splat(0);
  const tail = scaledExpOf(f32x4.pmax(loadLanes(x, rest, f32x4.splat(-Infinity)), floor), round);
  storeLanes(out, rest, tail);
  return tail;
}

/** As expBlock, for the few rows whose anchor isn't 0 and has to be subtracted. */
function farBlock(x: usize, out: usize, n: usize, anchor: f32, exponent: f32): f64 {
  const anchors = f32x4.splat(anchor);
  const round = f32x4.splat(roundOf(exponent));
  const floor = f32x4.splat(floorOf(exponent));
  const start = out;
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, out += 16) {
    v128.store(out, scaledExpOf(f32x4.pmax(f32x4.sub(v128.load(x), anchors), floor), round));
  }
  let tail = f32x4.splat(0);
  const rest = n & 3;
  if (rest) {
    const v = f32x4.sub(loadLanes(x, rest, f32x4.splat(-Infinity)), anchors);
    tail = scaledExpOf(f32x4.pmax(v, floor), round);
    storeLanes(out, rest, tail);
  }
  return sumEnding(start, n, tail);
}

/** The stored value of an element equal to the maximum: the same bits as in the block. */
export function peakOf(max: f32): f32 {
  const anchor = anchorOf(max);
  const exponent = exponentOf(max, anchor);
  const e = scaledExpOf(f32x4.splat(max - anchor), f32x4.splat(roundOf(exponent)));
  return f32x4.extract_lane(e, 0);
}
