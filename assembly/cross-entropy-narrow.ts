import { narrow, upper } from "./math/lanes";
import { log1pPair } from "./math/scalar";
import { LARGEST, SMALL } from "./math/scale";
import { expOfFour, LANES_BYTES, peaksOfFour, restsOfFour, turnOfFour } from "./quad";
import { transpose } from "./transpose";

/**
 * Softmax cross-entropy of four rows of at most NARROW columns, side by side, with the bits that softmaxCrossEntropy has
 * for each. x, grad, labels, scales, scale, losses: as there, at the first of the four. lanes: STATE_BYTES.
 *
 * False where a row is left out, or where a factor isn't a normal float32, which infinite and NaN rows lead to: then the
 * gradient is untouched, and the rows are to be computed one by one.
 */
export function crossEntropyOfFour(
  x: usize,
  grad: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  cols: usize,
  lanes: usize,
): bool {
  const y = v128.load(labels);
  if (v128.any_true(i32x4.lt_s(y, i32x4.splat(0)))) return false;
  const bytes = cols << 2;
  const y0 = (<usize>i32x4.extract_lane(y, 0)) << 2;
  const y1 = bytes + ((<usize>i32x4.extract_lane(y, 1)) << 2);
  const y2 = 2 * bytes + ((<usize>i32x4.extract_lane(y, 2)) << 2);
  const y3 = 3 * bytes + ((<usize>i32x4.extract_lane(y, 3)) << 2);
  const logit = f32x4(load<f32>(x + y0), load<f32>(x + y1), load<f32>(x + y2), load<f32>(x + y3));
  const e = lanes + LANES_BYTES;
  const max = turnOfFour(x, e, cols);
  const peaks = peaksOfFour(max, expOfFour(e, e, cols, 16, 16, max, lanes));
  restsOfFour(e, cols, 16, peaks, lanes);
  const at = i32x4.shl(y, 4);
  const stored = f32x4(
    load<f32>(e + i32x4.extract_lane(at, 0)),
    load<f32>(e + i32x4.extract_lane(at, 1), 4),
    load<f32>(e + i32x4.extract_lane(at, 2), 8),
    load<f32>(e + i32x4.extract_lane(at, 3), 12),
  );
  lossesOfFour(max, logit, peaks, stored, scales, scale, lanes, losses);
  if (!grad) return true;
  if (!areNormal(lanes)) return false;
  const factor = factorsOf(lanes);
  for (let c: usize = 0, p = e; c < cols; c++, p += 16) v128.store(p, f32x4.mul(v128.load(p), factor));
  transpose(e, 4, grad, cols, cols, 4);
  store<f32>(grad + y0, <f32>load<f64>(lanes, 32));
  store<f32>(grad + y1, <f32>load<f64>(lanes, 40));
  store<f32>(grad + y2, <f32>load<f64>(lanes, 48));
  store<f32>(grad + y3, <f32>load<f64>(lanes, 56));
  return true;
}

/**
 * The losses of four positions; to `lanes`, in place of the sums: what stored exponentials are multiplied by, and 32 bytes
 * on, in place of the rests, the gradients at the labels.
 */
export function lossesOfFour(
  max: v128,
  logit: v128,
  peaks: v128,
  stored: v128,
  scales: usize,
  scale: f64,
  lanes: usize,
  losses: usize,
): void {
  const scaleLow = scales ? v128.load(scales) : f64x2.splat(scale);
  const scaleHigh = scales ? v128.load(scales, 16) : scaleLow;
  lossesOfTwo(max, logit, peaks, stored, scaleLow, lanes, losses);
  lossesOfTwo(upper(max), upper(logit), upper(peaks), upper(stored), scaleHigh, lanes + 16, losses + 16);
}

/** Of two positions. */
function lossesOfTwo(
  max: v128,
  logit: v128,
  peaks: v128,
  stored: v128,
  scale: v128,
  lanes: usize,
  losses: usize,
): void {
  const one = f64x2.splat(1);
  const largest = f64x2.promote_low_f32x4(max);
  const x = f64x2.promote_low_f32x4(logit);
  const peak = f64x2.promote_low_f32x4(peaks);
  const rest = v128.load(lanes, 32);
  const sum = f64x2.add(peak, rest);
  const share = f64x2.div(one, sum);
  const others = v128.bitselect(
    f64x2.div(rest, sum),
    f64x2.sub(one, f64x2.mul(f64x2.promote_low_f32x4(stored), share)),
    f64x2.eq(x, largest),
  );
  v128.store(losses, f64x2.add(f64x2.sub(largest, x), log1pPair(f64x2.div(rest, peak))));
  v128.store(lanes, f64x2.mul(share, scale));
  v128.store(lanes, f64x2.mul(f64x2.neg(others), scale), 32);
}

/** Whether scale() would apply all four factors at `lanes` as they are. */
export function areNormal(lanes: usize): bool {
  return i64x2.all_true(v128.and(normal(v128.load(lanes)), normal(v128.load(lanes, 16))));
}

/** The four factors at `lanes`. */
export function factorsOf(lanes: usize): v128 {
  return narrow(v128.load(lanes), v128.load(lanes, 16));
}

function normal(factor: v128): v128 {
  const size = f64x2.abs(factor);
  return v128.and(f64x2.ge(size, f64x2.splat(SMALL)), f64x2.le(size, f64x2.splat(LARGEST)));
}
