import { loadLanes } from "./math/lanes";
import { transpose } from "./transpose";

/**
 * Packing a matrix for assembly/product.ts: `width` rows (or columns) side by side make a panel, in which the numbers
 * that are used together lie together,
 *
 *   panel[k·width + i] = element k of the panel's row (or column) i
 *
 * so that the product reads both of its operands from front to back. The last panel is filled up with zeros: what they
 * give is computed and not stored. width: 4 or 8.
 */

/** Panels of the rows of x, `stride` bytes apart: rows × depth floats. */
export function packRows(x: usize, stride: usize, out: usize, rows: usize, depth: usize, width: usize): void {
  for (let row: usize = 0; row < rows; row += width) {
    const count = min(rows - row, width);
    if (count < width) memory.fill(out, 0, (depth * width) << 2);
    transpose(x + row * stride, stride >> 2, out, width, count, depth);
    out += (depth * width) << 2;
  }
}

/** Panels of the columns of x, whose rows lie `stride` bytes apart: depth × cols floats. */
export function packColumns(x: usize, stride: usize, out: usize, depth: usize, cols: usize, width: usize): void {
  for (let col: usize = 0; col < cols; col += 4) {
    const panel = out + (((col / width) * depth * width + (col & (width - 1))) << 2);
    const from = x + (col << 2);
    const count = min(cols - col, 4);
    if (count === 4) copyStrip(from, stride, panel, width << 2, depth);
    else copyPart(from, stride, panel, width << 2, depth, count);
  }
  // The upper half of a last panel of eight, where no column is left for it.
  if (width === 8 && (cols & 7) > 0 && (cols & 7) <= 4) {
    clearStrip(out + (((cols >> 3) * depth * 8 + 4) << 2), 32, depth);
  }
}

/** Four columns: a vector a row. */
function copyStrip(x: usize, stride: usize, out: usize, step: usize, depth: usize): void {
  for (let k: usize = 0; k < depth; k++, x += stride, out += step) v128.store(out, v128.load(x));
}

/** One to three columns. */
function copyPart(x: usize, stride: usize, out: usize, step: usize, depth: usize, count: usize): void {
  const zero = f32x4.splat(0);
  for (let k: usize = 0; k < depth; k++, x += stride, out += step) v128.store(out, loadLanes(x, count, zero));
}

function clearStrip(out: usize, step: usize, depth: usize): void {
  const zero = f32x4.splat(0);
  for (let k: usize = 0; k < depth; k++, out += step) v128.store(out, zero);
}

/**
 * sums_c += Σ x_rc over rows × cols floats, rows `stride` bytes apart; a row after the other, in float64. sums: as many as
 * there are columns, and up to three more to make vectors.
 */
export function columnSums(x: usize, stride: usize, sums: usize, rows: usize, cols: usize): void {
  let col: usize = 0;
  // A cache line of each row at a time.
  for (; col + 16 <= cols; col += 16) sumSixteen(x + (col << 2), stride, sums + (col << 3), rows);
  for (; col < cols; col += 4) sumFour(x + (col << 2), stride, sums + (col << 3), rows, min(cols - col, 4));
}

function sumSixteen(x: usize, stride: usize, sums: usize, rows: usize): void {
  let a = v128.load(sums);
  let b = v128.load(sums, 16);
  let c = v128.load(sums, 32);
  let d = v128.load(sums, 48);
  let e = v128.load(sums, 64);
  let f = v128.load(sums, 80);
  let g = v128.load(sums, 96);
  let h = v128.load(sums, 112);
  for (; rows > 0; rows--, x += stride) {
    a = f64x2.add(a, f64x2.promote_low_f32x4(v128.load64_zero(x)));
    b = f64x2.add(b, f64x2.promote_low_f32x4(v128.load64_zero(x, 8)));
    c = f64x2.add(c, f64x2.promote_low_f32x4(v128.load64_zero(x, 16)));
    d = f64x2.add(d, f64x2.promote_low_f32x4(v128.load64_zero(x, 24)));
    e = f64x2.add(e, f64x2.promote_low_f32x4(v128.load64_zero(x, 32)));
    f = f64x2.add(f, f64x2.promote_low_f32x4(v128.load64_zero(x, 40)));
    g = f64x2.add(g, f64x2.promote_low_f32x4(v128.load64_zero(x, 48)));
    h = f64x2.add(h, f64x2.promote_low_f32x4(v128.load64_zero(x, 56)));
  }
  v128.store(sums, a);
  v128.store(sums, b, 16);
  v128.store(sums, c, 32);
  v128.store(sums, d, 48);
  v128.store(sums, e, 64);
  v128.store(sums, f, 80);
  v128.store(sums, g, 96);
  v128.store(sums, h, 112);
}

/** Up to four columns. */
function sumFour(x: usize, stride: usize, sums: usize, rows: usize, count: usize): void {
  const zero = f32x4.splat(0);
  let low = v128.load(sums);
  let high = v128.load(sums, 16);
  for (; rows > 0; rows--, x += stride) {
    const v = count === 4 ? v128.load(x) : loadLanes(x, count, zero);
    low = f64x2.add(low, f64x2.promote_low_f32x4(v));
    high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 2, 3)));
  }
  v128.store(sums, low);
  v128.store(sums, high, 16);
}
