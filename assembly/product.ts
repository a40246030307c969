import { madd } from "./math/fma";
import { demote, loadLanes, upper } from "./math/lanes";
import { addHigh, addLow } from "./math/sum";

/**
 * Matrix products of packed panels (pack.ts): C = A·B, A in panels of 4 rows, B in panels of 8 columns.
 *
 * A tile of 4 × 8 elements of C is held in eight vector registers; for each k it takes two vectors of B and four numbers
 * of A, each for eight multiply-adds (Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008).
 * Measured: 3 × 12 and 5 × 8 tiles are no faster; a loop unrolled by hand is slower, for V8 then loads all operands before it
 * computes, more than there are registers. Where at most four columns are left of C they are computed alone: of few classes
 * that is a good part.
 *
 * How a dot product is summed depends on its length alone: blocks of 64 products, each in float32 from the first to the
 * last; the blocks' sums in float64, from the first to the last. So it makes no difference into which tiles C is cut, nor
 * where k is cut, as long as that is between blocks.
 */

/** Products that are summed in float32. */
const DOT: usize = 64;

/** Bytes from a row of a panel of B to the next. */
const PANEL: usize = 32;

/** The float64 sums of a tile: 4 rows of 8. */
const TILE_BYTES: usize = 256;
const TILE_ROW: usize = 64;

/**
 * out = start + A·B, rounded once; or out += A·B.
 *
 * a: ⌈m/4⌉ panels; b: ⌈n/8⌉ panels, step: PANEL; or, where n is a multiple of 8, depth × n floats as they lie, rows `step`
 * bytes apart. out: m × n floats, rows `stride` bytes apart. start: n floats that every row starts from, 0 for none. sums:
 * room for a tile, 256 bytes.
 */
export function product(
  a: usize,
  b: usize,
  step: usize,
  out: usize,
  stride: usize,
  m: usize,
  n: usize,
  depth: usize,
  start: usize,
  add: bool,
  sums: usize,
): void {
  // The smaller operand is the one that comes by again and again.
  const height: usize = m > n ? 4 : m;
  const row = depth << 2;
  const column = step === PANEL ? row : 4;
  for (let i: usize = 0; i < m; i += height) {
    for (let j: usize = 0; j < n; j += 8) {
      const to = out + i * stride + (j << 2);
      const from = start ? start + (j << 2) : 0;
      panel(a + i * row, b + j * column, step, to, stride, min(m - i, height), min(n - j, 8), depth, from, add, sums);
    }
  }
}

/** Up to eight columns of a product: one panel of B. */
function panel(
  a: usize,
  b: usize,
  step: usize,
  out: usize,
  stride: usize,
  m: usize,
  cols: usize,
  depth: usize,
  start: usize,
  add: bool,
  sums: usize,
): void {
  const s0 = startOf(start, 0, cols);
  const s1 = startOf(start, 4, cols);
  const single = depth > 0 && depth <= DOT && !(start && add);
  if (single && cols === 8) {
    for (; m >= 4; m -= 4, a += depth << 4, out += stride << 2) {
      accumulate<Floats>(a, b, step, depth, out, stride, s0, s1, add);
    }
  }
  for (let i: usize = 0; i < m; i += 4, a += depth << 4, out += stride << 2) {
    const rows = min(m - i, 4);
    if (cols <= 4) {
      begin(sums, s0, s0);
      accumulateHalf(a, b, step, depth, sums);
      for (let row: usize = 0; row < rows; row++) storePart(sums + (row << 5), out + row * stride, cols, add);
    } else if (single) {
      accumulate<Floats>(a, b, step, depth, sums, 32, s0, s1, false);
      storeFloats(sums, out, stride, rows, cols, add);
    } else {
      begin(sums, s0, s1);
      addProducts(a, b, step, depth, sums);
      storeTile(sums, out, stride, rows, cols, add);
    }
  }
}

/** sums += A·B; sums: tiles of 4 × 8 float64, the tiles of a panel of B one after the other. */
export function productSums(a: usize, b: usize, sums: usize, m: usize, n: usize, depth: usize): void {
  for (let j: usize = 0; j < n; j += 8, b += depth << 5) {
    for (let i: usize = 0; i < m; i += 4, sums += TILE_BYTES) addProducts(a + i * (depth << 2), b, PANEL, depth, sums);
  }
}

/** out = sums, or out += sums: what productSums leaves, rounded once, to m × n floats `stride` bytes apart. */
export function storeSums(sums: usize, out: usize, stride: usize, m: usize, n: usize, add: bool): void {
  for (let j: usize = 0; j < n; j += 8) {
    for (let i: usize = 0; i < m; i += 4, sums += TILE_BYTES) {
      storeTile(sums, out + i * stride + (j << 2), stride, min(m - i, 4), min(n - j, 8), add);
    }
  }
}

/** Four of the numbers that rows start from, as far as there are any. */
function startOf(start: usize, column: usize, n: usize): v128 {
  const zero = f32x4.splat(0);
  if (!start || column >= n) return zero;
  const from = start + (column << 2);
  return n - column < 4 ? loadLanes(from, n - column, zero) : v128.load(from);
}

/** Every row of a tile starts from the same numbers. */
function begin(sums: usize, s0: v128, s1: v128): void {
  const a = f64x2.promote_low_f32x4(s0);
  const b = f64x2.promote_low_f32x4(upper(s0));
  const c = f64x2.promote_low_f32x4(s1);
  const d = f64x2.promote_low_f32x4(upper(s1));
  for (const end = sums + TILE_BYTES; sums < end; sums += TILE_ROW) {
    v128.store(sums, a);
    v128.store(sums, b, 16);
    v128.store(sums, c, 32);
    v128.store(sums, d, 48);
  }
}

