import { EXP, scaledExp, scaledExpOf } from "./math/exp";
import { anchorsOf, exponentsOf, floorsOf, roundsOf } from "./math/exp-block";
import { demote, loadPair } from "./math/lanes";
import { log1pPair } from "./math/scalar";
import { DOMINATED } from "./row";

/**
 * Softmax of quads: four positions side by side, one in each lane of a vector. Class c of all four stands in one vector,
 * `step` bytes before that of class c + 1. Every position has the bits that it has as a row of one block (row.ts): class c
 * goes to lane c mod 8 of its sum. Gathering positions into vectors is left to the kernels: across.ts and
 * cross-entropy-across.ts do it for axes that aren't the last, narrow.ts for narrow rows.
 *
 * Several quads, `next` bytes apart, take each step together: from its maximum to its gradient a quad is one chain of
 * operations that wait for each other, and neighbours fill the gaps (measured: 10 to 15 % of the time). Their exponentials
 * lie at e, `spacing` bytes apart, class c at c·16.
 *
 * What one step leaves for the next stands in a record for each quad; the records lie side by side at `records`. The fields
 * of a record, by their first byte:
 */

/** Four f64: the sums of all exponentials. Later steps put shares or logarithms in their place, and say so. */
export const SUMS: usize = 0;
/** Four f64: the sums without the largest exponential. Also replaced later. */
export const RESTS: usize = 32;
/** Four floats: the largest logits. */
export const MAXIMA: usize = 64;
/** Four floats: the exponentials of the maxima; until splitSums the rounding constants that exponentials were made with. */
export const PEAKS: usize = 80;
/** Room for what a kernel keeps besides: four vectors. */
export const OWN: usize = 96;
/** The bytes of a record. */
export const RECORD: usize = 160;

/** Quads that go together, at most. */
export const QUADS: usize = 4;

/** Bytes between two quads of so many classes at e, and of turned rows: up to a multiple of four classes. */
export function spacing(classes: usize): usize {
  return ((classes + 3) & ~3) << 4;
}

/** The largest of each position, −Infinity for none; ignores NaN. */
export function findMaxima(x: usize, classes: usize, step: usize, next: usize, quads: usize, records: usize): void {
  for (const end = records + quads * RECORD; records < end; records += RECORD, x += next) {
    v128.store(records, maximaOf(x, classes, step), MAXIMA);
  }
}

function maximaOf(x: usize, classes: usize, step: usize): v128 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  let c: usize = 0;
  for (; c + 2 <= classes; c += 2, x += 2 * step) {
    a = f32x4.pmax(a, v128.load(x));
    b = f32x4.pmax(b, v128.load(x + step));
  }
  if (c < classes) a = f32x4.pmax(a, v128.load(x));
  return f32x4.pmax(a, b);
}

/** The scaled exponentials, as expBlock makes them for one row, and their sums. e may be x if that is turned rows. */
export function exponentials(
  x: usize,
  classes: usize,
  step: usize,
  next: usize,
  quads: usize,
  e: usize,
  records: usize,
): void {
  const log2e = v128.load32_splat(EXP);
  const ln2Hi = v128.load32_splat(EXP + 4);
  const minusLn2Lo = v128.load32_splat(EXP + 8);
  const q0 = v128.load32_splat(EXP + 12);
  const q1 = v128.load32_splat(EXP + 16);
  const q2 = v128.load32_splat(EXP + 20);
  const q3 = v128.load32_splat(EXP + 24);
  const q4 = v128.load32_splat(EXP + 28);
  const apart = spacing(classes);
  for (let q: usize = 0; q < quads; q++, x += next) {
    const max = v128.load(records + q * RECORD, MAXIMA);
    const anchors = anchorsOf(max);
    const exponents = exponentsOf(max, anchors);
    const round = roundsOf(exponents);
    const floor = floorsOf(exponents);
    v128.store(records + q * RECORD, round, PEAKS);
    let from = x;
    let to = e + q * apart;
    for (const last = to + ((classes >> 1) << 5); to < last; to += 32, from += 2 * step) {
      const u = f32x4.pmax(f32x4.sub(v128.load(from), anchors), floor);
      const v = f32x4.pmax(f32x4.sub(v128.load(from + step), anchors), floor);
      v128.store(to, scaledExp(u, round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4));
      v128.store(to, scaledExp(v, round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4), 16);
    }
    if (classes & 1) v128.store(to, scaledExpOf(f32x4.pmax(f32x4.sub(v128.load(from), anchors), floor), round));
  }
  for (let q: usize = 0; q < quads; q++, e += apart, records += RECORD) {
    for (let half: usize = 0; half < 32; half += 16) {
      v128.store(records + half, sumOfTwo(e + (half >> 1), classes), SUMS);
    }
  }
}

/** The sums of two positions, class c in lane c mod 8: the order of sumBlock. */
function sumOfTwo(x: usize, classes: usize): v128 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let s4 = s0;
  let s5 = s0;
  let s6 = s0;
  let s7 = s0;
  let rest = classes;
  for (; rest >= 8; rest -= 8, x += 128) {
    s0 = f64x2.add(s0, loadPair(x));
    s1 = f64x2.add(s1, loadPair(x + 16));
    s2 = f64x2.add(s2, loadPair(x + 32));
    s3 = f64x2.add(s3, loadPair(x + 48));
    s4 = f64x2.add(s4, loadPair(x + 64));
    s5 = f64x2.add(s5, loadPair(x + 80));
    s6 = f64x2.add(s6, loadPair(x + 96));
    s7 = f64x2.add(s7, loadPair(x + 112));
  }
  if (rest > 0) s0 = f64x2.add(s0, loadPair(x));
  if (rest > 1) s1 = f64x2.add(s1, loadPair(x + 16));
  if (rest > 2) s2 = f64x2.add(s2, loadPair(x + 32));
  if (rest > 3) s3 = f64x2.add(s3, loadPair(x + 48));
  if (rest > 4) s4 = f64x2.add(s4, loadPair(x + 64));
  if (rest > 5) s5 = f64x2.add(s5, loadPair(x + 80));
  if (rest > 6) s6 = f64x2.add(s6, loadPair(x + 96));
  const even = f64x2.add(f64x2.add(s0, s4), f64x2.add(s2, s6));
  return f64x2.add(even, f64x2.add(f64x2.add(s1, s5), f64x2.add(s3, s7)));
}

