import { madd } from "./fma";

/**
 * log(1 + e) for 0 ≤ e ≤ 1, four at a time: e − e²·q(e), q of degree 9, minimax with relative error 0.17·2^-24.
 * Constants are loaded where they are used: ten more in locals would only be spilled to the stack.
 */
// biome-ignore format: one constant a line
export const LOG1P: usize = memory.data<f32>([
  0.5,
  -0.3333333134651184,
  0.2499791830778122,
  -0.19961579144001007,
  0.16370883584022522,
  -0.1301763355731964,
  0.09078951179981232,
  -0.04849574342370033,
  0.01667240634560585,
  -0.002675928408280015,
], 16);

export function log1pUnit(e: v128): v128 {
  const e2 = f32x4.mul(e, e);
  const e4 = f32x4.mul(e2, e2);
  const q01 = madd(v128.load32_splat(LOG1P, 4), e, v128.load32_splat(LOG1P, 0));
  const q23 = madd(v128.load32_splat(LOG1P, 12), e, v128.load32_splat(LOG1P, 8));
  const q45 = madd(v128.load32_splat(LOG1P, 20), e, v128.load32_splat(LOG1P, 16));
  const q67 = madd(v128.load32_splat(LOG1P, 28), e, v128.load32_splat(LOG1P, 24));
  const q89 = madd(v128.load32_splat(LOG1P, 36), e, v128.load32_splat(LOG1P, 32));
  const q03 = madd(e2, q23, q01);
  const q47 = madd(e2, q67, q45);
  const q = madd(e4, madd(e4, q89, q47), q03);
  return f32x4.sub(e, f32x4.mul(e2, q));
}
