import { scaledExpOf } from "./math/exp";
import { anchorOf, exponentOf, peakOf, roundOf, unscale } from "./math/exp-block";
import { loadLanes, storeLanes } from "./math/lanes";
import { log1p, power2 } from "./math/scalar";
import { addHigh, addLow } from "./math/sum";
import { DOMINATED } from "./row";

/**
 * softmax, logSoftmax and logSumExp along an axis that isn't the last: four positions side by side in a vector, class
 * after class. Nothing is transposed, and every position has the bits that it has as a row: class c goes to lane c mod 4
 * of its sum. At most BLOCK classes.
 *
 * x, out: classes × width floats, the classes `stride` floats apart; out may be x. e: 4·BLOCK floats. lanes: 80 bytes.
 */
export function softmaxAcross(x: usize, out: usize, classes: usize, width: usize, stride: usize, lanes: usize): void {
  for (let i: usize = 0; i < width; i += 4) {
    const count = min(width - i, 4);
    const to = out + (i << 2);
    const max = maxAcross(x + (i << 2), classes, stride, count);
    expAcross(x + (i << 2), to, classes, stride, stride, count, max, lanes);
    const factor = f32x4(
      <f32>(1 / load<f64>(lanes)),
      <f32>(1 / load<f64>(lanes, 8)),
      <f32>(1 / load<f64>(lanes, 16)),
      <f32>(1 / load<f64>(lanes, 24)),
    );
    const step = stride << 2;
    let p = to;
    if (count === 4) for (let c: usize = 0; c < classes; c++, p += step) v128.store(p, f32x4.mul(v128.load(p), factor));
    else
      for (let c: usize = 0; c < classes; c++, p += step)
        storeLanes(p, count, f32x4.mul(loadLanes(p, count, factor), factor));
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
  e: usize,
): void {
  const step = stride << 2;
  for (let i: usize = 0; i < width; i += 4) {
    const count = min(width - i, 4);
    const max = maxAcross(x + (i << 2), classes, stride, count);
    logAcross(x + (i << 2), classes, stride, count, max, lanes, e);
    const log = f32x4(
      <f32>load<f64>(lanes),
      <f32>load<f64>(lanes, 8),
      <f32>load<f64>(lanes, 16),
      <f32>load<f64>(lanes, 24),
    );
    let from = x + (i << 2);
    let to = out + (i << 2);
    for (let c: usize = 0; c < classes; c++, from += step, to += step) {
      if (count === 4) v128.store(to, f32x4.sub(f32x4.sub(v128.load(from), max), log));
      else storeLanes(to, count, f32x4.sub(f32x4.sub(loadLanes(from, count, max), max), log));
    }
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
  e: usize,
): void {
  for (let i: usize = 0; i < width; i += 4) {
    const count = min(width - i, 4);
    const max = maxAcross(x + (i << 2), classes, stride, count);
    logAcross(x + (i << 2), classes, stride, count, max, lanes, e);
    for (let lane: usize = 0; lane < count; lane++) {
      const m = load<f32>(lanes + 64 + (lane << 2));
      const log = load<f64>(lanes + (lane << 3));
      let value = <f32>(<f64>m + log);
      // 0/0 stands for a position of −Infinity alone; a NaN in it would be in the sum of its exponentials too.
      if (m === -Infinity && load<f64>(lanes + 32 + (lane << 3)) === 0) value = m;
      if (m === Infinity) value = hasNaNAcross(x + ((i + lane) << 2), classes, stride) ? NaN : m;
      store<f32>(out + ((i + lane) << 2), value);
    }
  }
}

function hasNaNAcross(x: usize, classes: usize, stride: usize): bool {
  for (let c: usize = 0; c < classes; c++, x += stride << 2) if (isNaN(load<f32>(x))) return true;
  return false;
}

/** The largest of each position, −Infinity for none; a NaN is passed over. */
function maxAcross(x: usize, classes: usize, stride: usize, count: usize): v128 {
  const lowest = f32x4.splat(-Infinity);
  const step = stride << 2;
  let a = lowest;
  let b = lowest;
  let c: usize = 0;
  if (count === 4) {
    for (; c + 2 <= classes; c += 2, x += 2 * step) {
      a = f32x4.pmax(a, v128.load(x));
      b = f32x4.pmax(b, v128.load(x + step));
    }
    if (c < classes) a = f32x4.pmax(a, v128.load(x));
    return f32x4.pmax(a, b);
  }
  for (; c < classes; c++, x += step) a = f32x4.pmax(a, loadLanes(x, count, lowest));
  return a;
}

/** Stores the scaled exponentials of the positions, as expBlock does for one, and their sums to `lanes`: four f64. */
function expAcross(
  x: usize,
  out: usize,
  classes: usize,
  stride: usize,
  outStride: usize,
  count: usize,
  max: v128,
  lanes: usize,
): void {
  const step = stride << 2;
  const outStep = outStride << 2;
  const center = eachLane(max, 0);
  const round = eachLane(max, 1);
  const floor = eachLane(max, 2);
  const zero = f64x2.splat(0);
  let low0 = zero;
  let high0 = zero;
  let low1 = zero;
  let high1 = zero;
  let low2 = zero;
  let high2 = zero;
  let low3 = zero;
  let high3 = zero;
  let c: usize = 0;
  if (count === 4) {
    for (; c + 4 <= classes; c += 4, x += 4 * step, out += 4 * outStep) {
      const e0 = scaledExpOf(f32x4.pmax(f32x4.sub(v128.load(x), center), floor), round);
      const e1 = scaledExpOf(f32x4.pmax(f32x4.sub(v128.load(x + step), center), floor), round);
      const e2 = scaledExpOf(f32x4.pmax(f32x4.sub(v128.load(x + 2 * step), center), floor), round);
      const e3 = scaledExpOf(f32x4.pmax(f32x4.sub(v128.load(x + 3 * step), center), floor), round);
      v128.store(out, e0);
      v128.store(out + outStep, e1);
      v128.store(out + 2 * outStep, e2);
      v128.store(out + 3 * outStep, e3);
      low0 = addLow(low0, e0);
      high0 = addHigh(high0, e0);
      low1 = addLow(low1, e1);
      high1 = addHigh(high1, e1);
      low2 = addLow(low2, e2);
      high2 = addHigh(high2, e2);
      low3 = addLow(low3, e3);
      high3 = addHigh(high3, e3);
    }
  }
  // The last classes, or all of a partial vector: the sums change places, so that the next class always goes to the first.
  const turns = count === 4 ? classes & 3 : classes;
  for (let turn: usize = 0; turn < turns; turn++, x += step, out += outStep) {
    const v = count === 4 ? v128.load(x) : loadLanes(x, count, f32x4.splat(-Infinity));
    const e = scaledExpOf(f32x4.pmax(f32x4.sub(v, center), floor), round);
    if (count === 4) v128.store(out, e);
    else storeLanes(out, count, e);
    const low = addLow(low0, e);
    const high = addHigh(high0, e);
    low0 = low1;
    high0 = high1;
    low1 = low2;
    high1 = high2;
    low2 = low3;
    high2 = high3;
    low3 = low;
    high3 = high;
  }
  for (let turn = turns & 3; turn > 0 && turn < 4; turn++) {
    const low = low0;
    const high = high0;
    low0 = low1;
    high0 = high1;
    low1 = low2;
    high1 = high2;
    low2 = low3;
    high2 = high3;
    low3 = low;
    high3 = high;
  }
  v128.store(lanes, f64x2.add(f64x2.add(low0, low2), f64x2.add(low1, low3)));
  v128.store(lanes, f64x2.add(f64x2.add(high0, high2), f64x2.add(high1, high3)), 16);
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
function logAcross(x: usize, classes: usize, stride: usize, count: usize, max: v128, lanes: usize, e: usize): void {
  expAcross(x, e, classes, stride, 4, count, max, lanes);
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
