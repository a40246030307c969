import { madd } from "./fma";
import { exponent, log, unscaled } from "./log";

/**
 * logit(p) = log(p/(1 − p)) as k·ln 2 + 2·atanh(s), with an s that doesn't cancel near p = ½:
 *
 *   ¼ ≤ p ≤ ¾: k = 0, s = 2p − 1, exact
 *   else:      s = (m − 1)/(m + 1), where p/(1 − p) = 2^k·m with m in [√½, √2); k is never 0 here
 *
 * In two passes over a block: a loop that did both would be a chain longer than a processor looks ahead.
 *
 * atanh(s) = s + s³·q(s²), q of degree 5, minimax for |s| ≤ ½, relative error 0.024·2^-24.
 */
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
  1.1754943508222875e-38, // the smallest normal number
], 16);
const ONE: usize = P + 24;
const TWO: usize = P + 28;
const QUARTER: usize = P + 32;
const LN2_HIGH: usize = P + 36;
const LN2_LOW: usize = P + 40;
const SMALLEST: usize = P + 44;

/** The bits of the smallest normal number, and of 1. */
const NORMAL_BITS: i32 = 0x00800000;
const ONE_BITS: i32 = 0x3f800000;

/**
 * The first pass: stores s and k, as floats, of n floats p; n a multiple of 4. Returns whether any p is not a normal number
 * below 1: what is stored for those means nothing, and limitOdds is to replace their logits.
 */
export function reduceOdds(p: usize, s: usize, k: usize, n: usize): bool {
  const normal = i32x4.splat(NORMAL_BITS);
  let most = i32x4.splat(0);
  const one = v128.load32_splat(ONE);
  const two = v128.load32_splat(TWO);
  const quarter = v128.load32_splat(QUARTER);
  for (const end = p + (n << 2); p < end; p += 16, s += 16, k += 16) {
    const x = v128.load(p);
    most = i32x4.max_u(most, i32x4.sub(x, normal));
    const middle = f32x4.sub(f32x4.add(x, x), one);
    const near = f32x4.le(f32x4.mul(middle, middle), quarter);
    const odds = f32x4.div(x, f32x4.sub(one, x));
    const i = exponent(odds);
    const f = f32x4.sub(unscaled(odds, i), one);
    v128.store(s, v128.bitselect(middle, f32x4.div(f, f32x4.add(f, two)), near));
    v128.store(k, v128.andnot(f32x4.convert_i32x4_s(i), near));
  }
  return v128.any_true(i32x4.ge_u(most, i32x4.splat(ONE_BITS - NORMAL_BITS)));
}

/** The second pass: stores the logits, given s and k; out may be p. */
export function joinOdds(p: usize, s: usize, k: usize, out: usize, n: usize): void {
  const p0 = v128.load32_splat(P);
  const p1 = v128.load32_splat(P + 4);
  const p2 = v128.load32_splat(P + 8);
  const p3 = v128.load32_splat(P + 12);
  const p4 = v128.load32_splat(P + 16);
  const p5 = v128.load32_splat(P + 20);
  const one = v128.load32_splat(ONE);
  const ln2Hi = v128.load32_splat(LN2_HIGH);
  const ln2Lo = v128.load32_splat(LN2_LOW);
  for (const end = p + (n << 2); p < end; p += 16, s += 16, k += 16, out += 16) {
    const x = v128.load(p);
    const count = v128.load(k);
    const part = v128.load(s);
    const y = f32x4.mul(part, part);
    const y2 = f32x4.mul(y, y);
    const q = madd(y2, madd(y2, madd(p5, y, p4), madd(p3, y, p2)), madd(p1, y, p0));
    const d = f32x4.add(part, part);
    // What 1 − p lost in rounding, which is nearly what log(1 − p) did: p is small where it lost anything.
    const rest = f32x4.sub(one, x);
    const lost = v128.and(f32x4.sub(f32x4.sub(one, rest), x), f32x4.ne(count, f32x4.splat(0)));
    const low = madd(count, ln2Lo, f32x4.sub(f32x4.mul(f32x4.mul(d, y), q), lost));
    v128.store(out, madd(count, ln2Hi, f32x4.add(d, low)));
  }
}

/**
 * Replaces the logits of 0, 1, subnormal numbers and what is no probability. A pass of its own, since log is a call, and a loop
 * with a call in it can't keep its constants in registers.
 */
export function limitOdds(p: usize, out: usize, n: usize): void {
  const one = v128.load32_splat(ONE);
  const smallest = v128.load32_splat(SMALLEST);
  for (const end = p + (n << 2); p < end; p += 16, out += 16) {
    const x = v128.load(p);
    const inside = v128.and(f32x4.ge(x, smallest), f32x4.lt(x, one));
    if (v128.all_true<i32>(inside)) continue;
    v128.store(out, v128.bitselect(v128.load(out), log(f32x4.div(x, f32x4.sub(one, x))), inside));
  }
}
