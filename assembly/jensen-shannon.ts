import { loadLanes, loadUpTo, narrow, products, storeUpTo, upper } from "./math/lanes";
import { join, K, LN2_HIGH, LN2_LOW, NORMAL, ONE, Q0, Q1, Q2, Q3, rowsOfBlock } from "./math/log-pass";
import { LARGEST_BITS, logOfLess, logOfMore, reduceMeanLogs } from "./math/mean-log";
import { BLOCK, total } from "./math/sum";

/**
 * Jensen–Shannon divergence of given distributions, in nats, row by row, with m = (p + q)/2:
 *
 *   ½·Σ (p·log(p/m) + q·log(q/m)),  gradient to q  ½·log(q/m), times `scale`
 *
 * J. Lin, "Divergence Measures Based on the Shannon Entropy" (1991). A negative number gives NaN; where neither has mass
 * both are 0. The logarithms: math/mean-log.ts.
 *
 * p, q: rows × cols floats. grad: as many, 0 for none; it may be q. sums: a float64 for each row, the sums of its blocks of
 * BLOCK added in order. e: scratch, 4·BLOCK + 16 floats.
 */
export function jensenShannon(
  p: usize,
  q: usize,
  grad: usize,
  e: usize,
  rows: usize,
  cols: usize,
  scale: f64,
  sums: usize,
): void {
  const bytes = cols << 2;
  const most = rowsOfBlock(cols);
  while (rows > 0) {
    const together = min(rows, most);
    const n = together * cols;
    const found = together > 1 ? look(p, q, n) : ANY;
    if (found !== ANY) reduceMeanLogs(p, q, e, n, found === TINY);
    for (let row: usize = 0; row < together; row++, sums += 8) {
      const at = row * bytes;
      const by = 0.5 * scale;
      const sum = found === ANY ? sumOf(p, q, grad, e, cols, by) : joinBlock(p, q, grad, e + at, cols, by);
      store<f64>(sums, 0.5 * sum);
      p += bytes;
      q += bytes;
      if (grad) grad += bytes;
    }
    rows -= together;
  }
}

/** Of a row on its own. */
function sumOf(p: usize, q: usize, grad: usize, e: usize, n: usize, scale: f64): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    const to = grad ? grad + at : 0;
    const found = look(p + at, q + at, count);
    if (found === ANY) {
      sum += anyBlock(p + at, q + at, to, count, scale);
      continue;
    }
    reduceMeanLogs(p + at, q + at, e, count, found === TINY);
    sum += joinBlock(p + at, q + at, to, e, count, scale);
  }
  return sum;
}

/** What a block holds. No number negative, subnormal, 0, or beyond LARGEST_BITS. */
const USUAL = 0;
/** Also small ones and 0. */
const TINY = 1;
/** Anything. */
const ANY = 2;

function look(p: usize, q: usize, n: usize): i32 {
  const one = v128.load32_splat(ONE);
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
  if (v128.any_true(i32x4.gt_u(most, i32x4.splat(LARGEST_BITS)))) return ANY;
  return v128.any_true(i32x4.lt_u(least, v128.load32_splat(NORMAL))) ? TINY : USUAL;
}

/** Of a block or of a row in it. Lane l of four takes the elements l, l + 4, … */
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
    low = f64x2.add(low, f64x2.add(products(less, ofLess), products(more, ofMore)));
    high = f64x2.add(high, f64x2.add(products(upper(less), upper(ofLess)), products(upper(more), upper(ofMore))));
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