/** A tile's dot products into its float64 sums. */
function addProducts(a: usize, b: usize, step: usize, depth: usize, sums: usize): void {
  const zero = f32x4.splat(0);
  accumulate<Sums>(a, b, step, depth, sums, 0, zero, zero, true);
}

/** These only name where products go. */
class Sums {}
class Floats {}

/**
 * A tile's dot products, block by block, rows of B's panel `step` bytes apart. They are added to the float64 sums at `to`. Or
 * to floats, of one block: out = s + products, or out += s + products, rows `stride` bytes apart (for sums neither stride,
 * s nor add means anything). That has the bits of float64 rounded once: a sum of two floats is rounded alike by way of float64.
 *
 * The inner loop is in an outer one, not in a function of its own: V8 unrolls loops the more often the deeper they are
 * nested. Measured: 1.1 times as fast on Node 20.
 */
function accumulate<To>(
  a: usize,
  b: usize,
  step: usize,
  depth: usize,
  to: usize,
  stride: usize,
  s0: v128,
  s1: v128,
  add: bool,
): void {
  for (let k: usize = 0; k < depth; k += DOT) {
    let p = a + (k << 4);
    let q = b + k * step;
    let c00 = f32x4.splat(0);
    let c01 = f32x4.splat(0);
    let c10 = f32x4.splat(0);
    let c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0);
    let c21 = f32x4.splat(0);
    let c30 = f32x4.splat(0);
    let c31 = f32x4.splat(0);
    for (const end = p + (min(depth - k, DOT) << 4); p < end; p += 16, q += step) {
      const b0 = v128.load(q);
      const b1 = v128.load(q, 16);
      const a0 = v128.load32_splat(p);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load32_splat(p, 4);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load32_splat(p, 8);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load32_splat(p, 12);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
    }
    if (idof<To>() === idof<Sums>()) {
      addTo(to, c00);
      addTo(to + 32, c01);
      addTo(to + 64, c10);
      addTo(to + 96, c11);
      addTo(to + 128, c20);
      addTo(to + 160, c21);
      addTo(to + 192, c30);
      addTo(to + 224, c31);
    } else {
      storeRow(to, f32x4.add(s0, c00), f32x4.add(s1, c01), add);
      storeRow(to + stride, f32x4.add(s0, c10), f32x4.add(s1, c11), add);
      storeRow(to + 2 * stride, f32x4.add(s0, c20), f32x4.add(s1, c21), add);
      storeRow(to + 3 * stride, f32x4.add(s0, c30), f32x4.add(s1, c31), add);
    }
  }
}

/** As accumulate, for the first half of B's panel: the sums are four rows of 4. */
function accumulateHalf(a: usize, b: usize, step: usize, depth: usize, sums: usize): void {
  for (let k: usize = 0; k < depth; k += DOT) {
    let c0 = f32x4.splat(0);
    let c1 = f32x4.splat(0);
    let c2 = f32x4.splat(0);
    let c3 = f32x4.splat(0);
    for (const end = a + (min(depth - k, DOT) << 4); a < end; a += 16, b += step) {
      const v = v128.load(b);
      c0 = madd(v128.load32_splat(a), v, c0);
      c1 = madd(v128.load32_splat(a, 4), v, c1);
      c2 = madd(v128.load32_splat(a, 8), v, c2);
      c3 = madd(v128.load32_splat(a, 12), v, c3);
    }
    addTo(sums, c0);
    addTo(sums + 32, c1);
    addTo(sums + 64, c2);
    addTo(sums + 96, c3);
  }
}

function storeRow(to: usize, low: v128, high: v128, add: bool): void {
  if (add) {
    low = f32x4.add(low, v128.load(to));
    high = f32x4.add(high, v128.load(to, 16));
  }
  v128.store(to, low);
  v128.store(to, high, 16);
}

/** Four float64 sums += four floats. */
function addTo(sums: usize, c: v128): void {
  v128.store(sums, addLow(v128.load(sums), c));
  v128.store(sums, addHigh(v128.load(sums, 16), c), 16);
}

/** The part of a tile that there is, rounded to float32, with what stands there added before. */
function storeTile(sums: usize, out: usize, stride: usize, rows: usize, cols: usize, add: bool): void {
  const end = sums + rows * TILE_ROW;
  if (cols < 8) {
    for (; sums < end; sums += TILE_ROW, out += stride) storePart(sums, out, cols, add);
    return;
  }
  for (; sums < end; sums += TILE_ROW, out += stride) {
    if (add) {
      v128.store(out, demote(plus(sums, out), plus(sums + 16, out + 8)));
      v128.store(out, demote(plus(sums + 32, out + 16), plus(sums + 48, out + 24)), 16);
    } else {
      v128.store(out, demote(v128.load(sums), v128.load(sums, 16)));
      v128.store(out, demote(v128.load(sums, 32), v128.load(sums, 48)), 16);
    }
  }
}

function storePart(sums: usize, out: usize, cols: usize, add: bool): void {
  for (let col: usize = 0; col < cols; col++, sums += 8, out += 4) {
    const sum = load<f64>(sums);
    store<f32>(out, <f32>(add ? sum + <f64>load<f32>(out) : sum));
  }
}

/** The part of a tile of floats that there is, with what stands there added before. */
function storeFloats(from: usize, out: usize, stride: usize, rows: usize, cols: usize, add: bool): void {
  for (const end = from + (rows << 5); from < end; from += 32, out += stride) {
    for (let at: usize = 0; at < cols << 2; at += 4) {
      const value = load<f32>(from + at);
      store<f32>(out + at, add ? value + load<f32>(out + at) : value);
    }
  }
}

/** Two sums and two floats. */
function plus(sums: usize, floats: usize): v128 {
  return f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(v128.load64_zero(floats)));
}
