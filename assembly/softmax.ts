import { expBlock } from "./math/exp-block";
import { loadLanes, storeLanes } from "./math/lanes";
import { max } from "./math/max";
import { scale } from "./math/scale";
import { BLOCK } from "./math/sum";
import { NARROW, quadsOf, TURNED, turn, turnBack } from "./narrow";
import { fourOf, logsOfQuads, MAXIMA, RECORD, RESTS, SUMS, sharesOfQuads, spacing } from "./quad";
import { accumulate, accumulateSums, begin, blockFactor, blockLog, finish, rowLog, rowMax } from "./row";

/** Without a logarithm a row on its own is the faster one from fewer columns on than NARROW. */
const NARROW_SOFTMAX: usize = 56;

/**
 * softmax(x)_i = exp(x_i − max) / Σ exp(x_j − max), row by row; row.ts has the sum, exp-block.ts the exponentials.
 *
 * x, out: rows × cols floats, any alignment; out may be x. state: QUADS_BYTES; maxima: a float for each BLOCK columns.
 */
export function softmax(x: usize, out: usize, rows: usize, cols: usize, state: usize, maxima: usize): void {
  const bytes = cols << 2;
  const end = x + rows * bytes;
  if (cols <= NARROW_SOFTMAX) {
    const turned = state + TURNED;
    for (let quads = quadsOf(rows); quads > 0; quads = quadsOf(rows)) {
      turn(x, turned, cols, quads);
      sharesOfQuads(turned, cols, 16, spacing(cols), quads, turned, state);
      for (let q: usize = 0; q < quads; q++) {
        const factor = fourOf(state + q * RECORD + SUMS);
        const zero = f32x4.splat(0);
        turnBack(turned + q * spacing(cols), out + q * (cols << 4), cols, factor, zero, zero);
      }
      rows -= 4 * quads;
      x += 4 * quads * bytes;
      out += 4 * quads * bytes;
    }
  }
  for (; x < end; x += bytes, out += bytes) {
    if (cols <= BLOCK) {
      scale(out, cols, 1 / expBlock(x, out, cols, max(x, cols)));
      continue;
    }
    begin(state);
    accumulate(state, maxima, x, out, cols, false);
    finish(state);
    softmaxApply(state, maxima, out, cols, 1);
  }
}

/** Turns stored exponentials into probabilities times `factor`. */
export function softmaxApply(state: usize, maxima: usize, out: usize, n: usize, factor: f64): void {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const m = load<f32>(maxima + (i / BLOCK) * 4);
    scale(out + (i << 2), min(n - i, BLOCK), blockFactor(state, m) * factor);
  }
}

/**
 * logSoftmax(x)_i = (x_i − max) − log Σ exp(x_j − max). Contract as softmax; e: BLOCK floats, for the exponentials.
 */
export function logSoftmax(x: usize, out: usize, rows: usize, cols: usize, state: usize, e: usize): void {
  const bytes = cols << 2;
  const end = x + rows * bytes;
  if (cols <= NARROW) {
    const turned = state + TURNED;
    for (let quads = quadsOf(rows); quads > 0; quads = quadsOf(rows)) {
      turn(x, turned, cols, quads);
      logsOfQuads(turned, cols, 16, spacing(cols), quads, e, state);
      for (let q: usize = 0; q < quads; q++) {
        const record = state + q * RECORD;
        const max = v128.load(record, MAXIMA);
        const one = f32x4.splat(1);
        turnBack(turned + q * spacing(cols), out + q * (cols << 4), cols, one, max, fourOf(record + RESTS));
      }
      rows -= 4 * quads;
      x += 4 * quads * bytes;
      out += 4 * quads * bytes;
    }
  }
  for (; x < end; x += bytes, out += bytes) {
    if (cols <= BLOCK) {
      const m = max(x, cols);
      subtract(x, out, cols, m, blockLog(x, e, cols, m));
      continue;
    }
    begin(state);
    accumulateSums(state, x, e, cols);
    finish(state);
    logSoftmaxApply(state, x, out, cols);
  }
}

/** Writes (x − max) − log Σ for n columns. */
export function logSoftmaxApply(state: usize, x: usize, out: usize, n: usize): void {
  subtract(x, out, n, rowMax(state), rowLog(state));
}

function subtract(x: usize, out: usize, n: usize, max: f32, log: f64): void {
  const m = f32x4.splat(max);
  const l = f32x4.splat(<f32>log);
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, out += 16) {
    v128.store(out, f32x4.sub(f32x4.sub(v128.load(x), m), l));
  }
  const rest = n & 3;
  if (rest) storeLanes(out, rest, f32x4.sub(f32x4.sub(loadLanes(x, rest, m), m), l));
}
