import { loadLanes, loadUpTo, narrow, storeUpTo, upper } from "./math/lanes";
import { exponentGap, join, joinOne, K, LN2_HIGH, LN2_LOW, lift, limit, Q0, Q1, Q2, Q3 } from "./math/log-pass";
import { power2 } from "./math/scalar";
import { BLOCK, total } from "./math/sum";

/**
 * Jensen–Shannon divergence of given distributions, in nats, a sum over n elements in blocks of BLOCK, with m = (p + q)/2:
 *
 *   start + ½·Σ (p·log(p/m) + q·log(q/m)),  gradient to q  ½·log(q/m), times `scale`
 *
 * J. Lin, "Divergence Measures Based on the Shannon Entropy" (1991). A negative number gives NaN; where neither has mass
 * both are 0.
 *
 * The logarithms as in math/log-pass.ts, of the smaller and the larger of p and q, x, each with near = m·2^k:
 * s = (x − near)/(x + near) = t/(4·x − t), t = 2·(x − near). For k = 0 t is ±(p − q); for the larger number k is 0 or, if
 * it is more than twice the smaller one, 1, and t is −2 times the smaller one: neither has the rounding of p + q.
 * Arguments are made 2^60 larger, so that no difference is subnormal.
 *
 * p, q: n floats. grad: n floats, 0 for none; it may be q. e: scratch, 4·BLOCK floats.
 */
export function jensenShannon(p: usize, q: usize, grad: usize, e: usize, n: usize, scale: f64, start: f64): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    const to = grad ? grad + at : 0;
    const found = look(p + at, q + at, count);
    if (found === ANY) {
      start += 0.5 * anyBlock(p + at, q + at, to, count, 0.5 * scale);
      continue;
    }
    if (found === TINY) reduce<Tiny>(p + at, q + at, e, count);
    else reduce<Usual>(p + at, q + at, e, count);
    start += 0.5 * joinBlock(p + at, q + at, to, e, count, 0.5 * scale);
  }
  return start;
}

const LARGEST: i32 = 0x5fffffff; // the bits of the largest number below 2^65
const UP: i32 = 60;
const LEAST: f32 = 7.52316384526264e-37; // 2^-120: stands for 0

// biome-ignore format: one constant a line
const C: usize = memory.data<f32>([
  1.6155871338926322e-27, // 2^-89: the smallest number, lifted
  1.4551915228366852e-11, // 2^-36
  -2,
  4,
  1,
], 16);

const BITS: usize = memory.data<i32>(
  [
    0x00800000, // the smallest normal number
    0x1e000000, // 60 in the exponent
  ],
  16,
);

/** What a block holds. No number negative, subnormal, 0, or beyond LARGEST. */
class Usual {}
const USUAL = 0;
/** Also small ones and 0. */
class Tiny {}
const TINY = 1;
/** Anything. */
const ANY = 2;

function look(p: usize, q: usize, n: usize): i32 {
  const one = v128.load32_splat(C + 16);
  let most = one;
  let least = one;
  for (const end = p + ((n >> 2) << 4); p < end; p += 16, q += 16) {
    const a = v128.load(p);
    const b = v128.load(q);
    most = i32x4.max_u(most, i32x4.max_u(a, b));
    least = i32x4.min_u(least, i32x4.min_u(a, b));
  }
  const rest = n & 3;
  if (rest) {
    const a = loadLanes(p, rest, one);
    const b = loadLanes(q, rest, one);
    most = i32x4.max_u(most, i32x4.max_u(a, b));
    least = i32x4.min_u(least, i32x4.min_u(a, b));
  }
  // By their bits, negative numbers and NaN are above the largest float.
  if (v128.any_true(i32x4.gt_u(most, i32x4.splat(LARGEST)))) return ANY;
  return v128.any_true(i32x4.lt_u(least, v128.load32_splat(BITS))) ? TINY : USUAL;
}

/** Lane l of four takes the elements l, l + 4, … */
function joinBlock(p: usize, q: usize, grad: usize, e: usize, n: usize, scale: f64): f64 {
  const q0 = v128.load32_splat(Q0);
  const q1 = v128.load32_splat(Q1);
  const q2 = v128.load32_splat(Q2);
  const q3 = v128.load32_splat(Q3);
  const ln2Hi = v128.load32_splat(LN2_HIGH);
  const ln2Lo = v128.load32_splat(LN2_LOW);
  let low = f64x2.splat(0);
  let high = low;
  for (const end = p + (n << 2); p < end; p += 16, q += 16, e += 16) {
    const bytes = end - p;
    const a = loadUpTo(p, end);
    const b = loadUpTo(q, q + bytes);
    const ofLess = join(v128.load(e), v128.load(e, K), q0, q1, q2, q3, ln2Hi, ln2Lo);
    const ofMore = join(v128.load(e, 2 * K), v128.load(e, 3 * K), q0, q1, q2, q3, ln2Hi, ln2Lo);
    const less = f32x4.pmin(a, b);
    const more = f32x4.pmax(a, b);
    low = f64x2.add(low, f64x2.add(product(less, ofLess), product(more, ofMore)));
    high = f64x2.add(high, f64x2.add(product(upper(less), upper(ofLess)), product(upper(more), upper(ofMore))));
    if (grad) {
      storeUpTo(grad, bytes, slopes(a, b, v128.bitselect(ofLess, ofMore, f32x4.lt(b, a)), scale));
      grad += 16;
    }
  }
  return total(low, high);
}

function slopes(p: v128, q: v128, log: v128, scale: f64): v128 {
  const by = f64x2.splat(scale);
  const value = narrow(f64x2.mul(f64x2.promote_low_f32x4(log), by), f64x2.mul(f64x2.promote_low_f32x4(upper(log)), by));
  const zero = f32x4.splat(0);
  const atZero = v128.and(f32x4.splat(<f32>(-Infinity * scale)), f32x4.ne(p, zero));
  return v128.bitselect(atZero, value, f32x4.eq(q, zero));
}

