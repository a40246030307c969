import { madd } from "./fma";

/**
 * 2·atanh(s) = log((1 + s)/(1 − s)) for |s| ≤ ½, four at a time: 2s + 2s³·p(s²), p of degree 5, minimax, relative error
 * 0.024·2^-24.
 */
// biome-ignore format: one constant a line
const P: usize = memory.data<f32>([
  0.33333301544189453, // 0x3eaaaaa0
  0.2000245451927185, // 0x3e4cd33c
  0.14223742485046387, // 0x3e11a6b0
  0.11816822737455368, // 0x3df2022f
  0.0515858493745327, // 0x3d534baf
  0.1764066070318222, // 0x3e34a3ef
], 16);

export function atanhTwice(s: v128): v128 {
  const y = f32x4.mul(s, s);
  const y2 = f32x4.mul(y, y);
  const p01 = madd(v128.load32_splat(P, 4), y, v128.load32_splat(P, 0));
  const p23 = madd(v128.load32_splat(P, 12), y, v128.load32_splat(P, 8));
  const p45 = madd(v128.load32_splat(P, 20), y, v128.load32_splat(P, 16));
  const p = madd(y2, madd(y2, p45, p23), p01);
  const d = f32x4.add(s, s);
  return madd(f32x4.mul(d, y), p, d);
}
