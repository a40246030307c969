import { madd } from "./fma";
import { exponent, unscaled } from "./log";

/** atanh(s) = s + s³·p(s²), p of degree 5, minimax for |s| ≤ ½, relative error 0.024·2^-24. */
// biome-ignore format: one constant a line
const P: usize = memory.data<f32>([
  0.33333301544189453, // 0x3eaaaaa0
  0.2000245451927185, // 0x3e4cd33c
  0.14223742485046387, // 0x3e11a6b0
  0.11816822737455368, // 0x3df2022f
  0.0515858493745327, // 0x3d534baf
  0.1764066070318222, // 0x3e34a3ef
  1,
  2,
  0.25,
  0.693145751953125, // 0x3f317200  ln 2, upper 16 bits
  0.0000014286067653302161, // 0x35bfbe8e  ln 2 less the above
], 16);

/**
 * log(p/(1 − p)) for a normal p below 1, four at a time, given odds = p/(1 − p) as rounded. It is 2·atanh(s), with an s that
 * doesn't cancel near p = ½:
 *
 *   ¼ ≤ p ≤ ¾: s = 2p − 1, exact
 *   else:      k·ln 2 + 2·atanh(s), s = (m − 1)/(m + 1), with odds = 2^k·m, m in [√½, √2)
 */
export function logOdds(p: v128, odds: v128): v128 {
  const one = v128.load32_splat(P, 24);
  const middle = f32x4.sub(f32x4.add(p, p), one);
  const near = f32x4.le(f32x4.mul(middle, middle), v128.load32_splat(P, 32));
  const k = exponent(odds);
  const f = f32x4.sub(unscaled(odds, k), one);
  const s = v128.bitselect(middle, f32x4.div(f, f32x4.add(f, v128.load32_splat(P, 28))), near);
  const count = v128.andnot(f32x4.convert_i32x4_s(k), near);
  const y = f32x4.mul(s, s);
  const y2 = f32x4.mul(y, y);
  const p01 = madd(v128.load32_splat(P, 4), y, v128.load32_splat(P, 0));
  const p23 = madd(v128.load32_splat(P, 12), y, v128.load32_splat(P, 8));
  const p45 = madd(v128.load32_splat(P, 20), y, v128.load32_splat(P, 16));
  const q = madd(y2, madd(y2, p45, p23), p01);
  const d = f32x4.add(s, s);
  const low = madd(count, v128.load32_splat(P, 40), f32x4.mul(f32x4.mul(d, y), q));
  return madd(count, v128.load32_splat(P, 36), f32x4.add(d, low));
}
