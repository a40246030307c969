import { demote, loadLanes, storeLanes, upper } from "./lanes";

/** out ← a·factorA − b·factorB, in float64 and rounded once. a, b, out: n floats; out may be a. */
export function subtract(a: usize, b: usize, out: usize, n: usize, factorA: f64, factorB: f64): void {
  const byA = f64x2.splat(factorA);
  const byB = f64x2.splat(factorB);
  for (const end = a + ((n >> 2) << 4); a < end; a += 16, b += 16, out += 16) {
    v128.store(out, difference(v128.load(a), v128.load(b), byA, byB));
  }
  const rest = n & 3;
  if (rest) {
    const zero = f32x4.splat(0);
    storeLanes(out, rest, difference(loadLanes(a, rest, zero), loadLanes(b, rest, zero), byA, byB));
  }
}

/** a·byA − b·byB */
function difference(a: v128, b: v128, byA: v128, byB: v128): v128 {
  const low = f64x2.sub(f64x2.mul(f64x2.promote_low_f32x4(a), byA), f64x2.mul(f64x2.promote_low_f32x4(b), byB));
  const a2 = upper(a);
  const b2 = upper(b);
  const high = f64x2.sub(f64x2.mul(f64x2.promote_low_f32x4(a2), byA), f64x2.mul(f64x2.promote_low_f32x4(b2), byB));
  return demote(low, high);
}
