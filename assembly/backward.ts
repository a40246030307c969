import { demote, loadLanes, products, storeLanes, upper } from "./math/lanes";
import { BLOCK, sum, total } from "./math/sum";
import { clamped, rounded, significand, widened } from "./math/wide-exp";

/**
 * The backward passes of softmax and log-softmax: the Jacobian applied to an upstream gradient, never formed. Products that
 * are summed or subtracted are float64: none is subnormal, and none overflows that the result doesn't.
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
  let high = low;
  // The lower pairs are read with what follows them: two floats alone take JavaScriptCore three instructions.
  for (const end = a + ((n >> 3) << 5); a < end; a += 32, b += 32) {
    low = f64x2.add(low, products(v128.load(a), v128.load(b)));
    high = f64x2.add(high, products(v128.load64_zero(a, 8), v128.load64_zero(b, 8)));
    low = f64x2.add(low, products(v128.load(a, 16), v128.load(b, 16)));
    high = f64x2.add(high, products(v128.load64_zero(a, 24), v128.load64_zero(b, 24)));
  }
  if (n & 4) {
    low = f64x2.add(low, products(v128.load(a), v128.load(b)));
    high = f64x2.add(high, products(v128.load64_zero(a, 8), v128.load64_zero(b, 8)));
    a += 16;
    b += 16;
  }
  if (n & 2) {
    low = f64x2.add(low, products(v128.load64_zero(a), v128.load64_zero(b)));
    if (n & 1) high = f64x2.add(high, products(v128.load32_zero(a, 8), v128.load32_zero(b, 8)));
  } else if (n & 1) {
    low = f64x2.add(low, products(v128.load32_zero(a), v128.load32_zero(b)));
  }
  return total(low, high);
}

/** Below it no difference dp − Σ can overflow, and float32 will do, */
const MODERATE: f64 = 1.2676506002282294e30; // 2^100
/** from here on: less is subnormal, and a p above 1 would magnify what rounding loses of it. */
const LEAST: f64 = 1.1754943508222875e-38; // 2^-126

/** dx_i for n elements, given s = Σ_j dp_j·p_j. */
export function softmaxBackwardApply(p: usize, dp: usize, out: usize, n: usize, s: f64): void {
  if (!(abs(s) < MODERATE) || (s !== 0 && abs(s) < LEAST)) {
    for (let i: usize = 0; i < n; i++, p += 4, dp += 4, out += 4) {
      store<f32>(out, <f32>(<f64>load<f32>(p) * (<f64>load<f32>(dp) - s)));
    }
    return;
  }
  const sums = f32x4.splat(<f32>s);
  if (n < 4) {
    if (n) storeLanes(out, n, f32x4.mul(loadLanes(p, n, sums), f32x4.sub(loadLanes(dp, n, sums), sums)));
    return;
  }
  // The last four, which the last whole vector may overlap, are computed before their operands may be overwritten.
  const last = (n - 4) << 2;
  const end = f32x4.mul(v128.load(p + last), f32x4.sub(v128.load(dp + last), sums));
  const lastOut = out + last;
  for (const stop = p + ((n >> 4) << 6); p < stop; p += 64, dp += 64, out += 64) {
    v128.store(out, f32x4.mul(v128.load(p), f32x4.sub(v128.load(dp), sums)));
    v128.store(out, f32x4.mul(v128.load(p, 16), f32x4.sub(v128.load(dp, 16), sums)), 16);
    v128.store(out, f32x4.mul(v128.load(p, 32), f32x4.sub(v128.load(dp, 32), sums)), 32);
    v128.store(out, f32x4.mul(v128.load(p, 48), f32x4.sub(v128.load(dp, 48), sums)), 48);
  }
  for (const stop = p + ((n & 12) << 2); p < stop; p += 16, dp += 16, out += 16) {
    v128.store(out, f32x4.mul(v128.load(p), f32x4.sub(v128.load(dp), sums)));
  }
  v128.store(lastOut, end);
}

/** dx_i = dlp_i − exp(lp_i)·Σ_j dlp_j */
export function logSoftmaxBackward(lp: usize, dlp: usize, out: usize, rows: usize, cols: usize): void {
  const bytes = cols << 2;
  for (const end = lp + rows * bytes; lp < end; lp += bytes, dlp += bytes, out += bytes) {
    logSoftmaxBackwardApply(lp, dlp, out, cols, sum(dlp, cols, 0));
  }
}

/** dx_i for n elements, given s = Σ_j dlp_j. */
export function logSoftmaxBackwardApply(lp: usize, dlp: usize, out: usize, n: usize, s: f64): void {
  const by = f64x2.splat(s);
  const zero = f32x4.splat(0);
  for (let i: usize = 0; i < n; i += 4, lp += 16, dlp += 16, out += 16) {
    const count = min(n - i, 4);
    const x = clamped(count === 4 ? v128.load(lp) : loadLanes(lp, count, zero));
    const d = count === 4 ? v128.load(dlp) : loadLanes(dlp, count, zero);
    const z = rounded(x);
    const e = significand(x, z);
    const low = f64x2.sub(f64x2.promote_low_f32x4(d), f64x2.mul(widened(e, z), by));
    const high = f64x2.sub(f64x2.promote_low_f32x4(upper(d)), f64x2.mul(widened(upper(e), upper(z)), by));
    if (count === 4) v128.store(out, demote(low, high));
    else storeLanes(out, count, demote(low, high));
  }
}
