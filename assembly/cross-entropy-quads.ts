import { loadPair } from "./math/lanes";
import { log1pPair } from "./math/scalar";
import { LARGEST, SMALL } from "./math/scale";
import { exponentials, findMaxima, MAXIMA, OWN, PEAKS, RECORD, RESTS, SUMS, spacing, splitSums } from "./quad";

/**
 * Softmax cross-entropy of quads (quad.ts), with the bits that softmaxCrossEntropy has for rows: the losses, and in the
 * records, in place of the sums, what stored exponentials are multiplied by, in place of the rests the gradients at the
 * labels. A position with a negative label has loss 0, and what its record says is of no use.
 *
 * labels, scales, scale, losses: as there. e may be x if that is turned rows.
 */
export function crossEntropyOfQuads(
  x: usize,
  classes: usize,
  step: usize,
  next: usize,
  quads: usize,
  labels: usize,
  scales: usize,
  scale: f64,
  losses: usize,
  e: usize,
  records: usize,
): void {
  for (let q: usize = 0; q < quads; q++) {
    v128.store(records + q * RECORD, atLabels(x + q * next, step, labels + (q << 4)), OWN);
  }
  findMaxima(x, classes, step, next, quads, records);
  exponentials(x, classes, step, next, quads, e, records);
  splitSums(e, classes, quads, records);
  const apart = spacing(classes);
  for (let q: usize = 0; q < quads; q++, e += apart, labels += 16, losses += 32, records += RECORD) {
    v128.store(records, atLabels(e, 16, labels), OWN + 16);
    for (let half: usize = 0; half < 32; half += 16) {
      const by = scales ? v128.load(scales + (q << 5) + half) : f64x2.splat(scale);
      v128.store(losses + half, lossesOfTwo(labels, by, records, half));
    }
  }
}

/** For each of four positions the float at its label, or at class 0 where that is negative. */
function atLabels(x: usize, step: usize, labels: usize): v128 {
  const y = i32x4.max_s(v128.load(labels), i32x4.splat(0));
  return f32x4(
    load<f32>(x + <usize>i32x4.extract_lane(y, 0) * step),
    load<f32>(x + <usize>i32x4.extract_lane(y, 1) * step, 4),
    load<f32>(x + <usize>i32x4.extract_lane(y, 2) * step, 8),
    load<f32>(x + <usize>i32x4.extract_lane(y, 3) * step, 12),
  );
}

function lossesOfTwo(labels: usize, scale: v128, record: usize, half: usize): v128 {
  const one = f64x2.splat(1);
  const floats = record + (half >> 1);
  const counts = i32x4.ge_s(v128.load64_zero(labels + (half >> 1)), i32x4.splat(0));
  const largest = loadPair(floats + MAXIMA);
  const x = loadPair(floats + OWN);
  const peak = loadPair(floats + PEAKS);
  const stored = loadPair(floats + OWN + 16);
  const rest = v128.load(record + half, RESTS);
  const sum = f64x2.add(peak, rest);
  const share = f64x2.div(one, sum);
  const others = v128.bitselect(f64x2.div(rest, sum), f64x2.sub(one, f64x2.mul(stored, share)), f64x2.eq(x, largest));
  v128.store(record + half, f64x2.mul(share, scale), SUMS);
  v128.store(record + half, f64x2.sub(f64x2.splat(0), f64x2.mul(others, scale)), RESTS);
  const loss = f64x2.add(f64x2.sub(largest, x), log1pPair(f64x2.div(rest, peak)));
  return v128.and(loss, i64x2.extend_low_i32x4_s(counts));
}

/**
 * Whether float32 holds the factors of all four positions, or of those whose labels count, as normal numbers: then scale()
 * would apply them in one step, as gradients of quads do. It wouldn't for infinite and NaN rows, and for scales below 2^-36 or
 * so: such quads are computed row by row.
 */
export function arePlain(labels: usize, record: usize): bool {
  const out = i32x4.lt_s(v128.load(labels), i32x4.splat(0));
  const low = v128.or(isNormal(v128.load(record, SUMS)), i64x2.extend_low_i32x4_s(out));
  const high = v128.or(isNormal(v128.load(record, SUMS + 16)), i64x2.extend_high_i32x4_s(out));
  return i64x2.all_true(v128.and(low, high));
}

/** Whether the two factors are normal floats, or 0. */
function isNormal(factor: v128): v128 {
  const magnitude = f64x2.abs(factor);
  const inRange = v128.and(f64x2.ge(magnitude, f64x2.splat(SMALL)), f64x2.le(magnitude, f64x2.splat(LARGEST)));
  return v128.or(inRange, f64x2.eq(magnitude, f64x2.splat(0)));
}
