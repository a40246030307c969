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

/** Judges the arguments with the bits from, from + stride, … below `to`, all of one sign. */
export function judge(fn: FloatFunction, by: Elementary, from: number, to: number, stride: number, tally: Tally): void {
  for (let next = from; next < to; next += BLOCK * stride) {
    const n = Math.min(BLOCK, Math.ceil((to - next) / stride));
    const { bits } = by;
    for (let i = 0; i < n; i++) bits[i] = next + i * stride;
    judgeBlock(fn, by, n, true, tally);
  }
}

/** Judges any arguments. */
export function judgeAll(fn: FloatFunction, by: Elementary, x: Float32Array, tally: Tally): void {
  // The rows' exp scales a block alike, which suits only arguments that lie close together.
  const size = fn.kernel === "scaledExpAll" ? 1 : BLOCK;
  for (let at = 0; at < x.length; at += size) {
    const part = x.subarray(at, at + size);
    by.x.set(part);
    judgeBlock(fn, by, part.length, false, tally);
  }
}

function judgeBlock(fn: FloatFunction, by: Elementary, n: number, sorted: boolean, tally: Tally): void {
  const { x } = by;
  const { kernel } = fn;
  const padded = (n + 3) & ~3;
  x.fill(0, n, padded);
  const shift = shiftOf(fn, x[n >> 1]);
  // Whether the rows' exp rounds n up or down at a tie depends on the parity of the shift.
  for (const s of kernel === "scaledExpAll" ? [shift, shift + 1] : [shift]) {
    by.run(kernel, padded, s);
    tally.count += n;
    if (!(sorted && judgeUniform(fn, by, n, 2 ** -s, tally))) compare(fn, by, n, 2 ** -s, tally);
  }
}

/**
 * A block whose results all have the same bits, as where a function has come to its limit: judged by its two ends. The
 * functions are monotone, so all errors lie between theirs. False where that doesn't decide everything.
 */
function judgeUniform(fn: FloatFunction, by: Elementary, n: number, unshift: number, tally: Tally): boolean {
  const { outBits, x } = by;
  const word = outBits[0];
  for (let i = 1; i < n; i++) if (outBits[i] !== word) return false;
  const first = errorAt(fn, by, 0, unshift);
  const last = errorAt(fn, by, n - 1, unshift);
  if (Number.isNaN(first) && Number.isNaN(last)) return true;
  const least = Math.min(Math.abs(first), Math.abs(last));
  const most = Math.max(Math.abs(first), Math.abs(last));
  // Not where one of them is NaN or infinite, the sign changes, or only one is rounded correctly.
  if (!(first * last >= 0 && (most <= 0.5 || (least > 0.5 && most < Infinity)))) return false;
  tally.ordinary += n;
  tally.total += (n * Math.abs(first + last)) / 2;
  if (most > 0.5) tally.misrounded += n;
  record(tally, x[0], first);
  record(tally, x[n - 1], last);
  return true;
}

function compare(fn: FloatFunction, by: Elementary, n: number, unshift: number, tally: Tally): void {
  const { truth, unit } = fn;
  const { x, out, outBits } = by;
  const plain = unit === "ULP";
  let { ordinary, total, misrounded } = tally;
  let high = threshold(tally.above);
  let low = -threshold(tally.below);
  for (let i = 0; i < n; i++) {
    // Nearly all results are normal and close, so that their unit is the truth's. The others are looked at again.
    const t = truth(x[i]);
    const y = out[i];
    const exponent = (outBits[i] >>> 23) & 0xff;
    let error = (y - t) * INVERSE_UNITS[exponent];
    const common = exponent !== 0 && exponent !== 255 && (outBits[i] & 0x7fffff) !== 0 && error < 1 && error > -1;
    if (!common || !plain) {
      error = errorAt(fn, by, i, unshift);
      if (error === Infinity) mismatch(tally, x[i]);
      if (!(error < Infinity)) continue;
    }
    ordinary++;
    total += Math.abs(error);
    if (error > 0.5 || error < -0.5) misrounded++;
    if (error > high || error < low) {
      record(tally, x[i], error);
      high = threshold(tally.above);
      low = -threshold(tally.below);
    }
  }
  tally.ordinary = ordinary;
  tally.total = total;
  tally.misrounded = misrounded;
}

/** 1/unit in the last place by the exponent bits of a float32. */
const INVERSE_UNITS = Float64Array.from({ length: 256 }, (_, exponent) => 2 ** (150 - Math.max(1, exponent)));

/**
 * The signed error of one result. NaN where there is none to count: the result is exactly the 0, infinity or NaN that it
 * must be, or it isn't judged in this unit. Infinity where it should have been one of these and isn't.
 */
function errorAt(fn: FloatFunction, { x, out, outBits }: Elementary, i: number, unshift: number): number {
  const { truth, unit, withReciprocal, zeroSign } = fn;
  const t = truth(x[i]);
  const y = out[i];
  if (unit !== "ULP") {
    // A relative error says nothing of a subnormal result, and limits are judged in ULP.
    const exponent = (outBits[i] >>> 23) & 0xff;
    if (exponent === 0 || exponent === 255) return Number.NaN;
    const error = ((y * unshift) / t - 1) * 2 ** 24;
    return withReciprocal ? error + (Math.sign(error) * mantissaOf(outBits[i])) / 2 : error;
  }
  const size = Math.abs(t);
  if (size > 0 && size < OVERFLOW) return Number.isNaN(y) ? Infinity : (clamp(y) - t) * inverseUlp(t);
  return Object.is(Math.fround(t), y) || (!zeroSign && t === y) ? Number.NaN : Infinity;
}

/** The significand in [1, 2). */
function mantissaOf(word: number): number {
  return 1 + (word & 0x7fffff) / 2 ** 23;
}

function record(tally: Tally, x: number, error: number): void {
  if (error > 0) keep(tally.above, { bits: bitsOf(x), error });
  else if (error < 0) keep(tally.below, { bits: bitsOf(x), error });
}

function mismatch(tally: Tally, x: number): void {
  tally.mismatched++;
  tally.firstMismatch = Math.min(tally.firstMismatch ?? Infinity, bitsOf(x));
}
