import { demote, loadPair } from "./math/lanes";
import { QUADS, RECORD, spacing } from "./quad";
import { storeTurned, transpose } from "./transpose";

/**
 * Rows of few columns: on its own such a row leaves lanes empty, and spends more on its maximum, sum and logarithm than on
 * its exponentials. So four rows are turned into a quad (quad.ts), computed, and turned back. The records stand at the
 * beginning of what kernels have for `state`, the turned rows behind them.
 */
export const NARROW: usize = 128;

export const TURNED: usize = QUADS * RECORD;

/** What a kernel needs for `state`. */
export const QUADS_BYTES: usize = TURNED + QUADS * 16 * NARROW;

/** The quads that the next of so many rows make, at most QUADS. */
export function quadsOf(rows: usize): usize {
  return min(rows >> 2, QUADS);
}

/** Turns rows of so many columns, four by four, to out. */
export function turn(x: usize, out: usize, cols: usize, quads: usize): void {
  const next = spacing(cols);
  for (const end = out + quads * next; out < end; x += cols << 4, out += next) turnFour(x, out, cols);
}

function turnFour(x: usize, out: usize, cols: usize): void {
  if (cols >= 4) {
    transpose(x, cols, out, 4, 4, cols);
    return;
  }
  const bytes = cols << 2;
  for (const end = x + bytes; x < end; x += 4, out += 16) {
    const two = v128.load32_lane(x + bytes, v128.load32_zero(x), 1);
    v128.store(out, v128.load32_lane(x + 3 * bytes, v128.load32_lane(x + 2 * bytes, two, 2), 3));
  }
}

/** Four turned rows back, each value times a, less b, less c. */
export function turnBack(x: usize, out: usize, cols: usize, a: v128, b: v128, c: v128): void {
  const step = cols << 2;
  if (cols < 4) {
    for (const end = out + step; out < end; x += 16, out += 4) {
      const v = finished(v128.load(x), a, b, c);
      v128.store32_lane(out, v, 0);
      v128.store32_lane(out + step, v, 1);
      v128.store32_lane(out + 2 * step, v, 2);
      v128.store32_lane(out + 3 * step, v, 3);
    }
    return;
  }
  for (let i: usize = 0; i < cols; i += 4) {
    const column = min(i, cols - 4);
    const p = x + (column << 4);
    const v0 = finished(v128.load(p), a, b, c);
    const v1 = finished(v128.load(p, 16), a, b, c);
    const v2 = finished(v128.load(p, 32), a, b, c);
    const v3 = finished(v128.load(p, 48), a, b, c);
    storeTurned(v0, v1, v2, v3, out + (column << 2), step);
  }
}

function finished(v: v128, a: v128, b: v128, c: v128): v128 {
  return f32x4.sub(f32x4.sub(f32x4.mul(v, a), b), c);
}

/** Zeros behind the last class of turned rows, up to a multiple of four classes. */
export function padToFours(x: usize, classes: usize): void {
  for (; classes & 3; classes++) v128.store(x + (classes << 4), f32x4.splat(0));
}

/** a ← a·byA − b·byB of turned rows, in float64 and rounded once; a factor's first two lanes are `low`. */
export function subtractOfFour(
  a: usize,
  b: usize,
  classes: usize,
  byALow: v128,
  byAHigh: v128,
  byBLow: v128,
  byBHigh: v128,
): void {
  for (const end = a + (classes << 4); a < end; a += 16, b += 16) {
    const low = f64x2.sub(f64x2.mul(loadPair(a), byALow), f64x2.mul(loadPair(b), byBLow));
    const high = f64x2.sub(f64x2.mul(loadPair(a + 8), byAHigh), f64x2.mul(loadPair(b + 8), byBHigh));
    v128.store(a, demote(low, high));
  }
}
