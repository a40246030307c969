import { loadLanes, narrow, storeLanes, upper } from "./math/lanes";
import { LARGEST_BITS, LEAST_BITS, logOf, logRatioOf, ONE, reduceLogs, reduceRatios, weigh } from "./math/log-pass";
import { BLOCK } from "./math/sum";

/**
 * Entropy and divergences of given distributions, in nats, a sum over n elements: start + Σ term, blocks of BLOCK summed
 * on their own and added in order. 0·log 0 = 0; mass of p where q has none gives +Infinity; a negative number NaN.
 *
 * Products and sums are float64: a product of float32s near 2^-126 would lose digits, and the sum of terms of both signs
 * is worth no more than its terms.
 *
 * p, q: n floats. grad: n floats, the gradient to q times `scale`, 0 for none; it may be q. e: scratch, 2·BLOCK + 8 floats.
 * The classes below only name what a loop computes: they choose the term at compile time.
 */
class Log {}
class Ratio {}

/** −Σ p·log p */
export function entropy(p: usize, e: usize, n: usize, start: f64): f64 {
  return start - sumOf<Log>(p, p, e, n, 0);
}

/** −Σ p·log q, gradient −p/q */
export function crossEntropy(p: usize, q: usize, grad: usize, e: usize, n: usize, scale: f64, start: f64): f64 {
  const sum = start - sumOf<Log>(p, q, e, n, 0);
  if (grad) gradientOfLog(p, q, grad, n, scale);
  return sum;
}

/** Σ p·log(p/q), gradient −p/q */
export function klDivergence(p: usize, q: usize, grad: usize, e: usize, n: usize, scale: f64, start: f64): f64 {
  const sum = sumOf<Ratio>(p, q, e, n, start);
  if (grad) gradientOfLog(p, q, grad, n, scale);
  return sum;
}

function sumOf<T>(p: usize, q: usize, e: usize, n: usize, start: f64): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const a = p + (i << 2);
    const b = q + (i << 2);
    const count = min(n - i, BLOCK);
    const found = look(a, b, count);
    if (found <= TINY) start += plainBlock<T>(a, b, e, count, found === TINY);
    else if (found === HOLE) start += idof<T>() === idof<Ratio>() ? Infinity : -Infinity;
    else start += anyBlock<T>(a, b, count);
  }
  return start;
}

/** What a block holds. Numbers from LEAST_BITS up to LARGEST_BITS. */
const USUAL = 0;
/** Also smaller ones, none negative, and q has mass wherever p has. */
const TINY = 1;
/** The same, but q lacks mass somewhere: one term is infinite, the others are finite. */
const HOLE = 2;
/** Anything. */
const ANY = 3;

function look(p: usize, q: usize, n: usize): i32 {
  const one = v128.load32_splat(ONE);
  const zero = f32x4.splat(0);
  let most = one;
  let least = one;
  let hole = zero;
  for (const end = p + ((n >> 2) << 4); p < end; p += 16, q += 16) {
    const a = v128.load(p);
    const b = v128.load(q);
    most = i32x4.max_u(most, i32x4.max_u(a, b));
    least = i32x4.min_u(least, i32x4.min_u(a, b));
    hole = v128.or(hole, v128.andnot(i32x4.eq(b, zero), i32x4.eq(a, zero)));
  }
  const rest = n & 3;
  if (rest) {
    const a = loadLanes(p, rest, one);
    const b = loadLanes(q, rest, one);
    most = i32x4.max_u(most, i32x4.max_u(a, b));
    least = i32x4.min_u(least, i32x4.min_u(a, b));
    hole = v128.or(hole, v128.andnot(i32x4.eq(b, zero), i32x4.eq(a, zero)));
  }
  // By their bits, negative numbers and NaN are above the largest float.
  if (v128.any_true(i32x4.gt_u(most, i32x4.splat(LARGEST_BITS)))) return ANY;
  if (v128.any_true(hole)) return HOLE;
  return v128.any_true(i32x4.lt_u(least, i32x4.splat(LEAST_BITS))) ? TINY : USUAL;
}

function plainBlock<T>(p: usize, q: usize, e: usize, n: usize, tiny: bool): f64 {
  if (idof<T>() === idof<Ratio>()) reduceRatios(p, q, e, n, tiny);
  else reduceLogs(p, q, e, n, tiny);
  return weigh(p, e, n);
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

function termOf<T>(p: f32, q: f32): f64 {
  if (p < 0 || q < 0 || isNaN(q)) return NaN;
  if (p === 0) return 0;
  if (idof<T>() === idof<Ratio>()) return <f64>p * logRatioOf(p, q);
  return <f64>p * logOf(q);
}

/** −p/q times scale, 0 where p has no mass. The factor comes first: a quotient may overflow that a mean makes small. */
function gradientOfLog(p: usize, q: usize, grad: usize, n: usize, scale: f64): void {
  const by = f64x2.splat(-scale);
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < n; i += 4, p += 16, q += 16, grad += 16) {
    const count = min(n - i, 4);
    const a = count === 4 ? v128.load(p) : loadLanes(p, count, zero);
    // To add 0 makes 0 of −0: a quotient is as infinite, and −.
    const b = f32x4.add(count === 4 ? v128.load(q) : loadLanes(q, count, zero), zero);
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
