import { demote, loadLanes, storeLanes, upper } from "./math/lanes";
import {
  LARGEST_RATIO_BITS,
  LEAST_BITS,
  logOf,
  logRatioOf,
  ONE,
  reduceLogs,
  reduceRatios,
  rowsOfBlock,
  weigh,
} from "./math/log-pass";
import { BLOCK } from "./math/sum";

/**
 * Entropy and divergences of given distributions, in nats, row by row. 0·log 0 = 0; mass of p where q has none gives
 * +Infinity; a negative number NaN.
 *
 * Products and sums are float64: a product of float32s near 2^-126 would lose digits, and the sum of terms of both signs
 * is worth no more than its terms.
 *
 * p, q: rows × cols floats. grad: as many, the gradient to q times `scale`, 0 for none; it may be q. sums: a float64 for
 * each row, the sums of its blocks of BLOCK added in order. parts: scratch, 2·BLOCK + 16 floats.
 */

/** −Σ p·log p */
export function entropy(p: usize, parts: usize, rows: usize, cols: usize, sums: usize): void {
  sumsOf(p, p, 0, parts, rows, cols, 0, sums, false);
}

/** −Σ p·log q, gradient −p/q */
export function crossEntropy(
  p: usize,
  q: usize,
  grad: usize,
  parts: usize,
  rows: usize,
  cols: usize,
  scale: f64,
  sums: usize,
): void {
  sumsOf(p, q, grad, parts, rows, cols, scale, sums, false);
}

/** Σ p·log(p/q), gradient −p/q */
export function klDivergence(
  p: usize,
  q: usize,
  grad: usize,
  parts: usize,
  rows: usize,
  cols: usize,
  scale: f64,
  sums: usize,
): void {
  sumsOf(p, q, grad, parts, rows, cols, scale, sums, true);
}

/** Rows that fit a block go through the first pass together: what it does to an element doesn't depend on where a row ends. */
function sumsOf(
  p: usize,
  q: usize,
  grad: usize,
  parts: usize,
  rows: usize,
  cols: usize,
  scale: f64,
  sums: usize,
  ratio: bool,
): void {
  const bytes = cols << 2;
  const most = rowsOfBlock(cols);
  while (rows > 0) {
    const together = min(rows, most);
    const n = together * cols;
    const kind = together > 1 ? classify(p, q, n) : ANY;
    if (kind <= TINY) reduceBlock(p, q, parts, n, kind === TINY, ratio);
    for (let row: usize = 0; row < together; row++, sums += 8) {
      const at = row * bytes;
      const sum = kind <= TINY ? weigh(p + at, parts + at, cols) : sumOf(p + at, q + at, parts, cols, ratio);
      store<f64>(sums, ratio ? sum : 0 - sum);
    }
    if (grad) {
      gradientOfLog(p, q, grad, n, scale);
      grad += n << 2;
    }
    p += n << 2;
    q += n << 2;
    rows -= together;
  }
}

/** The sum of a row that goes on its own. */
function sumOf(p: usize, q: usize, parts: usize, n: usize, ratio: bool): f64 {
  let sum: f64 = 0;
  for (let i: usize = 0; i < n; i += BLOCK) {
    const a = p + (i << 2);
    const b = q + (i << 2);
    const count = min(n - i, BLOCK);
    const kind = classify(a, b, count);
    if (kind <= TINY) {
      reduceBlock(a, b, parts, count, kind === TINY, ratio);
      sum += weigh(a, parts, count);
    } else if (kind === HOLE) sum += ratio ? Infinity : -Infinity;
    else sum += anyBlock(a, b, count, ratio);
  }
  return sum;
}

// Kinds of blocks, from the easiest on.

/** Numbers from LEAST_BITS up to LARGEST_RATIO_BITS. */
const USUAL = 0;
/** Also smaller ones, none negative, and q has mass wherever p has. */
const TINY = 1;
/** As TINY, but q lacks mass somewhere where p has some: a term is infinite, the others are finite. */
const HOLE = 2;
/** Anything. */
const ANY = 3;

/** The kind of the n elements. */
function classify(p: usize, q: usize, n: usize): i32 {
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
  if (v128.any_true(i32x4.gt_u(most, i32x4.splat(LARGEST_RATIO_BITS)))) return ANY;
  if (v128.any_true(hole)) return HOLE;
  return v128.any_true(i32x4.lt_u(least, i32x4.splat(LEAST_BITS))) ? TINY : USUAL;
}

function reduceBlock(p: usize, q: usize, parts: usize, n: usize, tiny: bool, ratio: bool): void {
  if (ratio) reduceRatios(p, q, parts, n, tiny);
  else reduceLogs(p, q, parts, n, tiny);
}

/** Element by element, with every limit. The four lanes of the sum take turns: a ← b ← c ← d ← a. */
function anyBlock(p: usize, q: usize, n: usize, ratio: bool): f64 {
  let a: f64 = 0;
  let b: f64 = 0;
  let c: f64 = 0;
  let d: f64 = 0;
  for (let i: usize = 0; i < n; i++) {
    const sum = a + termOf(load<f32>(p + (i << 2)), load<f32>(q + (i << 2)), ratio);
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function termOf(p: f32, q: f32, ratio: bool): f64 {
  if (p < 0 || q < 0 || isNaN(q)) return NaN;
  if (p === 0) return 0;
  if (ratio) return <f64>p * logRatioOf(p, q);
  return <f64>p * logOf(q);
}

/** −p/q times scale, 0 where p has no mass. The factor comes first: a quotient may overflow that a mean makes small. */
function gradientOfLog(p: usize, q: usize, grad: usize, n: usize, scale: f64): void {
  const by = f64x2.splat(-scale);
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < n; i += 4, p += 16, q += 16, grad += 16) {
    const count = min(n - i, 4);
    const a = count === 4 ? v128.load(p) : loadLanes(p, count, zero);
    // Adding 0 makes +0 of −0, so that a quotient by it has the sign that it has by +0.
    const b = f32x4.add(count === 4 ? v128.load(q) : loadLanes(q, count, zero), zero);
    const slope = demote(slopesOf(a, b, by), slopesOf(upper(a), upper(b), by));
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
