import { atanhTwice } from "./math/atanh";
import { expMinus } from "./math/exp";
import { loadLanes, storeLanes } from "./math/lanes";
import { log } from "./math/log";
import { log1pExact } from "./math/log1p";

/**
 * The sigmoid and its kin, element by element. x, out: n floats, out may be x. All start from e = exp(−|x|) ≤ 1, which
 * never overflows, and form no difference of near values.
 */

/** σ(x) = 1/(1 + exp(−x)): e or 1 over 1 + e. */
export function sigmoid(x: usize, out: usize, n: usize): void {
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, out += 16) v128.store(out, sigmoidOf(v128.load(x)));
  const rest = n & 3;
  if (rest) storeLanes(out, rest, sigmoidOf(loadLanes(x, rest, f32x4.splat(0))));
}

export function sigmoidOf(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = expMinus(f32x4.abs(x));
  return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, f32x4.splat(0))), f32x4.add(one, e));
}

/** softplus(x) = log(1 + exp(x)) = max(x, 0) + log(1 + e). */
export function softplus(x: usize, out: usize, n: usize): void {
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, out += 16) v128.store(out, softplusOf(v128.load(x)));
  const rest = n & 3;
  if (rest) storeLanes(out, rest, softplusOf(loadLanes(x, rest, f32x4.splat(0))));
}

export function softplusOf(x: v128): v128 {
  const zero = f32x4.splat(0);
  return f32x4.add(f32x4.pmax(zero, x), log1pExact(expMinus(f32x4.abs(x))));
}

/** logSigmoid(x) = log σ(x) = −softplus(−x). */
export function logSigmoid(x: usize, out: usize, n: usize): void {
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, out += 16) {
    v128.store(out, f32x4.neg(softplusOf(f32x4.neg(v128.load(x)))));
  }
  const rest = n & 3;
  if (rest) storeLanes(out, rest, f32x4.neg(softplusOf(f32x4.neg(loadLanes(x, rest, f32x4.splat(0))))));
}

/** logit(p) = log(p/(1 − p)), the inverse of σ; near p = ½ 2·atanh(2p − 1), which doesn't cancel. */
export function logit(x: usize, out: usize, n: usize): void {
  for (const end = x + ((n >> 2) << 4); x < end; x += 16, out += 16) v128.store(out, logitOf(v128.load(x)));
  const rest = n & 3;
  if (rest) storeLanes(out, rest, logitOf(loadLanes(x, rest, f32x4.splat(0))));
}

export function logitOf(p: v128): v128 {
  const one = f32x4.splat(1);
  const s = f32x4.sub(f32x4.add(p, p), one);
  const far = log(f32x4.div(p, f32x4.sub(one, p)));
  return v128.bitselect(atanhTwice(s), far, f32x4.le(f32x4.abs(s), f32x4.splat(0.5)));
}
