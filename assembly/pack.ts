import { loadLanes } from "./math/lanes";
import { addHigh, addLow } from "./math/sum";
import { storeTurned, transpose } from "./transpose";

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
    if (count === 4) copyColumns(from, stride, panel, width << 2, depth);
    else copyPart(from, stride, panel, width << 2, depth, count);
  }
  // The upper half of a last panel of eight, where no column is left for it.
  if (width === 8 && (cols & 7) > 0 && (cols & 7) <= 4) {
    clearColumns(out + (((cols >> 3) * depth * 8 + 4) << 2), 32, depth);
  }
}

/** Four columns: a vector a row. */
function copyColumns(x: usize, stride: usize, out: usize, step: usize, depth: usize): void {
  for (let k: usize = 0; k < depth; k++, x += stride, out += step) v128.store(out, v128.load(x));
}

/** One to three columns. */
function copyPart(x: usize, stride: usize, out: usize, step: usize, depth: usize, count: usize): void {
  const zero = f32x4.splat(0);
  for (let k: usize = 0; k < depth; k++, x += stride, out += step) v128.store(out, loadLanes(x, count, zero));
}

function clearColumns(out: usize, step: usize, depth: usize): void {
  const zero = f32x4.splat(0);
  for (let k: usize = 0; k < depth; k++, out += step) v128.store(out, zero);
}

/**
 * All that a layer's gradients need of the gradient to its logits, rows × cols floats `stride` bytes apart, read once: the
 * panels of its rows, `step` bytes apart, and of its columns, both of width 4; and the sums of its columns, float64 that are
 * added to, row after row. Each of the three may be 0, not wanted.
 */
export function packGradient(
  x: usize,
  stride: usize,
  byRows: usize,
  step: usize,
  byColumns: usize,
  sums: usize,
  rows: usize,
  cols: usize,
): void {
  const panelBytes = rows << 4;
  for (let row: usize = 0; row < rows; row += 4, x += stride << 2, byRows += byRows ? step : 0) {
    const count = min(rows - row, 4);
    const to = byColumns ? byColumns + (row << 4) : 0;
    let col: usize = 0;
    if (count === 4) {
      for (; col + 4 <= cols; col += 4) {
        const from = x + (col << 2);
        packSquare(
          v128.load(from),
          v128.load(from + stride),
          v128.load(from + 2 * stride),
          v128.load(from + 3 * stride),
          byRows ? byRows + (col << 4) : 0,
          to ? to + (col >> 2) * panelBytes : 0,
          sums ? sums + (col << 3) : 0,
        );
      }
    }
    for (; col < cols; col += 4) {
      const from = x + (col << 2);
      packPart(
        from,
        stride,
        byRows ? byRows + (col << 4) : 0,
        to ? to + (col >> 2) * panelBytes : 0,
        sums ? sums + (col << 3) : 0,
        count,
        min(cols - col, 4),
      );
    }
  }
}

/** Four rows of four. */
function packSquare(a: v128, b: v128, c: v128, d: v128, byRows: usize, byColumns: usize, sums: usize): void {
  if (byColumns) {
    v128.store(byColumns, a);
    v128.store(byColumns, b, 16);
    v128.store(byColumns, c, 32);
    v128.store(byColumns, d, 48);
  }
  if (byRows) storeTurned(a, b, c, d, byRows, 16);
  if (sums) {
    v128.store(sums, addLow(addLow(addLow(addLow(v128.load(sums), a), b), c), d));
    v128.store(sums, addHigh(addHigh(addHigh(addHigh(v128.load(sums, 16), a), b), c), d), 16);
  }
}

/** One to four rows of one to four. */
function packPart(
  x: usize,
  stride: usize,
  byRows: usize,
  byColumns: usize,
  sums: usize,
  rows: usize,
  cols: usize,
): void {
  for (let col: usize = 0; col < 4; col++) {
    for (let row: usize = 0; row < 4; row++) {
      const there = row < rows && col < cols;
      const value: f32 = there ? load<f32>(x + row * stride + (col << 2)) : 0;
      if (byRows && col < cols) store<f32>(byRows + (col << 4) + (row << 2), value);
      if (byColumns && row < rows) store<f32>(byColumns + (row << 4) + (col << 2), value);
      if (sums && there) store<f64>(sums + (col << 3), load<f64>(sums + (col << 3)) + <f64>value);
    }
  }
}
