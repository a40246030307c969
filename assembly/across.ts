import { scaledExpOf } from "./math/exp";
import { anchorOf, exponentOf, peakOf, roundOf, unscale } from "./math/exp-block";
import { loadLanes, storeLanes } from "./math/lanes";
import { log1p, power2 } from "./math/scalar";
import { addHigh, addLow, BLOCK } from "./math/sum";
import { DOMINATED } from "./row";

/**
 * softmax, logSoftmax and logSumExp along an axis that isn't the last: four positions side by side in a vector, class
 * after class. Nothing is transposed, and every position has the bits that it has as a row: class c goes to lane c mod 4
 * of its sum. At most BLOCK classes.
 *
 * A strip of positions, a cache line wide where that fits, is first copied together: classes whose distance is a
 * multiple of 4 KiB all fall on one set of a cache (measured: 4 times slower in place).
 *
 * x, out: classes × width floats, the classes `stride` floats apart; out may be x. lanes: 80 bytes. strip: 8·BLOCK
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
  const wide = stripWidth(classes);
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j += 4) {
      const at = strip + (j << 2);
      expAcross(at, at, classes, wide, wide, maxAcross(at, classes, wide), lanes);
      const factor = f32x4(
        <f32>(1 / load<f64>(lanes)),
        <f32>(1 / load<f64>(lanes, 8)),
        <f32>(1 / load<f64>(lanes, 16)),
        <f32>(1 / load<f64>(lanes, 24)),
      );
      for (let c: usize = 0, p = at; c < classes; c++, p += wide << 2) v128.store(p, f32x4.mul(v128.load(p), factor));
    }
    scatter(strip, out + (i << 2), classes, stride, wide, positions);
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
  const wide = stripWidth(classes);
  const e = strip + ((classes * wide) << 2);
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j += 4) {
      const at = strip + (j << 2);
      const max = maxAcross(at, classes, wide);
      logAcross(at, classes, wide, max, lanes, e);
      const log = f32x4(
        <f32>load<f64>(lanes),
        <f32>load<f64>(lanes, 8),
        <f32>load<f64>(lanes, 16),
        <f32>load<f64>(lanes, 24),
      );
      for (let c: usize = 0, p = at; c < classes; c++, p += wide << 2) {
        v128.store(p, f32x4.sub(f32x4.sub(v128.load(p), max), log));
      }
    }
    scatter(strip, out + (i << 2), classes, stride, wide, positions);
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
  const wide = stripWidth(classes);
  const e = strip + ((classes * wide) << 2);
  for (let i: usize = 0; i < width; i += wide) {
    const positions = min(width - i, wide);
    gather(x + (i << 2), strip, classes, stride, wide, positions);
    for (let j: usize = 0; j < positions; j++) {
      const lane = j & 3;
      if (lane === 0) {
        const at = strip + (j << 2);
        logAcross(at, classes, wide, maxAcross(at, classes, wide), lanes, e);
      }
      const m = load<f32>(lanes + 64 + (lane << 2));
      let value = <f32>(<f64>m + load<f64>(lanes + (lane << 3)));
      // 0/0 stands for a position of −Infinity alone; a NaN in it would be in the sum of its exponentials too.
      if (m === -Infinity && load<f64>(lanes + 32 + (lane << 3)) === 0) value = m;
      if (m === Infinity) value = hasNaNAcross(strip + (j << 2), classes, wide) ? NaN : m;
      store<f32>(out + ((i + j) << 2), value);
    }
  }
}

/** Positions of a strip: so many that it fits its room beside the exponentials of four. */
function stripWidth(classes: usize): usize {
  if (classes * 20 <= 8 * BLOCK) return 16;
  return classes * 12 <= 8 * BLOCK ? 8 : 4;
}

/** Copies `positions` of each class together, `wide` floats apart; what is missing to a vector is −Infinity. */
function gather(x: usize, to: usize, classes: usize, stride: usize, wide: usize, positions: usize): void {
  const whole = positions & ~3;
  const rest = positions & 3;
  for (let c: usize = 0; c < classes; c++, x += stride << 2, to += wide << 2) {
    let j: usize = 0;
    for (; j < whole; j += 4) v128.store(to + (j << 2), v128.load(x + (j << 2)));
    if (rest) v128.store(to + (j << 2), loadLanes(x + (j << 2), rest, f32x4.splat(-Infinity)));
  }
}

