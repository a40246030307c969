import { madd } from "./fma";
import { exponent, joinLog, logLimits, logTail, unscaled } from "./log";

/**
 * log(1 + e) = e − e²·q(e) for 0 ≤ e ≤ 1, four at a time; q of degree 9, minimax, relative error 0.026·2^-24.
 * Constants are loaded where they are used: ten more in locals would only be spilled to the stack.
 */
// biome-ignore format: one constant a line
const Q: usize = memory.data<f32>([
  0.49999988079071045, // 0x3efffffc
  -0.33332714438438416, // 0xbeaaa9db
  0.24988871812820435, // 0x3e7fe2d4
  -0.198997363448143, // 0xbe4bc5f7
  0.16135865449905396, // 0x3e253b34
  -0.12481893599033356, // 0xbdffa112
  0.08328672498464584, // 0x3daa923b
  -0.04217105358839035, // 0xbd2cbb8e
  0.013726967386901379, // 0x3c60e713
  -0.0020936294458806515, // 0xbb093546
], 16);

export function log1pUnit(e: v128): v128 {
  const e2 = f32x4.mul(e, e);
  const e4 = f32x4.mul(e2, e2);
  const q01 = madd(v128.load32_splat(Q, 4), e, v128.load32_splat(Q, 0));
  const q23 = madd(v128.load32_splat(Q, 12), e, v128.load32_splat(Q, 8));
  const q45 = madd(v128.load32_splat(Q, 20), e, v128.load32_splat(Q, 16));
  const q67 = madd(v128.load32_splat(Q, 28), e, v128.load32_splat(Q, 24));
  const q89 = madd(v128.load32_splat(Q, 36), e, v128.load32_splat(Q, 32));
  const q = madd(e4, madd(e4, q89, madd(e2, q67, q45)), madd(e2, q23, q01));
  return f32x4.sub(e, f32x4.mul(e2, q));
}

/**
 * log(1 + e) for 0 ≤ e ≤ 1, within 1 ULP: above ½ as ln 2 + log(1 + (e − 1)/2), where the polynomial above would add
 * roundings of the size of its largest term. It costs a third more.
 */
export function log1pExact(e: v128): v128 {
  const half = f32x4.splat(0.5);
  const upper = f32x4.ge(e, half);
  const f = v128.bitselect(f32x4.mul(f32x4.sub(e, f32x4.splat(1)), half), e, upper);
  return joinLog(v128.and(f32x4.splat(1), upper), f, logTail(f));
}

/**
 * log(1 + x) over all of float32. Where u = 1 + x reduces to k = 0, f is x itself; elsewhere what u lost in rounding
 * comes back as (1 + x − u)/u.
 */
export function log1p(x: v128): v128 {
  const one = f32x4.splat(1);
  const u = f32x4.add(one, x);
  const k = exponent(u);
  const near = i32x4.eq(k, i32x4.splat(0));
  const lost = v128.bitselect(f32x4.sub(one, f32x4.sub(u, x)), f32x4.sub(x, f32x4.sub(u, one)), f32x4.ge(x, one));
  const f = v128.bitselect(x, f32x4.sub(unscaled(u, k), one), near);
  const correction = v128.andnot(f32x4.div(lost, u), near);
  return logLimits(u, joinLog(f32x4.convert_i32x4_s(k), f, f32x4.add(logTail(f), correction)));
}
