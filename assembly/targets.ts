import { demote, loadUpTo, storeUpTo, upper } from "./math/lanes";

/**
 * Targets with label smoothing and class weights: out_c = w_c·(t_c·keep + add), keep = 1 − ε, add = ε/C; in float64, since
 * the two terms of a negative target cancel.
 *
 * t, out: rows × cols floats, out may be t. weights: cols floats, 0 for weights of 1.
 */
export function smoothTargets(
  t: usize,
  out: usize,
  weights: usize,
  rows: usize,
  cols: usize,
  keep: f64,
  add: f64,
): void {
  const by = f64x2.splat(keep);
  const plus = f64x2.splat(add);
  const one = f32x4.splat(1);
  const bytes = cols << 2;
  for (const last = t + rows * bytes; t < last; t += bytes, out += bytes) {
    for (let i: usize = 0; i < bytes; i += 16) {
      const target = loadUpTo(t + i, t + bytes);
      const weight = weights ? loadUpTo(weights + i, weights + bytes) : one;
      const low = smooth(target, weight, by, plus);
      storeUpTo(out + i, bytes - i, demote(low, smooth(upper(target), upper(weight), by, plus)));
    }
  }
}

/** The formula for the lower two lanes. */
function smooth(t: v128, weight: v128, keep: v128, add: v128): v128 {
  const target = f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(t), keep), add);
  return f64x2.mul(f64x2.promote_low_f32x4(weight), target);
}
