import { logSumExpOfFour } from "./log-sum-exp";
import { loadLanes, storeLanes } from "./math/lanes";
import { BLOCK } from "./math/sum";
import { fourOf, logsOfQuads, MAXIMA, multiply, QUADS, RECORD, RESTS, SUMS, sharesOfQuads, spacing } from "./quad";

/**
 * softmax, logSoftmax and logSumExp along an axis that isn't the last: positions side by side as quads (quad.ts), with
 * the bits that they have as rows. Nothing is transposed. At most BLOCK classes.
 *
 * Vectors are computed where they lie if the output takes the input's place. Otherwise, and where the classes' distance is
 * a multiple of 1 KiB, so that they fall on a few sets of a cache (measured: 4 times slower in place), a strip of
 * positions, a cache line wide where that fits, is first copied together.
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
  x = settled(x, out, classes, width, stride);
  const there = x === out && (width & 3) === 0 && isSpread(stride);
  const wide = there ? width : stripWidth(classes);
  const at = there ? x : strip;
  const step = (there ? stride : wide) << 2;
  const e = there ? strip : strip + classes * step;
  const most = quadsAcross(classes, there ? 0 : wide);
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    if (!there) gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j += 4 * most) {
      softmaxOfQuads(at + (j << 2), classes, step, 16, min((positions - j + 3) >> 2, most), e, lanes);
    }
    if (!there) scatter(strip, out + (i << 2), classes, stride, wide, positions);
  }
}

/** As logSoftmax. */
export function logSoftmaxAcross(
  x: usize,
  out: usize,
  classes: usize,
  width: usize,
  stride: usize,
  lanes: usize,
  strip: usize,
): void {
  x = settled(x, out, classes, width, stride);
  const there = x === out && (width & 3) === 0 && isSpread(stride);
  const wide = there ? width : stripWidth(classes);
  const at = there ? x : strip;
  const step = (there ? stride : wide) << 2;
  const e = there ? strip : strip + classes * step;
  const most = quadsAcross(classes, there ? 0 : wide);
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    if (!there) gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j += 4 * most) {
      logSoftmaxOfQuads(at + (j << 2), classes, step, 16, min((positions - j + 3) >> 2, most), e, lanes);
    }
    if (!there) scatter(strip, out + (i << 2), classes, stride, wide, positions);
  }
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
  const there = (width & 3) === 0 && isSpread(stride);
  const wide = there ? width : stripWidth(classes);
  const at = there ? x : strip;
  const step = (there ? stride : wide) << 2;
  const e = there ? strip : strip + classes * step;
  const most = quadsAcross(classes, there ? 0 : wide);
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    if (!there) gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j += 4 * most) {
      const quads = min((positions - j + 3) >> 2, most);
      logsOfQuads(at + (j << 2), classes, step, 16, quads, e, lanes);
      for (let q: usize = 0; q < quads; q++) {
        const k = j + 4 * q;
        const value = logSumExpOfFour(at + (k << 2), classes, step, lanes + q * RECORD);
        const to = out + ((i + k) << 2);
        if (positions - k >= 4) v128.store(to, value);
        else storeLanes(to, positions - k, value);
      }
    }
  }
}

/** Softmax in place. */
function softmaxOfQuads(
  x: usize,
  classes: usize,
  step: usize,
  next: usize,
  quads: usize,
  e: usize,
  lanes: usize,
): void {
  sharesOfQuads(x, classes, step, next, quads, e, lanes);
  for (const end = lanes + quads * RECORD; lanes < end; lanes += RECORD, x += next, e += spacing(classes)) {
    multiply(e, x, classes, step, fourOf(lanes + SUMS));
  }
}

/** Log-softmax in place. */
function logSoftmaxOfQuads(
  x: usize,
  classes: usize,
  step: usize,
  next: usize,
  quads: usize,
  e: usize,
  lanes: usize,
): void {
  logsOfQuads(x, classes, step, next, quads, e, lanes);
  for (const end = lanes + quads * RECORD; lanes < end; lanes += RECORD, x += next) {
    const max = v128.load(lanes, MAXIMA);
    const log = fourOf(lanes + RESTS);
    for (let c: usize = 0, p = x; c < classes; c++, p += step) {
      v128.store(p, f32x4.sub(f32x4.sub(v128.load(p), max), log));
    }
  }
}

/** Where the input lies: a slab that can be computed where its output belongs is copied there, if a cache holds it. */
function settled(x: usize, out: usize, classes: usize, width: usize, stride: usize): usize {
  if (x === out || width !== stride || (width & 3) !== 0 || !isSpread(stride) || classes * stride > 64 * BLOCK)
    return x;
  memory.copy(out, x, (classes * stride) << 2);
  return out;
}

/** Whether classes so far apart may stay where they lie. */
export function isSpread(stride: usize): bool {
  return (stride & 255) !== 0;
}

/** Positions of a strip: so many that it fits its room beside the exponentials of four. */
export function stripWidth(classes: usize): usize {
  if (classes * 20 <= 8 * BLOCK) return 16;
  return classes * 12 <= 8 * BLOCK ? 8 : 4;
}

/** Quads that go together: their exponentials find room beside a strip so wide. */
export function quadsAcross(classes: usize, wide: usize): usize {
  return max(1, min(QUADS, classes ? (8 * BLOCK - classes * wide) / (spacing(classes) >> 2) : 1));
}

/** Copies `positions` of each class together, `wide` floats apart; what is missing to a vector is −Infinity. */
export function gather(x: usize, to: usize, classes: usize, stride: usize, wide: usize, positions: usize): void {
  const whole = positions & ~3;
  const rest = positions & 3;
  for (let c: usize = 0; c < classes; c++, x += stride << 2, to += wide << 2) {
    let j: usize = 0;
    for (; j < whole; j += 4) v128.store(to + (j << 2), v128.load(x + (j << 2)));
    if (rest) v128.store(to + (j << 2), loadLanes(x + (j << 2), rest, f32x4.splat(-Infinity)));
  }
}

export function scatter(from: usize, out: usize, classes: usize, stride: usize, wide: usize, positions: usize): void {
  const whole = positions & ~3;
  const rest = positions & 3;
  for (let c: usize = 0; c < classes; c++, from += wide << 2, out += stride << 2) {
    let j: usize = 0;
    for (; j < whole; j += 4) v128.store(out + (j << 2), v128.load(from + (j << 2)));
    if (rest) storeLanes(out + (j << 2), rest, v128.load(from + (j << 2)));
  }
}
