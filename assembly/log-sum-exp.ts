import { largest } from "./argmax";
import { logSumExpOf } from "./cross-entropy-general";
import { demote, upper } from "./math/lanes";
import { max } from "./math/max";
import { BLOCK } from "./math/sum";
import { NARROW, quadsOf, TURNED, turn } from "./narrow";
import { fourOf, logsOfQuads, MAXIMA, RECORD, RESTS, SUMS, spacing } from "./quad";
import { accumulateSums, begin, blockLog, finish, rowMax } from "./row";

/**
 * logSumExp(x) = max + log Σ exp(x_j − max), a float a row: −Infinity for a row of nothing else and for an empty one,
 * +Infinity where one is in the row, NaN where there is a NaN.
 *
 * x: rows × cols floats. out: a float a row. state: QUADS_BYTES (narrow.ts); e: BLOCK floats.
 */
export function logSumExp(x: usize, out: usize, rows: usize, cols: usize, state: usize, e: usize): void {
  let row: usize = 0;
  if (cols <= NARROW) {
    const turned = state + TURNED;
    const next = spacing(cols);
    for (let quads = quadsOf(rows); quads > 0; quads = quadsOf(rows - row)) {
      turn(x, turned, cols, quads);
      logsOfQuads(turned, cols, 16, next, quads, e, state);
      for (let q: usize = 0; q < quads; q++) {
        const values = logSumExpOfFour(turned + q * next, cols, 16, state + q * RECORD);
        v128.store(out + ((row + 4 * q) << 2), values);
      }
      row += 4 * quads;
      x += quads * (cols << 4);
    }
  }
  for (; row < rows; row++, x += cols << 2) {
    let value: f64;
    if (cols <= BLOCK) {
      value = blockLogSumExp(x, e, cols);
    } else {
      begin(state);
      accumulateSums(state, x, e, cols);
      finish(state);
      value = rowLogSumExp(state, x, cols);
    }
    store<f32>(out + (row << 2), <f32>value);
  }
}

/** Log-sum-exp of the quad whose logs have been made. */
export function logSumExpOfFour(x: usize, classes: usize, step: usize, record: usize): v128 {
  const infinity = f32x4.splat(Infinity);
  const max = v128.load(record, MAXIMA);
  const low = f64x2.add(f64x2.promote_low_f32x4(max), v128.load(record, RESTS));
  const high = f64x2.add(f64x2.promote_low_f32x4(upper(max)), v128.load(record, RESTS + 16));
  const value = demote(low, high);
  // A position of −Infinity alone has a sum of 0; a NaN in it would be in the sum too.
  const nothing = v128.and(f32x4.eq(max, f32x4.neg(infinity)), f32x4.eq(fourOf(record + SUMS), infinity));
  const top = f32x4.eq(max, infinity);
  if (!v128.any_true(top)) return v128.bitselect(max, value, nothing);
  // +Infinity, unless there is a NaN: then the sum of what is compared with itself shows it.
  let ordered = f32x4.eq(max, max);
  for (let c: usize = 0; c < classes; c++, x += step) ordered = v128.and(ordered, f32x4.eq(v128.load(x), v128.load(x)));
  return v128.bitselect(max, value, v128.or(nothing, v128.and(top, ordered)));
}

function blockLogSumExp(x: usize, e: usize, n: usize): f64 {
  const m = max(x, n);
  return abs(m) === Infinity ? <f64>largest(x, n) : <f64>m + blockLog(x, e, n, m);
}

/** A finished row's log-sum-exp in float64. The row is looked at again only where its maximum is infinite. */
function rowLogSumExp(state: usize, x: usize, n: usize): f64 {
  const m = rowMax(state);
  return logSumExpOf(state, abs(m) === Infinity ? largest(x, n) : m);
}
