// Judging the results of a function of one float, and adding up what was found.

import { BLOCK, type Elementary, shiftOf } from "./elementary.js";
import type { FloatFunction } from "./functions.js";
import { bitsOf, clamp, inverseUlp, OVERFLOW } from "./ulp.js";

/** An argument, and the signed error of its result. */
export interface Case {
  readonly bits: number;
  readonly error: number;
}

/** What was found over some arguments. Plain data, so that a worker can send it. */
export interface Tally {
  /** Arguments judged. */
  count: number;
  /** Those with a finite true result other than 0: errors are of these. */
  ordinary: number;
  /** Sum of the errors' magnitudes. */
  total: number;
  /** How many results aren't the correctly rounded ones. */
  misrounded: number;
  /** How many results should have been exactly 0, ±Infinity or NaN and aren't. */
  mismatched: number;
  firstMismatch: number | undefined;
  /** The largest errors, each way, falling. */
  above: Case[];
  below: Case[];
}

/** How many of the worst arguments are kept, each way. */
const KEPT = 16;

export function emptyTally(): Tally {
  return {
    count: 0,
    ordinary: 0,
    total: 0,
    misrounded: 0,
    mismatched: 0,
    firstMismatch: undefined,
    above: [],
    below: [],
  };
}

/** Falling error; of equal ones the lower bits first, so that the order doesn't depend on how work was split. */
function keep(cases: Case[], added: Case): void {
  const size = Math.abs(added.error);
  const same = cases.findIndex(({ bits }) => bits === added.bits);
  if (same >= 0) {
    if (Math.abs(cases[same].error) >= size) return;
    cases.splice(same, 1);
  }
  let at = cases.length;
  while (at > 0) {
    const other = Math.abs(cases[at - 1].error);
    if (other > size || (other === size && cases[at - 1].bits < added.bits)) break;
    at--;
  }
  if (at >= KEPT) return;
  cases.splice(at, 0, added);
  if (cases.length > KEPT) cases.pop();
}

/** The smallest error that would still be kept. */
function threshold(cases: readonly Case[]): number {
  return cases.length < KEPT ? 0 : Math.abs(cases[KEPT - 1].error);
}

export function mergeTallies(tallies: readonly Tally[]): Tally {
  const merged = emptyTally();
  for (const tally of tallies) {
    merged.count += tally.count;
    merged.ordinary += tally.ordinary;
    merged.total += tally.total;
    merged.misrounded += tally.misrounded;
    merged.mismatched += tally.mismatched;
    const { firstMismatch } = tally;
    if (firstMismatch !== undefined) {
      merged.firstMismatch = Math.min(merged.firstMismatch ?? firstMismatch, firstMismatch);
    }
    for (const one of tally.above) keep(merged.above, one);
    for (const one of tally.below) keep(merged.below, one);
  }
  return merged;
}

/** The argument with the largest error. */
export function worstOf({ above, below }: Tally): Case | undefined {
  const [high] = above;
  const [low] = below;
  if (!high || !low) return high ?? low;
  return Math.abs(low.error) > high.error ? low : high;
}

/** Judges the arguments with the bits from, from + stride, … below `to`. */
export function judge(fn: FloatFunction, by: Elementary, from: number, to: number, stride: number, tally: Tally): void {
  for (let next = from; next < to; next += BLOCK * stride) {
    const n = Math.min(BLOCK, Math.ceil((to - next) / stride));
    const { bits } = by;
    for (let i = 0; i < n; i++) bits[i] = next + i * stride;
    judgeBlock(fn, by, n, tally);
  }
}

/** Judges any arguments. */
export function judgeAll(fn: FloatFunction, by: Elementary, arguments_: Float32Array, tally: Tally): void {
  for (let at = 0; at < arguments_.length; at += BLOCK) {
    const part = arguments_.subarray(at, at + BLOCK);
    by.x.set(part);
    judgeBlock(fn, by, part.length, tally);
  }
}

function judgeBlock(fn: FloatFunction, by: Elementary, n: number, tally: Tally): void {
  const { x } = by;
  const { kernel } = fn;
  const shift = shiftOf(fn, x[n >> 1]);
  x.fill(0, n, Math.min(BLOCK, (n + 3) & ~3));
  by.run(kernel, (n + 3) & ~3, shift);
  compare(fn, by, n, shift, tally);
  if (kernel !== "scaledExpAll") return;
  // Whether n rounds to even at a tie depends on the parity of the shift.
  by.run(kernel, (n + 3) & ~3, shift + 1);
  compare(fn, by, n, shift + 1, tally);
}

function compare(
  { truth, unit, zeroSign }: FloatFunction,
  { x, out }: Elementary,
  n: number,
  shift: number,
  tally: Tally,
): void {
  const relative = unit !== "ULP";
  const limit = relative ? Infinity : OVERFLOW;
  const unshift = 2 ** -shift;
  let { ordinary, total, misrounded } = tally;
  let high = threshold(tally.above);
  let low = -threshold(tally.below);
  for (let i = 0; i < n; i++) {
    const t = truth(x[i]);
    const size = Math.abs(t);
    const y = out[i] * unshift;
    if (!(size > 0 && size < limit)) {
      if (!Object.is(Math.fround(t), y) && (zeroSign || t !== y)) mismatch(tally, x[i]);
      continue;
    }
    // A relative error says nothing of a result that is subnormal.
    if (relative && Math.abs(out[i]) < SMALLEST_NORMAL) continue;
    const error = relative ? (y / t - 1) * 2 ** 24 : (clamp(y) - t) * inverseUlp(t);
    if (Number.isNaN(error)) {
      mismatch(tally, x[i]);
      continue;
    }
    ordinary++;
    total += Math.abs(error);
    if (Math.fround(t) !== y) misrounded++;
    if (error > high) {
      keep(tally.above, { bits: bitsOf(x[i]), error });
      high = threshold(tally.above);
    } else if (error < low) {
      keep(tally.below, { bits: bitsOf(x[i]), error });
      low = -threshold(tally.below);
    }
  }
  tally.count += n;
  tally.ordinary = ordinary;
  tally.total = total;
  tally.misrounded = misrounded;
}

const SMALLEST_NORMAL = 2 ** -126;

function mismatch(tally: Tally, x: number): void {
  tally.mismatched++;
  tally.firstMismatch = Math.min(tally.firstMismatch ?? Infinity, bitsOf(x));
}
