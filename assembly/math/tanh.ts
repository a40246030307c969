import { expMinus } from "./exp";
import { madd } from "./fma";
import { demote, upper } from "./lanes";

/**
 * s·tanh(x/s) in float32, four at a time; r = x/s, e = exp(−2|r|).
 *
 *   |r| < 0.6: x + x·r²·p(r²), p of degree 5, minimax, relative error 0.003·2^-24; x itself where r is tiny or underflows
 *   else:      sign(x)·s·(1 − 2e/(1 + e)), in float64 from e to 1 − …: its roundings would add up to more than 1 ULP
 */
// biome-ignore format: one constant a line
const P: usize = memory.data<f32>([
  -0.3333333134651184, // 0xbeaaaaaa
  0.1333322823047638, // 0x3e088842
  -0.053949709981679916, // 0xbd5cfa5f
  0.02171766571700573, // 0x3cb1e93f
  -0.008221675641834736, // 0xbc06b435
  0.0021860150154680014, // 0x3b0f433f
], 16);

const NEAR: f32 = 0.6;

export function scaledTanh(x: v128, s: v128): v128 {
  const r = f32x4.div(x, s);
  const magnitude = f32x4.abs(r);
  const e = expMinus(f32x4.add(magnitude, magnitude));
  const y = f32x4.mul(r, r);
  const y2 = f32x4.mul(y, y);
  const p01 = madd(v128.load32_splat(P + 4), y, v128.load32_splat(P));
  const p23 = madd(v128.load32_splat(P + 12), y, v128.load32_splat(P + 8));
  const p45 = madd(v128.load32_splat(P + 20), y, v128.load32_splat(P + 16));
  const p = madd(y2, madd(y2, p45, p23), p01);
  const near = madd(f32x4.mul(x, y), p, x);
  const low = far(f64x2.promote_low_f32x4(e));
  const high = far(f64x2.promote_low_f32x4(upper(e)));
  const value = v128.bitselect(near, f32x4.mul(s, demote(low, high)), f32x4.lt(magnitude, f32x4.splat(NEAR)));
  // The sign of x, which also keeps −0.
  return v128.bitselect(x, value, i32x4.splat(0x80000000));
}

/** 1 − 2e/(1 + e) */
function far(e: v128): v128 {
  const one = f64x2.splat(1);
  return f64x2.sub(one, f64x2.div(f64x2.add(e, e), f64x2.add(one, e)));
}
