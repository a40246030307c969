import { loadLanes, loadPair, onlyLane, storePair } from "./math/lanes";
import { BLOCK, total } from "./math/sum";
import { logRatio, logRatioOf, positive } from "./math/wide-log";

/**
 * Jensen–Shannon divergence of given distributions, in nats, a sum over n elements in blocks of BLOCK, with m = (p + q)/2:
 *
 *   start + ½·Σ (p·log(p/m) + q·log(q/m)),  gradient to q  ½·log(q/m), times `scale`
 *
 * J. Lin, "Divergence Measures Based on the Shannon Entropy" (1991). In float64, where p + q rounds by nothing that
 * counts. A negative number gives NaN; where neither has mass both are 0.
 *
 * p, q: n floats. grad: n floats, 0 for none; it may be q.
 */
export function jensenShannon(p: usize, q: usize, grad: usize, n: usize, scale: f64, start: f64): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    const to = grad ? grad + at : 0;
    const sum = plain(p + at, q + at, count)
      ? plainBlock(p + at, q + at, to, count, 0.5 * scale)
      : anyBlock(p + at, q + at, to, count, 0.5 * scale);
    start += 0.5 * sum;
  }
  return start;
}

/** Whether all numbers are finite and none is negative. */
function plain(p: usize, q: usize, n: usize): bool {
  const zero = f32x4.splat(0);
  let most = zero;
  for (const end = p + ((n >> 2) << 4); p < end; p += 16, q += 16) {
    most = i32x4.max_u(most, i32x4.max_u(v128.load(p), v128.load(q)));
  }
  const rest = n & 3;
  if (rest) most = i32x4.max_u(most, i32x4.max_u(loadLanes(p, rest, zero), loadLanes(q, rest, zero)));
  // By their bits, negative numbers and NaN are above the largest float.
  return !v128.any_true(i32x4.gt_u(most, i32x4.splat(0x7f7fffff)));
}

/** Two at a time: the two sums of lanes 0, 1 and of 2, 3 take turns. */
function plainBlock(p: usize, q: usize, grad: usize, n: usize, scale: f64): f64 {
  const zero = f64x2.splat(0);
  const by = f64x2.splat(scale);
  const atZero = f64x2.splat(-Infinity * scale);
  let next = zero;
  let other = zero;
  for (const end = p + ((n >> 1) << 3); p < end; p += 8, q += 8) {
    const a = loadPair(p);
    const b = loadPair(q);
    const both = f64x2.add(a, b);
    const slope = logRatio(positive(f64x2.add(b, b)), both);
    const ofP = f64x2.mul(a, logRatio(positive(f64x2.add(a, a)), both));
    const sum = f64x2.add(next, f64x2.add(ofP, f64x2.mul(b, slope)));
    if (grad) {
      const limit = v128.and(atZero, f64x2.ne(a, zero));
      storePair(grad, v128.bitselect(limit, f64x2.mul(slope, by), f64x2.eq(b, zero)));
      grad += 8;
    }
    next = other;
    other = sum;
  }
  if (n & 1) next = f64x2.add(next, onlyLane(anyBlock(p, q, grad, 1, scale)));
  return total(next, other);
}

/** One by one, with every limit; in the same lanes, which take turns: lane 0 ← 1 ← 2 ← 3 ← 0. */
function anyBlock(p: usize, q: usize, grad: usize, n: usize, scale: f64): f64 {
  let a: f64 = 0;
  let b: f64 = 0;
  let c: f64 = 0;
  let d: f64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const at = i << 2;
    const x: f64 = load<f32>(p + at);
    const y: f64 = load<f32>(q + at);
    const sum = a + termOf(x, y);
    if (grad) store<f32>(grad + at, <f32>slopeOf(x, y, scale));
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function termOf(p: f64, q: f64): f64 {
  if (p < 0 || q < 0) return NaN;
  const ofP = p === 0 ? 0 : p * logRatioOf(p + p, p + q);
  return ofP + (q === 0 ? 0 : q * logRatioOf(q + q, p + q));
}

function slopeOf(p: f64, q: f64, scale: f64): f64 {
  if (p < 0 || q < 0) return NaN;
  return p === 0 && q === 0 ? 0 : logRatioOf(q + q, p + q) * scale;
}
