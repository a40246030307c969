import { loadLanes, loadPair, narrow, onlyLane, storeLanes, upper } from "./math/lanes";
import { BLOCK, total } from "./math/sum";
import { log, logOf, logRatio, logRatioOf, positive } from "./math/wide-log";

/**
 * Entropy and divergences of given distributions, in nats, a sum over n elements: start + Σ term, blocks of BLOCK summed
 * on their own and added in order. 0·log 0 = 0; mass of p where q has none gives +Infinity; a negative number NaN.
 *
 * Logarithms, products and sums are float64: a product of float32s near 2^-126 would lose digits, and the sum of terms of
 * both signs is worth no more than its terms.
 *
 * p, q: n floats. grad: n floats, the gradient to q times `scale`, 0 for none; it may be q. The classes below only name
 * what a loop computes: they choose the term at compile time.
 */
class Log {}
class Ratio {}

/** −Σ p·log p */
export function entropy(p: usize, n: usize, start: f64): f64 {
  return start - sumOf<Log>(p, p, n, 0);
}

/** −Σ p·log q, gradient −p/q */
export function crossEntropy(p: usize, q: usize, grad: usize, n: usize, scale: f64, start: f64): f64 {
  const sum = start - sumOf<Log>(p, q, n, 0);
  if (grad) gradientOfLog(p, q, grad, n, scale);
  return sum;
}

/** Σ p·log(p/q), gradient −p/q */
export function klDivergence(p: usize, q: usize, grad: usize, n: usize, scale: f64, start: f64): f64 {
  const sum = sumOf<Ratio>(p, q, n, start);
  if (grad) gradientOfLog(p, q, grad, n, scale);
  return sum;
}

function sumOf<T>(p: usize, q: usize, n: usize, start: f64): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    start += plain(p + at, q + at, count) ? plainBlock<T>(p + at, q + at, count) : anyBlock<T>(p + at, q + at, count);
  }
  return start;
}

/** Whether all numbers are finite, none is negative and q has mass wherever p has: all but what a limit is needed for. */
function plain(p: usize, q: usize, n: usize): bool {
  const zero = f32x4.splat(0);
  let most = zero;
  let hole = zero;
  for (const end = p + ((n >> 2) << 4); p < end; p += 16, q += 16) {
    const a = v128.load(p);
    const b = v128.load(q);
    most = i32x4.max_u(most, i32x4.max_u(a, b));
    hole = v128.or(hole, v128.andnot(f32x4.eq(b, zero), f32x4.eq(a, zero)));
  }
  const rest = n & 3;
  if (rest) {
    const a = loadLanes(p, rest, zero);
    const b = loadLanes(q, rest, zero);
    most = i32x4.max_u(most, i32x4.max_u(a, b));
    hole = v128.or(hole, v128.andnot(f32x4.eq(b, zero), f32x4.eq(a, zero)));
  }
  // By their bits, negative numbers and NaN are above the largest float.
  return !v128.any_true(v128.or(hole, i32x4.gt_u(most, i32x4.splat(0x7f7fffff))));
}

/** Two at a time: the two sums of lanes 0, 1 and of 2, 3 take turns. */
function plainBlock<T>(p: usize, q: usize, n: usize): f64 {
  let next = f64x2.splat(0);
  let other = f64x2.splat(0);
  for (const end = p + ((n >> 1) << 3); p < end; p += 8, q += 8) {
    const sum = f64x2.add(next, termsOf<T>(loadPair(p), loadPair(q)));
    next = other;
    other = sum;
  }
  if (n & 1) next = f64x2.add(next, onlyLane(termOf<T>(load<f32>(p), load<f32>(q))));
  return total(next, other);
}

function termsOf<T>(p: v128, q: v128): v128 {
  if (idof<T>() === idof<Ratio>()) return f64x2.mul(p, logRatio(positive(p), q));
  return f64x2.mul(p, log(q));
}

/** One by one, with every limit; in the same lanes, which take turns: lane 0 ← 1 ← 2 ← 3 ← 0. */
function anyBlock<T>(p: usize, q: usize, n: usize): f64 {
  let a: f64 = 0;
  let b: f64 = 0;
  let c: f64 = 0;
  let d: f64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const sum = a + termOf<T>(load<f32>(p + (i << 2)), load<f32>(q + (i << 2)));
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function termOf<T>(p: f64, q: f64): f64 {
  if (p < 0 || q < 0 || isNaN(q)) return NaN;
  if (p === 0) return 0;
  if (idof<T>() === idof<Ratio>()) return p * logRatioOf(p, q);
  return p * logOf(q);
}

/** −p/q times scale, 0 where p has no mass. The factor comes first: a quotient may overflow that a mean makes small. */
function gradientOfLog(p: usize, q: usize, grad: usize, n: usize, scale: f64): void {
  const by = f64x2.splat(-scale);
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < n; i += 4, p += 16, q += 16, grad += 16) {
    const count = min(n - i, 4);
    const a = count === 4 ? v128.load(p) : loadLanes(p, count, zero);
    const b = count === 4 ? v128.load(q) : loadLanes(q, count, zero);
    const slope = narrow(slopesOf(a, b, by), slopesOf(upper(a), upper(b), by));
    // All ones is a NaN.
    const bad = v128.not(v128.and(f32x4.ge(a, zero), f32x4.ge(b, zero)));
    const value = v128.or(v128.and(slope, f32x4.ne(a, zero)), bad);
    if (count === 4) v128.store(grad, value);
    else storeLanes(grad, count, value);
  }
}

/** p·by/q of the lower two lanes */
function slopesOf(p: v128, q: v128, by: v128): v128 {
  return f64x2.div(f64x2.mul(f64x2.promote_low_f32x4(p), by), f64x2.promote_low_f32x4(q));
}
