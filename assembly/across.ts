import { logSumExpOfFour } from "./log-sum-exp";
import { loadLanes, storeLanes } from "./math/lanes";
import { BLOCK } from "./math/sum";
import { fourOf, logsOfQuads, MAXIMA, multiply, QUADS, RECORD, RESTS, SUMS, sharesOfQuads, spacing } from "./quad";

/**
 * softmax, logSoftmax and logSumExp along an axis that isn't the last: positions side by side as quads (quad.ts), with
 * the bits that they have as rows. Nothing is transposed. At most BLOCK classes.
 *
 * Vectors are computed where they lie. Where the classes' distance is a multiple of 1 KiB, so that they fall on a few sets
 * of a cache (measured: 4 times slower in place), and where the last vector would be a part of one, a strip of positions is
 * first copied together.
 *
 * x, out: classes × width floats, the classes `stride` floats apart; out may be x. lanes: QUADS records. strip:
 * 8·BLOCK floats, for a strip and the exponentials of quads.
 */
export function softmaxAcross(
  x: usize,
  out: usize,
  classes: usize,
  width: usize,
  stride: usize,
  lanes: usize,
  strip: usize,
): void {
  across(SOFTMAX, x, out, classes, width, stride, lanes, strip);
}

/** As softmaxAcross. */
export function logSoftmaxAcross(
  x: usize,
  out: usize,
  classes: usize,
  width: usize,
  stride: usize,
  lanes: usize,
  strip: usize,
): void {
  across(LOG_SOFTMAX, x, out, classes, width, stride, lanes, strip);
}

/** As logSumExp, a float a position. */
export function logSumExpAcross(
  x: usize,
  out: usize,
  classes: usize,
  width: usize,
  stride: usize,
  lanes: usize,
  strip: usize,
): void {
  across(LOG_SUM_EXP, x, out, classes, width, stride, lanes, strip);
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
  lanes: usize,
  strip: usize,
): void {
  const reduces = operation === LOG_SUM_EXP;
  const there = (width & 3) === 0 && isSpread(stride);
  if (!reduces && there) x = settled(x, out, classes, width, stride);
  const wide = there ? width : stripWidth(classes);
  const step = (there ? stride : apart(wide)) << 2;
  const from = there ? x : strip;
  const to = there || reduces ? out : strip;
  const e = there ? strip : strip + classes * step;
  const most = quadsAcross(classes, there ? 0 : apart(wide));
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    if (!there) gather(x + (i << 2), strip, classes, stride, apart(wide), positions);
    for (let j: usize = 0; j < positions; j += 4 * most) {
      const quads = min((positions - j + 3) >> 2, most);
      const at = from + (j << 2);
      if (operation === SOFTMAX) {
        softmaxOfQuads(at, to + (j << 2), classes, step, quads, e, lanes);
      } else if (operation === LOG_SOFTMAX) {
        logSoftmaxOfQuads(at, to + (j << 2), classes, step, quads, e, lanes);
      } else {
        logSumExpOfQuads(at, out + ((i + j) << 2), classes, step, positions - j, quads, e, lanes);
      }
    }
    if (!reduces && !there) scatter(strip, out + (i << 2), classes, stride, apart(wide), positions);
  }
}

function softmaxOfQuads(x: usize, out: usize, classes: usize, step: usize, quads: usize, e: usize, lanes: usize): void {
  sharesOfQuads(x, classes, step, 16, quads, e, lanes);
  for (const end = lanes + quads * RECORD; lanes < end; lanes += RECORD, out += 16, e += spacing(classes)) {
    multiply(e, out, classes, step, fourOf(lanes + SUMS));
  }
}

function logSoftmaxOfQuads(
  x: usize,
  out: usize,
  classes: usize,
  step: usize,
  quads: usize,
  e: usize,
  lanes: usize,
): void {
  logsOfQuads(x, classes, step, 16, quads, e, lanes);
  for (const end = lanes + quads * RECORD; lanes < end; lanes += RECORD, x += 16, out += 16) {
    const max = v128.load(lanes, MAXIMA);
    const log = fourOf(lanes + RESTS);
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
  lanes: usize,
): void {
  logsOfQuads(x, classes, step, 16, quads, e, lanes);
  for (let q: usize = 0; q < quads; q++, x += 16, out += 16, positions -= 4) {
    const value = logSumExpOfFour(x, classes, step, lanes + q * RECORD);
    if (positions >= 4) v128.store(out, value);
    else storeLanes(out, positions, value);
  }
}

/**
 * Where the input lies: a whole slab that a cache holds is first copied to where its output belongs. Of larger ones the
 * copy would be gone again when it is read.
 */
function settled(x: usize, out: usize, classes: usize, width: usize, stride: usize): usize {
  if (x === out || width !== stride || classes * stride > 64 * BLOCK) return x;
  memory.copy(out, x, (classes * stride) << 2);
  return out;
}

/** Whether classes so far apart may stay where they lie. */
export function isSpread(stride: usize): bool {
  return (stride & 255) !== 0;
}

/** Positions of a strip of many cache lines. */
const WIDE: usize = 128;

/**
 * Positions of a strip, so many that it fits its room beside the exponentials of four: the more of a class lie together,
 * the fewer pages a strip touches. Two lines of each class are the worst (measured): what is fetched ahead is lost.
 */
export function stripWidth(classes: usize): usize {
  if (classes * (apart(WIDE) + 16) <= 8 * BLOCK) return WIDE;
  if (classes * 20 <= 8 * BLOCK) return 16;
  return classes * 12 <= 8 * BLOCK ? 8 : 4;
}

/** Floats between two classes of a strip: spread, too. */
export function apart(wide: usize): usize {
  return wide === WIDE ? WIDE + 4 : wide;
}

/** Quads that go together: their exponentials find room beside a strip whose classes stand so far apart. */
export function quadsAcross(classes: usize, step: usize): usize {
  return max(1, min(QUADS, classes ? (8 * BLOCK - classes * step) / (spacing(classes) >> 2) : 1));
}

/** Copies `positions` of each class together, `step` floats apart; what is missing to a vector is −Infinity. */
export function gather(x: usize, to: usize, classes: usize, stride: usize, step: usize, positions: usize): void {
  const whole = positions >> 2;
  const rest = positions & 3;
  for (let c: usize = 0; c < classes; c++, x += stride << 2, to += step << 2) {
    copyVectors(x, to, whole);
    if (rest) v128.store(to + (whole << 4), loadLanes(x + (whole << 4), rest, f32x4.splat(-Infinity)));
  }
}

export function scatter(x: usize, out: usize, classes: usize, stride: usize, step: usize, positions: usize): void {
  const whole = positions >> 2;
  const rest = positions & 3;
  for (let c: usize = 0; c < classes; c++, x += step << 2, out += stride << 2) {
    copyVectors(x, out, whole);
    if (rest) storeLanes(out + (whole << 4), rest, v128.load(x + (whole << 4)));
  }
}

function copyVectors(from: usize, to: usize, n: usize): void {
  for (; n >= 4; n -= 4, from += 64, to += 64) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
  for (; n > 0; n--, from += 16, to += 16) v128.store(to, v128.load(from));
}
