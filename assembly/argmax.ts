import { maxLane } from "./math/max";

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

/**
 * argmax along an axis that isn't the last, eight positions at a time.
 *
 * x: classes × width floats, classes ≥ 1, `stride` floats apart. out: an i32 a position.
 */
export function argmaxAcross(x: usize, out: usize, classes: usize, width: usize, stride: usize): void {
  const end = x + (width << 2);
  const step = stride << 2;
  for (; x + 32 <= end; x += 32, out += 32) {
    let a = v128.load(x);
    let b = v128.load(x, 16);
    let i = i32x4.splat(0);
    let j = i;
    let at = x;
    for (let c: usize = 1; c < classes; c++) {
      at += step;
      const column = i32x4.splat(<i32>c);
      const v = v128.load(at);
      const w = v128.load(at, 16);
      const first = beats(v, a);
      const second = beats(w, b);
      a = v128.bitselect(v, a, first);
      i = v128.bitselect(column, i, first);
      b = v128.bitselect(w, b, second);
      j = v128.bitselect(column, j, second);
    }
    v128.store(out, i);
    v128.store(out, j, 16);
  }
  for (; x < end; x += 4, out += 4) {
    let best = load<f32>(x);
    let index = 0;
    let at = x;
    for (let c: usize = 1; c < classes && !isNaN(best); c++) {
      at += step;
      const v = load<f32>(at);
      if (v <= best) continue;
      best = v;
      index = <i32>c;
    }
    store<i32>(out, index);
  }
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
  let numbers = i32x4.splat(-1);
  let others = numbers;
  const end = x + (n << 2);
  for (const last = x + ((n >> 4) << 6); x < last; x += 64) {
    const r = v128.load(x);
    const s = v128.load(x, 16);
    const t = v128.load(x, 32);
    const u = v128.load(x, 48);
    a = f32x4.pmax(a, r);
    b = f32x4.pmax(b, s);
    c = f32x4.pmax(c, t);
    d = f32x4.pmax(d, u);
    numbers = v128.and(numbers, v128.and(f32x4.eq(r, r), f32x4.eq(s, s)));
    others = v128.and(others, v128.and(f32x4.eq(t, t), f32x4.eq(u, u)));
  }
  let m = maxLane(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
  let found = !i32x4.all_true(v128.and(numbers, others));
  for (; x < end; x += 4) {
    const v = load<f32>(x);
    if (v > m) m = v;
    if (isNaN(v)) found = true;
  }
  return found ? NaN : m;
}

/** The first index of the largest, which `value` is. */
export function indexOf(x: usize, n: usize, value: f32): usize {
  // What isn't below it is as large: one comparison for numbers and NaN.
  const limit: f32 = isNaN(value) ? Infinity : below(value);
  const limits = f32x4.splat(limit);
  const end = x + (n << 2);
  let at = x;
  for (const last = x + ((n >> 4) << 6); at < last; at += 64) {
    const low = v128.and(f32x4.le(v128.load(at), limits), f32x4.le(v128.load(at, 16), limits));
    const high = v128.and(f32x4.le(v128.load(at, 32), limits), f32x4.le(v128.load(at, 48), limits));
    if (!i32x4.all_true(v128.and(low, high))) break;
  }
  for (; at + 16 <= end; at += 16) {
    const mask = i32x4.bitmask(f32x4.le(v128.load(at), limits));
    if (mask !== 15) return ((at - x) >> 2) + <usize>ctz(~mask);
  }
  while (at < end && load<f32>(at) <= limit) at += 4;
  return (at - x) >> 2;
}

/** The next float below; a NaN, which nothing is below or equal to, for −Infinity. */
function below(value: f32): f32 {
  const bits = reinterpret<i32>(value);
  if (value === 0) return <f32>-1.401298464324817e-45;
  return reinterpret<f32>(bits < 0 ? bits + 1 : bits - 1);
}
