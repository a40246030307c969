import { demote, loadLanes, storeLanes, upper } from "./math/lanes";
import { scaledTanh } from "./math/tanh";
import { clamped, rounded, significand, widened } from "./math/wide-exp";

/**
 * What is done to logits before a softmax: both define new float32 logits. x, out: n floats, out may be x.
 */

/**
 * x / T in float64, rounded to float32. Where T is a float32 the division is float32 too, and its result the same: rounding
 * a quotient twice does no harm where the first time leaves more than twice as many bits.
 */
export function temper(x: usize, out: usize, n: usize, temperature: f64): void {
  const single = f32x4.splat(<f32>temperature);
  const whole = x + ((n >> 2) << 4);
  const rest = n & 3;
  if (<f64>(<f32>temperature) === temperature) {
    for (; x < whole; x += 16, out += 16) v128.store(out, f32x4.div(v128.load(x), single));
    if (rest) storeLanes(out, rest, f32x4.div(loadLanes(x, rest, single), single));
    return;
  }
  const by = f64x2.splat(temperature);
  for (; x < whole; x += 16, out += 16) v128.store(out, quotient(v128.load(x), by));
  if (rest) storeLanes(out, rest, quotient(loadLanes(x, rest, single), by));
}

function quotient(x: v128, by: v128): v128 {
  return demote(f64x2.div(f64x2.promote_low_f32x4(x), by), f64x2.div(f64x2.promote_low_f32x4(upper(x)), by));
}

/** s·tanh(x/s), within 3 ULP */
export function softcap(x: usize, out: usize, n: usize, cap: f32): void {
  const by = f32x4.splat(cap);
  for (let i: usize = 0; i < n; i += 4, x += 16, out += 16) {
    const count = min(n - i, 4);
    const logit = count === 4 ? v128.load(x) : loadLanes(x, count, by);
    const value = scaledTanh(logit, by);
    if (count === 4) v128.store(out, value);
    else storeLanes(out, count, value);
  }
}

/** 2|x|/s from which on the slope is 0, and which float32 holds. */
const MOST: f64 = 1024;

/**
 * grad ← grad·(1 − tanh²(x/s)), the softcap's slope at the logits x; 0 stays 0, even at a NaN (an ignored row). With
 * e = exp(−2|x|/s) it is 4e/(1 + e)², which doesn't cancel where the cap is reached, and e may be as small as it likes. The
 * exponent is made in float64, and what float32 can't hold of it is put back, or its rounding alone would be many ULP of e.
 */
export function softcapBackward(x: usize, grad: usize, n: usize, cap: f32): void {
  const by = f64x2.splat(2 / <f64>cap);
  const most = f64x2.splat(MOST);
  for (let i: usize = 0; i < n; i += 4, x += 16, grad += 16) {
    const count = min(n - i, 4);
    const magnitude = f32x4.abs(count === 4 ? v128.load(x) : loadLanes(x, count, f32x4.splat(0)));
    const g = count === 4 ? v128.load(grad) : loadLanes(grad, count, f32x4.splat(0));
    const low = f64x2.pmin(f64x2.mul(f64x2.promote_low_f32x4(magnitude), by), most);
    const high = f64x2.pmin(f64x2.mul(f64x2.promote_low_f32x4(upper(magnitude)), by), most);
    const d = demote(low, high);
    const minus = clamped(f32x4.neg(d));
    const z = rounded(minus);
    const e = significand(minus, z);
    const a = sloped(g, low, d, widened(e, z));
    const b = sloped(upper(g), high, upper(d), widened(upper(e), upper(z)));
    const product = demote(a, b);
    const value = v128.bitselect(g, product, f32x4.eq(g, f32x4.splat(0)));
    if (count === 4) v128.store(grad, value);
    else storeLanes(grad, count, value);
  }
}

/** g·4e/(1 + e)² for two lanes in float64, e = exp(−d) corrected to exp(−exact). */
function sloped(g: v128, exact: v128, d: v128, e: v128): v128 {
  const one = f64x2.splat(1);
  const lost = f64x2.sub(exact, f64x2.promote_low_f32x4(d));
  const fine = f64x2.mul(e, f64x2.sub(one, lost));
  const sum = f64x2.add(one, fine);
  const slope = f64x2.div(f64x2.mul(f64x2.splat(4), fine), f64x2.mul(sum, sum));
  return f64x2.mul(f64x2.promote_low_f32x4(g), slope);
}
