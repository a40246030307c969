import { exp, expMinus } from "./math/exp";
import { loadLanes, storeLanes } from "./math/lanes";
import { log } from "./math/log";
import { addHigh, addLow, BLOCK, total } from "./math/sum";
import { lossOf, oddsOf } from "./sigmoid-cross-entropy";

/**
 * Sigmoid focal loss (Lin et al., arXiv 1708.02002), element by element, loss and gradient together:
 *
 *   loss = α_t·m^γ·CE,  m = 1 − p_t = (1 − t)·σ(x) + t·σ(−x),  α_t = α·t + (1 − α)·(1 − t), or 1 where α < 0
 *   grad = scale·α_t·m^γ·(γ/m·(1 − 2t)·σ(x)·σ(−x)·CE + (1 − t)·σ(x) − t·σ(−x))
 *
 * x, t: n floats; grad: n floats, may be x, 0 for none; losses: n floats, 0 for none. Returns start + Σ loss, summed as in
 * sigmoid-cross-entropy.ts.
 */
export function sigmoidFocalLoss(
  x: usize,
  t: usize,
  grad: usize,
  losses: usize,
  n: usize,
  alpha: f32,
  gamma: f32,
  scale: f32,
  start: f64,
): f64 {
  for (let i: usize = 0; i < n; i += BLOCK) {
    const at = i << 2;
    const count = min(n - i, BLOCK);
    start += block(x + at, t + at, grad ? grad + at : 0, losses ? losses + at : 0, count, alpha, gamma, scale);
  }
  return start;
}

function block(x: usize, t: usize, grad: usize, losses: usize, n: usize, alpha: f32, gamma: f32, scale: f32): f64 {
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: usize = 0; i < n; i += 4) {
    const at = i << 2;
    const count = min(n - i, 4);
    // Lanes beyond the end hold x = −Infinity, t = 0: their loss is 0.
    const logit = count === 4 ? v128.load(x + at) : loadLanes(x + at, count, f32x4.splat(-Infinity));
    const target = count === 4 ? v128.load(t + at) : loadLanes(t + at, count, zero);
    const e = expMinus(f32x4.abs(logit));
    const other = f32x4.sub(one, target);
    const positive = f32x4.ge(logit, zero);
    const r = f32x4.div(one, f32x4.add(one, e));
    const small = f32x4.mul(e, r);
    const up = v128.bitselect(r, small, positive);
    const down = v128.bitselect(small, r, positive);
    const missing = f32x4.add(f32x4.mul(other, up), f32x4.mul(target, down));
    const ce = lossOf(logit, target, other, e);
    const weight =
      alpha < 0 ? one : f32x4.add(f32x4.mul(f32x4.splat(alpha), target), f32x4.mul(f32x4.splat(1 - alpha), other));
    const focus = power(missing, gamma);
    // A weight of 0 wins over an infinite loss.
    const factor = f32x4.mul(weight, focus);
    const loss = v128.and(f32x4.mul(factor, ce), v128.or(f32x4.ne(factor, zero), f32x4.ne(ce, ce)));
    low = addLow(low, loss);
    high = addHigh(high, loss);
    if (losses) {
      if (count === 4) v128.store(losses + at, loss);
      else storeLanes(losses + at, count, loss);
    }
    if (grad) {
      let g = f32x4.div(oddsOf(logit, target, other, e), f32x4.add(one, e));
      if (gamma !== 0) {
        // γ·m^(γ−1)·σ(x)·σ(−x) as γ·m^γ·(s/m)·l, s the smaller and l the larger sigmoid: s ≤ m, so nothing overflows.
        const share = v128.and(f32x4.div(small, missing), f32x4.ne(small, zero));
        const bend = f32x4.mul(
          f32x4.mul(f32x4.splat(gamma), share),
          f32x4.mul(r, f32x4.mul(f32x4.sub(other, target), ce)),
        );
        g = f32x4.add(g, v128.and(bend, v128.or(f32x4.ne(share, zero), f32x4.ne(ce, ce))));
      }
      g = f32x4.mul(focus, g);
      g = f32x4.mul(f32x4.mul(weight, g), f32x4.splat(scale));
      if (count === 4) v128.store(grad + at, g);
      else storeLanes(grad + at, count, g);
    }
  }
  return total(low, high);
}

/** m^γ for m ≥ 0: exact steps for 0, 1 and 2, exp(γ·log m) for others. */
function power(m: v128, gamma: f32): v128 {
  if (gamma === 0) return f32x4.splat(1);
  if (gamma === 1) return m;
  if (gamma === 2) return f32x4.mul(m, m);
  return exp(f32x4.mul(f32x4.splat(gamma), log(m)));
}
