import { madd, nmadd } from "./fma";

/**
 * exp(d)·2^shift in float32, four at a time.
 *
 *   n = round(d / ln 2),  t = d − n·ln 2,  |t| ≤ ln 2 / 2              (Cody and Waite, two-part ln 2)
 *   exp(d)·2^shift = (1 + (t + t²·q(t))) · 2^(n + shift)
 *
 * The relative error before the scaling is at most 1.28·2^-24 for |d| ≤ 432, by exhaustion (npm run verify:exhaustive).
 *
 * To round d / ln 2, a large constant is added (ROUND + 127 + shift, see ROUND): n + shift + 127 is then in the low bits of
 * the sum, where one left shift by 23 turns it into the float 2^(n + shift). So a caller chooses the shift by choosing the
 * constant. It keeps n + shift + 127 within [0, 254]; at 0 the power is exactly 0, and so is the result.
 *
 * A kernel loads the constants into locals before its loop: engines rebuild a literal on every turn (up to 2.4 times
 * slower). Where there are too many locals, the loads stay in the loop; they are of the address EXP + 4, not of EXP at offset
 * 4: JavaScriptCore loads and splats in one instruction only where there is no offset.
 */
// biome-ignore format: one constant a line
export const EXP: usize = memory.data<f32>([
  1.4426950216293335,     // 0x3fb8aa3b  1 / ln 2
  0.693115234375,         // 0x3f317000  ln 2, upper 14 bits: n times it is exact for |n| < 1024
  -0.00003194618329871446, // 0xb805fdf4  the above less ln 2
  0.4999999403953552,     // q, degree 0..4: minimax on |t| ≤ ln 2 / 2 with weight t² / exp(t),
  0.16666516661643982,    // error 0.054·2^-24 with these rounded coefficients
  0.04166810214519501,
  0.00836919154971838,
  0.0013838871382176876,
  2.3283064365386963e-10, // 2^-32
  12583071,               // ROUND + 127 + 32: scaledExp makes the result 2^32 times too large
  12583037,               // ROUND + 127 − 2: a quarter of the result
  -110.20980834960938,    // −159·ln 2: n + 32 + 127 is 0
], 16);
const DOWN: usize = EXP + 32;
const ROUND_LIFTED: usize = EXP + 36;
const ROUND_LOWERED: usize = EXP + 40;
const FLOOR: usize = EXP + 44;

/** 1.5·2^23: a float in [2^23, 2^24) has no fraction, so adding this rounds to an integer, found in the low bits of the sum. */
export const ROUND: f32 = 12582912;

/** The formula above; `round`: ROUND + 127 + shift, the rest EXP's first eight constants. */
export function scaledExp(
  d: v128,
  round: v128,
  log2e: v128,
  ln2Hi: v128,
  minusLn2Lo: v128,
  q0: v128,
  q1: v128,
  q2: v128,
  q3: v128,
  q4: v128,
): v128 {
  const z = madd(d, log2e, round);
  const n = f32x4.sub(z, round);
  const power = i32x4.shl(z, 23);
  const high = nmadd(n, ln2Hi, d);
  // The low part of n·ln 2 joins the small term, where its rounding costs a tenth of what it costs next to `high`.
  const low = f32x4.mul(n, minusLn2Lo);
  const t = f32x4.add(high, low);
  return madd(power, f32x4.add(high, expTail(t, low, q0, q1, q2, q3, q4)), power);
}

/** t²·q(t) + low, the part of exp(t) − 1 behind the high part of t. */
export function expTail(t: v128, low: v128, q0: v128, q1: v128, q2: v128, q3: v128, q4: v128): v128 {
  const t2 = f32x4.mul(t, t);
  const q = madd(t2, madd(t2, q4, madd(q3, t, q2)), madd(q1, t, q0));
  return madd(t2, q, low);
}

/** exp(−x)·2^shift, with the bits of scaledExp(−x). A loop that flipped the sign first would need one more constant. */
export function scaledExpMinus(
  x: v128,
  round: v128,
  log2e: v128,
  ln2Hi: v128,
  minusLn2Lo: v128,
  q0: v128,
  q1: v128,
  q2: v128,
  q3: v128,
  q4: v128,
): v128 {
  const z = nmadd(x, log2e, round);
  const n = f32x4.sub(z, round);
  const power = i32x4.shl(z, 23);
  const minusHigh = madd(n, ln2Hi, x);
  const low = f32x4.mul(n, minusLn2Lo);
  const t = f32x4.sub(low, minusHigh);
  return madd(power, f32x4.sub(expTail(t, low, q0, q1, q2, q3, q4), minusHigh), power);
}

/** As scaledExp, for loops that leave the constants in memory: simpler, and a few percent slower. */
export function scaledExpOf(d: v128, round: v128): v128 {
  return scaledExp(
    d,
    round,
    v128.load32_splat(EXP),
    v128.load32_splat(EXP + 4),
    v128.load32_splat(EXP + 8),
    v128.load32_splat(EXP + 12),
    v128.load32_splat(EXP + 16),
    v128.load32_splat(EXP + 20),
    v128.load32_splat(EXP + 24),
    v128.load32_splat(EXP + 28),
  );
}

/**
 * exp(−x) for x ≥ 0, with subnormal results rounded once: it is made 2^32 times too large, and the one factor 2^-32 rounds.
 * From x = 104 on it is 0; the power of two ends at the floor, −159·ln 2.
 */
export function expMinus(x: v128): v128 {
  // pmax with the value first propagates a NaN.
  const d = f32x4.pmax(f32x4.neg(x), v128.load32_splat(FLOOR));
  return f32x4.mul(scaledExpOf(d, v128.load32_splat(ROUND_LIFTED)), v128.load32_splat(DOWN));
}

/**
 * exp(x) over all of float32: made 2^32 times too large for x < 0, and a quarter for x ≥ 0, so that no power of two overflows
 * before the last product.
 */
export function exp(x: v128): v128 {
  const negative = f32x4.lt(x, f32x4.splat(0));
  const round = v128.bitselect(v128.load32_splat(ROUND_LIFTED), v128.load32_splat(ROUND_LOWERED), negative);
  const factor = v128.bitselect(v128.load32_splat(DOWN), f32x4.splat(4), negative);
  const d = f32x4.pmin(f32x4.pmax(x, v128.load32_splat(FLOOR)), f32x4.splat(89));
  return f32x4.mul(scaledExpOf(d, round), factor);
}
