import { loadLanes, storeLanes } from "./math/lanes";

/**
 * Targets with label smoothing and class weights: out_c = w_c·(t_c·keep + add), keep = 1 − ε, add = ε/C.
 *
 * t, out: rows × cols floats, out may be t. weights: cols floats, 0 for weights of 1.
 */
export function smoothTargets(
  t: usize,
  out: usize,
  weights: usize,
  rows: usize,
  cols: usize,
  keep: f32,
  add: f32,
): void {
  const by = f32x4.splat(keep);
  const plus = f32x4.splat(add);
  const one = f32x4.splat(1);
  for (let row: usize = 0; row < rows; row++) {
    for (let i: usize = 0; i < cols; i += 4, t += 16, out += 16) {
      const count = min(cols - i, 4);
      const weight = weights
        ? count === 4
          ? v128.load(weights + (i << 2))
          : loadLanes(weights + (i << 2), count, one)
        : one;
      const target = count === 4 ? v128.load(t) : loadLanes(t, count, one);
      const value = f32x4.mul(weight, f32x4.add(f32x4.mul(target, by), plus));
      if (count === 4) {
        v128.store(out, value);
      } else {
        storeLanes(out, count, value);
        t -= (4 - count) << 2;
        out -= (4 - count) << 2;
      }
    }
  }
}
