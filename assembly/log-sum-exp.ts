import { max } from "./math/max";
import { BLOCK } from "./math/sum";
import { LANES_BYTES, logSumExpOfFour, NARROW } from "./quad";
import { accumulateOnly, begin, blockLog, finish, rowLog, rowMax, rowPeak, rowRest } from "./row";
import { transpose } from "./transpose";

/**
 * logSumExp(x) = max + log Σ exp(x_j − max), a float a row: −Infinity for a row of nothing else and for an empty one,
 * +Infinity where one is in the row, NaN where there is a NaN.
 *
 * x: rows × cols floats. out: a float a row. state: STATE_BYTES; e: BLOCK floats.
 */
export function logSumExp(x: usize, out: usize, rows: usize, cols: usize, state: usize, e: usize): void {
  let row: usize = 0;
  if (cols <= NARROW) {
    const turned = state + LANES_BYTES;
    for (; row + 4 <= rows; row += 4, x += cols << 4) {
      transpose(x, cols, turned, 4, 4, cols);
      v128.store(out + (row << 2), logSumExpOfFour(turned, cols, 16, e, state));
    }
  }
  for (; row < rows; row++, x += cols << 2) {
    let value: f64;
    if (cols <= BLOCK) {
      value = blockLogSumExp(x, e, cols);
    } else {
      begin(state);
      accumulateOnly(state, x, e, cols);
      finish(state);
      value = rowLogSumExp(state, x, cols);
    }
    store<f32>(out + (row << 2), <f32>value);
  }
}

function blockLogSumExp(x: usize, e: usize, n: usize): f64 {
  const m = max(x, n);
  if (abs(m) === Infinity) return hasNaN(x, n) ? NaN : <f64>m;
  return <f64>m + blockLog(x, e, n, m);
}

/** A finished row's log-sum-exp in float64. The row is looked at again only where its maximum is +Infinity. */
export function rowLogSumExp(state: usize, x: usize, n: usize): f64 {
  const m = <f64>rowMax(state);
  if (m === -Infinity && rowRest(state) === 0 && rowPeak(state) === 0) return m;
  if (m === Infinity) return hasNaN(x, n) ? NaN : m;
  return m + rowLog(state);
}

function hasNaN(x: usize, n: usize): bool {
  for (const end = x + (n << 2); x < end; x += 4) {
    if (isNaN(load<f32>(x))) return true;
  }
  return false;
}
