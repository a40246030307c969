/**
 * argmax: the index of the largest element of a row, the first of ties; a NaN wins, the first of them.
 *
 * x: rows × cols floats, cols ≥ 1. out: an i32 a row.
 */
export function argmax(x: usize, out: usize, rows: usize, cols: usize): void {
  let row: usize = 0;
  if (cols <= FEW) {
    for (; row + 4 <= rows; row += 4, x += cols << 4) v128.store(out + (row << 2), argmaxOfFour(x, cols));
  }
  for (; row < rows; row++, x += cols << 2) {
    store<i32>(out + (row << 2), <i32>indexOf(x, cols, largest(x, cols)));
  }
}

/** Four rows of so few columns at a time take their indices along; to look for each in its row costs more. */
const FEW: usize = 32;

function argmaxOfFour(x: usize, cols: usize): v128 {
  const bytes = cols << 2;
  let best = f32x4.splat(-Infinity);
  let index = i32x4.splat(0);
  for (let i: usize = 0; i < cols; i++, x += 4) {
    const two = v128.load32_lane(x + bytes, v128.load32_zero(x), 1);
    const v = v128.load32_lane(x + 3 * bytes, v128.load32_lane(x + 2 * bytes, two, 2), 3);
    const wins = beats(v, best);
    index = v128.bitselect(i32x4.splat(<i32>i), index, wins);
    best = v128.bitselect(v, best, wins);
  }
  return index;
}

/** Where a later value takes the place of the best so far: it is larger, or the first NaN. */
function beats(v: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(v, best));
}

/** The largest of n ≥ 1 floats, or NaN if one is among them. */
export function largest(x: usize, n: usize): f32 {
  const lowest = f32x4.splat(-Infinity);
  let a = lowest;
  let b = lowest;
  let c = lowest;
  let d = lowest;
  let nan = f32x4.splat(0);
  let other = nan;
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) {
    const r = v128.load(x + (i << 2));
    const s = v128.load(x + (i << 2), 16);
    const t = v128.load(x + (i << 2), 32);
    const u = v128.load(x + (i << 2), 48);
    a = f32x4.pmax(a, r);
    b = f32x4.pmax(b, s);
    c = f32x4.pmax(c, t);
    d = f32x4.pmax(d, u);
    nan = v128.or(nan, v128.or(f32x4.ne(r, r), f32x4.ne(s, s)));
    other = v128.or(other, v128.or(f32x4.ne(t, t), f32x4.ne(u, u)));
  }
  let m = max4(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
  let found = v128.any_true(v128.or(nan, other));
  for (; i < n; i++) {
    const v = load<f32>(x + (i << 2));
    if (v > m) m = v;
    if (isNaN(v)) found = true;
  }
  return found ? NaN : m;
}

function max4(a: v128): f32 {
  const b = f32x4.pmax(a, v128.shuffle<i32>(a, a, 2, 3, 0, 1));
  return f32x4.extract_lane(f32x4.pmax(b, v128.shuffle<i32>(b, b, 1, 0, 3, 2)), 0);
}

/** The first index of a value that is there, NaN included. */
export function indexOf(x: usize, n: usize, value: f32): usize {
  const wanted = f32x4.splat(value);
  const any = isNaN(value);
  let i: usize = 0;
  for (; i + 16 <= n; i += 16) {
    const at = x + (i << 2);
    const low = v128.or(hits(v128.load(at), wanted, any), hits(v128.load(at, 16), wanted, any));
    const high = v128.or(hits(v128.load(at, 32), wanted, any), hits(v128.load(at, 48), wanted, any));
    if (v128.any_true(v128.or(low, high))) break;
  }
  for (; i + 4 <= n; i += 4) {
    const mask = i32x4.bitmask(hits(v128.load(x + (i << 2)), wanted, any));
    if (mask) return i + <usize>ctz(mask);
  }
  for (; i < n; i++) {
    const v = load<f32>(x + (i << 2));
    if (any ? isNaN(v) : v === value) return i;
  }
  return 0;
}

function hits(v: v128, wanted: v128, any: bool): v128 {
  return any ? f32x4.ne(v, v) : f32x4.eq(v, wanted);
}