/**
 * The peaks, 0 for a maximum of −Infinity, and the rests. Where the largest dominates, the difference of sum and peak would
 * cancel: the rest is summed anew.
 */
export function splitSums(e: usize, classes: usize, quads: usize, records: usize): void {
  for (const end = records + quads * RECORD; records < end; records += RECORD, e += spacing(classes)) {
    const max = v128.load(records, MAXIMA);
    const peak = scaledExpOf(f32x4.sub(max, anchorsOf(max)), v128.load(records, PEAKS));
    const peaks = v128.andnot(peak, f32x4.eq(max, f32x4.splat(-Infinity)));
    v128.store(records, peaks, PEAKS);
    for (let half: usize = 0; half < 32; half += 16) {
      v128.store(records + half, restsOfTwo(e + (half >> 1), classes, records, half), RESTS);
    }
  }
}

function restsOfTwo(e: usize, classes: usize, record: usize, half: usize): v128 {
  const peaks = v128.load64_zero(record + (half >> 1), PEAKS);
  const peak = f64x2.promote_low_f32x4(peaks);
  const rest = f64x2.sub(v128.load(record + half, SUMS), peak);
  const small = f64x2.lt(rest, f64x2.mul(peak, f64x2.splat(DOMINATED)));
  return v128.any_true(small) ? v128.bitselect(sumExceptPeaks(e, classes, peaks), rest, small) : rest;
}

/** Σ of the stored exponentials of two positions but those equal to the largest, class c in lane c mod 4 (sumExcept). */
function sumExceptPeaks(e: usize, classes: usize, peaks: v128): v128 {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let rest = classes;
  for (; rest >= 4; rest -= 4, e += 64) {
    s0 = f64x2.add(s0, pairExcept(e, peaks));
    s1 = f64x2.add(s1, pairExcept(e + 16, peaks));
    s2 = f64x2.add(s2, pairExcept(e + 32, peaks));
    s3 = f64x2.add(s3, pairExcept(e + 48, peaks));
  }
  if (rest > 0) s0 = f64x2.add(s0, pairExcept(e, peaks));
  if (rest > 1) s1 = f64x2.add(s1, pairExcept(e + 16, peaks));
  if (rest > 2) s2 = f64x2.add(s2, pairExcept(e + 32, peaks));
  return f64x2.add(f64x2.add(s0, s2), f64x2.add(s1, s3));
}

function pairExcept(e: usize, peaks: v128): v128 {
  const v = v128.load64_zero(e);
  return f64x2.promote_low_f32x4(v128.and(v, f32x4.ne(v, peaks)));
}

/**
 * After splitSums, and in place of the sums: what makes probabilities of stored exponentials; of the rests:
 * log(Σ exp(x − max)).
 */
function sharesAndLogs(quads: usize, records: usize): void {
  for (const end = records + quads * RECORD; records < end; records += RECORD) {
    for (let half: usize = 0; half < 32; half += 16) {
      const peak = loadPair(records + PEAKS + (half >> 1));
      const rest = v128.load(records + half, RESTS);
      v128.store(records + half, f64x2.div(f64x2.splat(1), f64x2.add(peak, rest)), SUMS);
      v128.store(records + half, log1pPair(f64x2.div(rest, peak)), RESTS);
    }
  }
}

/** The four f64 of a record as floats. */
export function fourOf(doubles: usize): v128 {
  return demote(v128.load(doubles), v128.load(doubles, 16));
}

/** The steps up to what makes probabilities of stored exponentials, in place of the sums. */
export function sharesOfQuads(
  x: usize,
  classes: usize,
  step: usize,
  next: usize,
  quads: usize,
  e: usize,
  records: usize,
): void {
  findMaxima(x, classes, step, next, quads, records);
  exponentials(x, classes, step, next, quads, e, records);
  const one = f64x2.splat(1);
  for (const end = records + quads * RECORD; records < end; records += RECORD) {
    v128.store(records, f64x2.div(one, v128.load(records, SUMS)), SUMS);
    v128.store(records, f64x2.div(one, v128.load(records, SUMS + 16)), SUMS + 16);
  }
}

/** Stored exponentials times a factor of each position, to out. */
export function multiply(e: usize, out: usize, classes: usize, step: usize, factor: v128): void {
  for (const end = e + (classes << 4); e < end; e += 16, out += step) {
    v128.store(out, f32x4.mul(v128.load(e), factor));
  }
}

/** The steps up to the logarithms. */
export function logsOfQuads(
  x: usize,
  classes: usize,
  step: usize,
  next: usize,
  quads: usize,
  e: usize,
  records: usize,
): void {
  findMaxima(x, classes, step, next, quads, records);
  exponentials(x, classes, step, next, quads, e, records);
  splitSums(e, classes, quads, records);
  sharesAndLogs(quads, records);
}
