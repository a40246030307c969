import { exp } from "./math/exp";
import { loadLanes, storeLanes } from "./math/lanes";
import { addHigh, addLow, BLOCK, sum, total } from "./math/sum";

/**
 * The backward passes of softmax and log-softmax: the Jacobian applied to an upstream gradient, never formed.
 * All operands: rows × cols floats; out may be either input.
 */

/** dx_i = p_i·(dp_i − Σ_j dp_j·p_j) */
export function softmaxBackward(p: usize, dp: usize, out: usize, rows: usize, cols: usize): void {
  const bytes = cols << 2;
  for (const end = p + rows * bytes; p < end; p += bytes, dp += bytes, out += bytes) {
    softmaxBackwardApply(p, dp, out, cols, dot(p, dp, cols, 0));
  }
}

/** start + Σ a·b: blocks of BLOCK are summed on their own and added in order. */
export function dot(a: usize, b: usize, n: usize, start: f64): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) start += dotBlock(a + (i << 2), b + (i << 2), min(n - i, BLOCK));
  return start;
}

function dotBlock(a: usize, b: usize, n: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (const end = a + ((n >> 2) << 4); a < end; a += 16, b += 16) {
    const product = f32x4.mul(v128.load(a), v128.load(b));
    low = addLow(low, product);
    high = addHigh(high, product);
  }
  const rest = n & 3;
  if (rest) {
    const zero = f32x4.splat(0);
    const product = f32x4.mul(loadLanes(a, rest, zero), loadLanes(b, rest, zero));
    low = addLow(low, product);
    high = addHigh(high, product);
  }
  return total(low, high);
}

export function softmaxBackwardApply(p: usize, dp: usize, out: usize, n: usize, s: f64): void {
  const by = f32x4.splat(<f32>s);
  for (const end = p + ((n >> 2) << 4); p < end; p += 16, dp += 16, out += 16) {
    v128.store(out, f32x4.mul(v128.load(p), f32x4.sub(v128.load(dp), by)));
  }
  const rest = n & 3;
  if (rest) storeLanes(out, rest, f32x4.mul(loadLanes(p, rest, by), f32x4.sub(loadLanes(dp, rest, by), by)));
}

/** dx_i = dlp_i − exp(lp_i)·Σ_j dlp_j */
export function logSoftmaxBackward(lp: usize, dlp: usize, out: usize, rows: usize, cols: usize): void {
  const bytes = cols << 2;
  for (const end = lp + rows * bytes; lp < end; lp += bytes, dlp += bytes, out += bytes) {
    logSoftmaxBackwardApply(lp, dlp, out, cols, sum(dlp, cols, 0));
  }
}

export function logSoftmaxBackwardApply(lp: usize, dlp: usize, out: usize, n: usize, s: f64): void {
  const by = f32x4.splat(<f32>s);
  for (let i: usize = 0; i < n; i += 4, lp += 16, dlp += 16, out += 16) {
    const count = min(n - i, 4);
    const e = exp(count === 4 ? v128.load(lp) : loadLanes(lp, count, by));
    const value = f32x4.sub(count === 4 ? v128.load(dlp) : loadLanes(dlp, count, by), f32x4.mul(e, by));
    if (count === 4) v128.store(out, value);
    else storeLanes(out, count, value);
  }
}
