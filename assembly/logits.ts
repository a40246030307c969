import { expMinus } from "./math/exp";
import { loadLanes, storeLanes } from "./math/lanes";
import { tanh } from "./math/tanh";

/**
 * What is done to logits before a softmax: both define new float32 logits. x, out: n floats, out may be x.
 */

/** x / T, correctly rounded. */
export function temper(x: usize, out: usize, n: usize, temperature: f32): void {
  const by = f32x4.splat(temperature);
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, out += 16) v128.store(out, f32x4.div(v128.load(x), by));
  const rest = n & 3;
  if (rest) storeLanes(out, rest, f32x4.div(loadLanes(x, rest, by), by));
}

/** s·tanh(x/s) */
export function softcap(x: usize, out: usize, n: usize, cap: f32): void {
  const by = f32x4.splat(cap);
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, out += 16) v128.store(out, capped(v128.load(x), by));
  const rest = n & 3;
  if (rest) storeLanes(out, rest, capped(loadLanes(x, rest, by), by));
}

function capped(x: v128, by: v128): v128 {
  return f32x4.mul(by, tanh(f32x4.div(x, by)));
}

/**
 * grad ← grad·(1 − tanh²(x/s)), the softcap's slope at the logits x. With e = exp(−2|x/s|) it is 4e/(1 + e)², which
 * doesn't cancel where the cap is reached.
 */
export function softcapBackward(x: usize, grad: usize, n: usize, cap: f32): void {
  const by = f32x4.splat(cap);
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, grad += 16) {
    v128.store(grad, f32x4.mul(v128.load(grad), slope(v128.load(x), by)));
  }
  const rest = n & 3;
  if (rest) storeLanes(grad, rest, f32x4.mul(loadLanes(grad, rest, by), slope(loadLanes(x, rest, by), by)));
}

function slope(x: v128, by: v128): v128 {
  const ratio = f32x4.abs(f32x4.div(x, by));
  const e = expMinus(f32x4.add(ratio, ratio));
  const sum = f32x4.add(f32x4.splat(1), e);
  return f32x4.div(f32x4.mul(f32x4.splat(4), e), f32x4.mul(sum, sum));
}
