import { demote, loadLanes, loadUpTo, products, storeUpTo, upper } from "./math/lanes";
import { join, LN2_HIGH, LN2_LOW, NORMAL, ONE, PART, Q0, Q1, Q2, Q3, rowsOfBlock } from "./math/log-pass";
import { LARGEST_MEAN_BITS, logOfLarger, logOfSmaller, reduceMeanLogs } from "./math/mean-log";
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
 * BLOCK added in order. parts: scratch, 4·BLOCK + 16 floats.
 */
export function jensenShannon(
  p: usize,
  q: usize,
  grad: usize,
  parts: usize,
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
    const kind = together > 1 ? classify(p, q, n) : ANY;
    if (kind !== ANY) reduceMeanLogs(p, q, parts, n, kind === TINY);
    for (let row: usize = 0; row < together; row++, sums += 8) {
      const at = row * bytes;
      const by = 0.5 * scale;
      const sum = kind === ANY ? sumOf(p, q, grad, parts, cols, by) : joinBlock(p, q, grad, parts + at, cols, by);
      store<f64>(sums, 0.5 * sum);
      p += bytes;
      q += bytes;
      if (grad) grad += bytes;
    }
    rows -= together;
  }
}

/** The sum of a row that goes on its own. */
function sumOf(p: usize, q: usize, grad: usize, parts: usize, n: usize, scale: f64): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    const to = grad ? grad + at : 0;
    const kind = classify(p + at, q + at, count);
    if (kind === ANY) {
      sum += anyBlock(p + at, q + at, to, count, scale);
      continue;
    }
    reduceMeanLogs(p + at, q + at, parts, count, kind === TINY);
    sum += joinBlock(p + at, q + at, to, parts, count, scale);
  }
  return sum;
}

// Kinds of blocks, as in divergence.ts.

/** No number negative, subnormal, 0, or beyond LARGEST_MEAN_BITS. */
const USUAL = 0;
/** Also small ones and 0. */
const TINY = 1;
/** Anything. */
const ANY = 2;

function classify(p: usize, q: usize, n: usize): i32 {
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
  if (v128.any_true(i32x4.gt_u(most, i32x4.splat(LARGEST_MEAN_BITS)))) return ANY;
  return v128.any_true(i32x4.lt_u(least, v128.load32_splat(NORMAL))) ? TINY : USUAL;
}

/**
 * The sum, and the gradient, of a block or of a row in it, from the parts of its logarithms. Lane l of four takes the elements
 * l, l + 4, …
 */
function joinBlock(p: usize, q: usize, grad: usize, parts: usize, n: usize, scale: f64): f64 {
  const q0 = v128.load32_splat(Q0);
  const q1 = v128.load32_splat(Q1);
  const q2 = v128.load32_splat(Q2);
  const q3 = v128.load32_splat(Q3);
  const ln2Hi = v128.load32_splat(LN2_HIGH);
  const ln2Lo = v128.load32_splat(LN2_LOW);
  let low = f64x2.splat(0);
  let high = low;
  for (const end = p + (n << 2); p < end; p += 16, q += 16, parts += 16) {
    const bytes = end - p;
    const a = loadUpTo(p, end);
    const b = loadUpTo(q, q + bytes);
    const ofSmaller = join(v128.load(parts), v128.load(parts, PART), q0, q1, q2, q3, ln2Hi, ln2Lo);
    const ofLarger = join(v128.load(parts, 2 * PART), v128.load(parts, 3 * PART), q0, q1, q2, q3, ln2Hi, ln2Lo);
    const smaller = f32x4.pmin(a, b);
    const larger = f32x4.pmax(a, b);
    low = f64x2.add(low, f64x2.add(products(smaller, ofSmaller), products(larger, ofLarger)));
    high = f64x2.add(
      high,
      f64x2.add(products(upper(smaller), upper(ofSmaller)), products(upper(larger), upper(ofLarger))),
    );
    if (grad) {
      storeUpTo(grad, bytes, slopes(a, b, v128.bitselect(ofSmaller, ofLarger, f32x4.lt(b, a)), scale));
      grad += 16;
    }
  }
  return total(low, high);
}

function slopes(p: v128, q: v128, log: v128, scale: f64): v128 {
  const by = f64x2.splat(scale);
  const value = demote(f64x2.mul(f64x2.promote_low_f32x4(log), by), f64x2.mul(f64x2.promote_low_f32x4(upper(log)), by));
  const zero = f32x4.splat(0);
  const atZero = v128.and(f32x4.splat(<f32>(-Infinity * scale)), f32x4.ne(p, zero));
  return v128.bitselect(atZero, value, f32x4.eq(q, zero));
}

/** Element by element, with every limit. The four lanes of the sum take turns: a ← b ← c ← d ← a. */
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
  const smaller = min(p, q);
  const larger = max(p, q);
  if (larger === 0) return 0;
  const ofSmaller = smaller === 0 ? 0 : <f64>smaller * logOfSmaller(smaller, larger);
  return ofSmaller + <f64>larger * logOfLarger(smaller, larger);
}

function slopeOf(p: f32, q: f32, scale: f64): f64 {
  if (!(p >= 0 && q >= 0)) return NaN;
  if (q === 0) return p === 0 ? 0 : -Infinity * scale;
  return (q < p ? logOfSmaller(q, p) : logOfLarger(p, q)) * scale;
}