function scatter(from: usize, out: usize, classes: usize, stride: usize, wide: usize, positions: usize): void {
  const whole = positions & ~3;
  const rest = positions & 3;
  for (let c: usize = 0; c < classes; c++, from += wide << 2, out += stride << 2) {
    let j: usize = 0;
    for (; j < whole; j += 4) v128.store(out + (j << 2), v128.load(from + (j << 2)));
    if (rest) storeLanes(out + (j << 2), rest, v128.load(from + (j << 2)));
  }
}

function hasNaNAcross(x: usize, classes: usize, stride: usize): bool {
  for (let c: usize = 0; c < classes; c++, x += stride << 2) if (isNaN(load<f32>(x))) return true;
  return false;
}

/** The largest of each of four positions, −Infinity for none; a NaN is passed over. */
function maxAcross(x: usize, classes: usize, stride: usize): v128 {
  const step = stride << 2;
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

/** Stores the scaled exponentials of the positions, as expBlock does for one, and their sums to `lanes`: four f64. */
function expAcross(
  x: usize,
  out: usize,
  classes: usize,
  stride: usize,
  outStride: usize,
  max: v128,
  lanes: usize,
): void {
  const step = stride << 2;
  const outStep = outStride << 2;
  const center = eachLane(max, 0);
  const round = eachLane(max, 1);
  const floor = eachLane(max, 2);
  // The classes of one lane of the sum after the other: two accumulators at a time, where eight would not fit.
  for (let lane: usize = 0; lane < 4; lane++) {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    for (let c = lane; c < classes; c += 4) {
      const v = v128.load(x + c * step);
      const e = scaledExpOf(f32x4.pmax(f32x4.sub(v, center), floor), round);
      v128.store(out + c * outStep, e);
      low = addLow(low, e);
      high = addHigh(high, e);
    }
    // (lane 0 + lane 2) + (lane 1 + lane 3)
    const part = lanes + ((lane & 1) << 5);
    v128.store(part, lane < 2 ? low : f64x2.add(v128.load(part), low));
    v128.store(part, lane < 2 ? high : f64x2.add(v128.load(part, 16), high), 16);
  }
  v128.store(lanes, f64x2.add(v128.load(lanes), v128.load(lanes, 32)));
  v128.store(lanes, f64x2.add(v128.load(lanes, 16), v128.load(lanes, 48)), 16);
}

/** For each lane's maximum: what is subtracted (0), the rounding constant (1) or the floor (2) of exp-block.ts. */
function eachLane(max: v128, what: i32): v128 {
  return f32x4(
    constantOf(f32x4.extract_lane(max, 0), what),
    constantOf(f32x4.extract_lane(max, 1), what),
    constantOf(f32x4.extract_lane(max, 2), what),
    constantOf(f32x4.extract_lane(max, 3), what),
  );
}

function constantOf(max: f32, what: i32): f32 {
  const anchor = anchorOf(max);
  if (what === 0) return anchor;
  return roundOf(exponentOf(max, anchor), what === 2);
}

/** log(Σ exp(x − max)) of each position to `lanes`, then the stored sums, then the maxima. */
function logAcross(x: usize, classes: usize, stride: usize, max: v128, lanes: usize, e: usize): void {
  expAcross(x, e, classes, stride, 4, max, lanes);
  v128.store(lanes, max, 64);
  for (let lane: usize = 0; lane < 4; lane++) {
    const m = load<f32>(lanes + 64 + (lane << 2));
    const peak = m === -Infinity ? <f64>0 : <f64>peakOf(m);
    const sum = load<f64>(lanes + (lane << 3));
    let rest = sum - peak;
    store<f64>(lanes + 32 + (lane << 3), sum);
    if (rest < peak * DOMINATED) rest = restAcross(e + (lane << 2), classes, <f32>peak);
    const unit = power2(unscale(m));
    store<f64>(lanes + (lane << 3), log1p((rest * unit) / (peak * unit)));
  }
}

/** Σ of the stored exponentials of one position but those equal to the largest. */
function restAcross(e: usize, classes: usize, peak: f32): f64 {
  let s0: f64 = 0;
  let s1: f64 = 0;
  let s2: f64 = 0;
  let s3: f64 = 0;
  for (let c: usize = 0; c < classes; c++, e += 16) {
    const v = load<f32>(e);
    const kept: f64 = v === peak ? 0 : v;
    const lane = c & 3;
    if (lane === 0) s0 += kept;
    else if (lane === 1) s1 += kept;
    else if (lane === 2) s2 += kept;
    else s3 += kept;
  }
  return s0 + s2 + (s1 + s3);
}
