import { atanhTwice } from "./math/atanh";
import { expMinus } from "./math/exp";
import { loadLanes, storeLanes } from "./math/lanes";
import { log } from "./math/log";
import { log1pExact } from "./math/log1p";

/**
 * The sigmoid and its kin, element by element. x, out: n floats, out may be x. All start from e = exp(−|x|) ≤ 1, which
 * never overflows, and form no difference of near values. The classes only name a function: they choose it at compile
 * time, so that all share one loop.
 */
class Sigmoid {}
class Softplus {}
class LogSigmoid {}
class Logit {}

/** σ(x) = 1/(1 + exp(−x)): e or 1 over 1 + e. */
export function sigmoid(x: usize, out: usize, n: usize): void {
  map<Sigmoid>(x, out, n);
}

/** softplus(x) = log(1 + exp(x)) = max(x, 0) + log(1 + e). */
export function softplus(x: usize, out: usize, n: usize): void {
  map<Softplus>(x, out, n);
}

/** logSigmoid(x) = log σ(x) = −softplus(−x). */
export function logSigmoid(x: usize, out: usize, n: usize): void {
  map<LogSigmoid>(x, out, n);
}

/** logit(p) = log(p/(1 − p)), the inverse of σ; near p = ½ 2·atanh(2p − 1), which doesn't cancel. */
export function logit(x: usize, out: usize, n: usize): void {
  map<Logit>(x, out, n);
}

function map<F>(x: usize, out: usize, n: usize): void {
  for (let i: usize = 0; i < n; i += 4, x += 16, out += 16) {
    const count = min(n - i, 4);
    const y = valueOf<F>(count === 4 ? v128.load(x) : loadLanes(x, count, f32x4.splat(0)));
    if (count === 4) v128.store(out, y);
    else storeLanes(out, count, y);
  }
}

function valueOf<F>(x: v128): v128 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  if (idof<F>() === idof<Logit>()) {
    const s = f32x4.sub(f32x4.add(x, x), one);
    const far = log(f32x4.div(x, f32x4.sub(one, x)));
    return v128.bitselect(atanhTwice(s), far, f32x4.le(f32x4.abs(s), f32x4.splat(0.5)));
  }
  const e = expMinus(f32x4.abs(x));
  if (idof<F>() === idof<Sigmoid>()) {
    return f32x4.div(v128.bitselect(e, one, f32x4.lt(x, zero)), f32x4.add(one, e));
  }
  if (idof<F>() === idof<LogSigmoid>()) return f32x4.neg(f32x4.add(f32x4.pmax(zero, f32x4.neg(x)), log1pExact(e)));
  return f32x4.add(f32x4.pmax(zero, x), log1pExact(e));
}
