import { loadLanes, storeLanes } from "./math/lanes";
import { BLOCK } from "./math/sum";
import { logSoftmaxOfFour, logSumExpOfFour, softmaxOfFour } from "./quad";

/**
 * softmax, logSoftmax and logSumExp along an axis that isn't the last: four positions side by side (quad.ts), with
 * the bits that they have as rows. Nothing is transposed. At most BLOCK classes.
 *
 * Vectors are computed where they lie if the output takes the input's place. Otherwise, and where the classes' distance is
 * a multiple of 1 KiB, so that they fall on a few sets of a cache (measured: 4 times slower in place), a strip of
 * positions, a cache line wide where that fits, is first copied together.
 *
 * x, out: classes × width floats, the classes `stride` floats apart; out may be x. lanes: LANES_BYTES. strip: 8·BLOCK
 * floats, for a strip and the exponentials of four positions.
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
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    if (!there) gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j += 4) softmaxOfFour(at + (j << 2), classes, step, lanes);
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
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    if (!there) gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j += 4) logSoftmaxOfFour(at + (j << 2), classes, step, e, lanes);
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
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    if (!there) gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j += 4) {
      const value = logSumExpOfFour(at + (j << 2), classes, step, e, lanes);
      const to = out + ((i + j) << 2);
      if (positions - j >= 4) v128.store(to, value);
      else storeLanes(to, positions - j, value);
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
