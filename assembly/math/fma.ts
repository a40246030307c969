/**
 * a·b + c and c − a·b. The baseline rounds twice, product and sum, and so has the same bits everywhere. The relaxed
 * binary leaves it to the engine whether the product is rounded: one instruction where the CPU has fused multiply-add.
 */

export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}