/** The product of the lower two lanes, in float64. */
function product(a: v128, b: v128): v128 {
  return f64x2.mul(f64x2.promote_low_f32x4(a), f64x2.promote_low_f32x4(b));
}

/** Stores s and, K bytes on, k of the smaller number's logarithm; then those of the larger one's. */
function reduce<N>(p: usize, q: usize, e: usize, n: usize): void {
  const least = f32x4.splat(LEAST);
  const smallest = v128.load32_splat(C);
  const normal = v128.load32_splat(BITS);
  const up = v128.load32_splat(BITS + 4);
  for (const end = p + (n << 2); p < end; p += 16, q += 16, e += 16) {
    const a = loadUpTo(p, end);
    const b = loadUpTo(q, q + end - p);
    const less = f32x4.pmax(least, raised<N>(i32x4.min_s(a, b), up, normal));
    const more = f32x4.pmax(smallest, raised<N>(i32x4.max_s(a, b), up, normal));
    const sum = f32x4.add(less, more);
    const twice = f32x4.add(less, less);
    const k = exponentGap(twice, sum);
    v128.store(e, lessQuotient(twice, sum, f32x4.sub(less, more), k, k));
    v128.store(e, f32x4.convert_i32x4_s(k), K);
    const far = f32x4.lt(twice, more);
    v128.store(e, moreQuotient(less, more, far), 2 * K);
    v128.store(e, v128.and(v128.load32_splat(C + 16), far), 3 * K);
  }
}

/** x·2^60 */
function raised<N>(x: v128, up: v128, normal: v128): v128 {
  return idof<N>() === idof<Tiny>() ? lift(x, up, normal) : i32x4.add(x, up);
}

/** Of twice the smaller number, near = sum·2^shift. */
function lessQuotient(twice: v128, sum: v128, difference: v128, k: v128, shift: v128): v128 {
  const apart = f32x4.sub(twice, i32x4.add(sum, i32x4.shl(shift, 23)));
  const t = v128.bitselect(difference, apart, i32x4.eq(k, i32x4.splat(0)));
  return f32x4.div(t, f32x4.sub(f32x4.add(twice, twice), t));
}

/** A smaller number that counts for nothing is made larger: the square of s might underflow, which takes its time. */
function moreQuotient(less: v128, more: v128, far: v128): v128 {
  const counts = f32x4.pmax(less, f32x4.mul(more, v128.load32_splat(C + 4)));
  const t = v128.bitselect(f32x4.mul(counts, v128.load32_splat(C + 8)), f32x4.sub(more, less), far);
  return f32x4.div(t, f32x4.sub(f32x4.mul(more, v128.load32_splat(C + 12)), t));
}

/** One by one, with every limit; in the same lanes, which take turns: lane 0 ← 1 ← 2 ← 3 ← 0. */
function anyBlock(p: usize, q: usize, grad: usize, n: usize, scale: f64): f64 {
  let a: f64 = 0;
  let b: f64 = 0;
  let c: f64 = 0;
  let d: f64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const at = i << 2;
    const x = load<f32>(p + at);
    const y = load<f32>(q + at);
    const sum = a + termOf(x, y);
    if (grad) store<f32>(grad + at, <f32>slopeOf(x, y, scale));
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function termOf(p: f32, q: f32): f64 {
  if (!(p >= 0 && q >= 0)) return NaN;
  const less = min(p, q);
  const more = max(p, q);
  if (more === 0) return 0;
  const ofLess = less === 0 ? 0 : <f64>less * logOfLess(less, more);
  return ofLess + <f64>more * logOfMore(less, more);
}

function slopeOf(p: f32, q: f32, scale: f64): f64 {
  if (!(p >= 0 && q >= 0)) return NaN;
  if (q === 0) return p === 0 ? 0 : -Infinity * scale;
  return (q < p ? logOfLess(q, p) : logOfMore(p, q)) * scale;
}

/** log(less/m) */
function logOfLess(less: f32, more: f32): f64 {
  if (more === Infinity) return limit(less / more);
  const up = liftOf(less);
  const upSum = liftOf(more);
  const x = lifted(less, upSum);
  const y = lifted(more, upSum);
  const twice = <f32>2 * lifted(less, up);
  const gap = <i64>reinterpret<i32>(twice) - <i64>reinterpret<i32>(x + y) - ((<i64>(up - upSum)) << 23);
  const k = <i32>((gap + (gap < 0 ? 0x74cccc : 0x0b3333)) >> 23);
  const numbers = k === 0 ? x + x : twice;
  const s = lessQuotient(
    f32x4.splat(numbers),
    f32x4.splat(x + y),
    f32x4.splat(x - y),
    i32x4.splat(k),
    i32x4.splat(k + up - upSum),
  );
  return joinOne(s, k);
}

/** log(more/m) */
function logOfMore(less: f32, more: f32): f64 {
  if (more === Infinity) return NaN;
  const up = liftOf(more);
  const x = lifted(less, up);
  const y = lifted(more, up);
  const far = x + x < y;
  return joinOne(moreQuotient(f32x4.splat(x), f32x4.splat(y), i32x4.splat(far ? -1 : 0)), far ? 1 : 0);
}

function liftOf(x: f32): i32 {
  return reinterpret<i32>(x) > LARGEST ? -30 : UP;
}

/** x·2^up, as large as LEAST at least. */
function lifted(x: f32, up: i32): f32 {
  return max(LEAST, <f32>(<f64>x * power2(up)));
}
