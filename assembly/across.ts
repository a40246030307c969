import { logSumExpOfFour } from "./log-sum-exp";
import { storeLanes } from "./math/lanes";
import { BLOCK } from "./math/sum";
import { fourOf, logsOfQuads, MAXIMA, multiply, RECORD, RESTS, SUMS, sharesOfQuads, spacing } from "./quad";
import { gather, isSpread, quadsAcross, scatter, stripStep, stripWidth } from "./strip";

/**
 * softmax, logSoftmax and logSumExp along an axis that isn't the last: positions side by side as quads (quad.ts), with
 * the bits that they have as rows. Nothing is transposed. At most BLOCK classes.
 *
 * Vectors are computed where they lie, from x to out; or in out, after a slab that fits a cache was copied there. Strips
 * (strip.ts) take what is no whole vector; and everything where classes lie a multiple of 1 KiB apart, since these would
 * share a few sets of the cache (measured: 4 times slower in place).
 *
 * x, out: classes × width floats, the classes `stride` floats apart; out may be x. records: room for QUADS records
 * (quad.ts). strip: 8·BLOCK floats, for a strip and the exponentials of quads.
 */
export function softmaxAcross(
  x: usize,
  out: usize,
  classes: usize,
  width: usize,
  stride: usize,
  records: usize,
  strip: usize,
): void {
  across(SOFTMAX, x, out, classes, width, stride, records, strip);
}

/** As softmaxAcross. */
export function logSoftmaxAcross(
  x: usize,
  out: usize,
  classes: usize,
  width: usize,
  stride: usize,
  records: usize,
  strip: usize,
): void {
  across(LOG_SOFTMAX, x, out, classes, width, stride, records, strip);
}

/** As logSumExp, a float a position. */
export function logSumExpAcross(
  x: usize,
  out: usize,
  classes: usize,
  width: usize,
  stride: usize,
  records: usize,
  strip: usize,
): void {
  across(LOG_SUM_EXP, x, out, classes, width, stride, records, strip);
}

const SOFTMAX: i32 = 0;
const LOG_SOFTMAX: i32 = 1;
const LOG_SUM_EXP: i32 = 2;

function across(
  operation: i32,
  x: usize,
  out: usize,
  classes: usize,
  width: usize,
  stride: usize,
  records: usize,
  strip: usize,
): void {
  const reduces = operation === LOG_SUM_EXP;
  const whole = isSpread(stride) ? width & ~3 : 0;
  if (whole) {
    if (!reduces) x = copiedIfCached(x, out, classes, width, stride);
    ofPositions(operation, x, out, classes, whole, stride << 2, quadsAcross(classes, 0), strip, records);
  }
  const wide = stripWidth(classes);
  const step = stripStep(wide);
  const most = quadsAcross(classes, step);
  const e = strip + ((classes * step) << 2);
  for (let i = whole; i < width; i += wide) {
    const positions = min(width - i, wide);
    const to = out + (i << 2);
    gather(x + (i << 2), strip, classes, stride, step, positions);
    ofPositions(operation, strip, reduces ? to : strip, classes, positions, step << 2, most, e, records);
    if (!reduces) scatter(strip, to, classes, stride, step, positions);
  }
}

/** `most`: quads that go together. Of logSumExp alone the last positions may be no whole vector of its result. */
function ofPositions(
  operation: i32,
  x: usize,
  out: usize,
  classes: usize,
  positions: usize,
  step: usize,
  most: usize,
  e: usize,
  records: usize,
): void {
  for (let j: usize = 0; j < positions; j += 4 * most) {
    const quads = min((positions - j + 3) >> 2, most);
    const at = x + (j << 2);
    const to = out + (j << 2);
    if (operation === SOFTMAX) softmaxOfQuads(at, to, classes, step, quads, e, records);
    else if (operation === LOG_SOFTMAX) logSoftmaxOfQuads(at, to, classes, step, quads, e, records);
    else logSumExpOfQuads(at, to, classes, step, positions - j, quads, e, records);
  }
}

function softmaxOfQuads(
  x: usize,
  out: usize,
  classes: usize,
  step: usize,
  quads: usize,
  e: usize,
  records: usize,
): void {
  sharesOfQuads(x, classes, step, 16, quads, e, records);
  for (const end = records + quads * RECORD; records < end; records += RECORD, out += 16, e += spacing(classes)) {
    multiply(e, out, classes, step, fourOf(records + SUMS));
  }
}

function logSoftmaxOfQuads(
  x: usize,
  out: usize,
  classes: usize,
  step: usize,
  quads: usize,
  e: usize,
  records: usize,
): void {
  logsOfQuads(x, classes, step, 16, quads, e, records);
  for (const end = records + quads * RECORD; records < end; records += RECORD, x += 16, out += 16) {
    const max = v128.load(records, MAXIMA);
    const log = fourOf(records + RESTS);
    for (let c: usize = 0, p = x, q = out; c < classes; c++, p += step, q += step) {
      v128.store(q, f32x4.sub(f32x4.sub(v128.load(p), max), log));
    }
  }
}

function logSumExpOfQuads(
  x: usize,
  out: usize,
  classes: usize,
  step: usize,
  positions: usize,
  quads: usize,
  e: usize,
  records: usize,
): void {
  logsOfQuads(x, classes, step, 16, quads, e, records);
  for (let q: usize = 0; q < quads; q++, x += 16, out += 16, positions -= 4) {
    const value = logSumExpOfFour(x, classes, step, records + q * RECORD);
    if (positions >= 4) v128.store(out, value);
    else storeLanes(out, positions, value);
  }
}

/** Floats of a slab that a second-level cache holds beside its output: 512 KiB. */
const CACHED: usize = 64 * BLOCK;

/**
 * The address to read from: a whole slab that fits a cache is first copied to where its output goes. A larger one would
 * have left the cache again before it is read.
 */
function copiedIfCached(x: usize, out: usize, classes: usize, width: usize, stride: usize): usize {
  if (x === out || width !== stride || classes * stride > CACHED) return x;
  memory.copy(out, x, (classes * stride) << 2);
  return out;
}
