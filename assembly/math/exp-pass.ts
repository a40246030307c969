import { EXP, scaledExp } from "./exp";

/**
 * The exponentials of a block as a pass of its own, for loops that go on computing with them. Measured: two short loops
 * are 1.4 times faster than one that does both, whose chain of operations is longer than a processor looks ahead.
 *
 * x, out: n floats, n a multiple of 4; out may be x. The classes only name what is computed.
 */
class MinusSize {}
class Minus {}

/**
 * exp(−|x|)·2^96: a normal number wherever exp(−|x|), times any factor up to 2^73, rounds to anything but 0; and 0 for
 * x = ±Infinity.
 */
export function expMinusSizes(x: usize, out: usize, n: usize): void {
  pass<MinusSize>(x, out, n);
}

/** exp(−x)·2^-32 for x in [−105, 40], and the value at the nearer end elsewhere. */
export function expMinuses(x: usize, out: usize, n: usize): void {
  pass<Minus>(x, out, n);
}

// biome-ignore format: one constant a line
const LIMITS: usize = memory.data<f32>([
  -0.0,
  12583007, // ROUND + 127 − 32
  -40,
  105,
  12583135, // ROUND + 127 + 96
  -154.5718231201172, // −223·ln 2
], 16);

function pass<K>(x: usize, out: usize, n: usize): void {
  const minus = idof<K>() === idof<Minus>();
  const sign = v128.load32_splat(LIMITS, 0);
  const round = minus ? v128.load32_splat(LIMITS, 4) : v128.load32_splat(LIMITS, 16);
  const floor = minus ? v128.load32_splat(LIMITS, 8) : v128.load32_splat(LIMITS, 20);
  const ceiling = v128.load32_splat(LIMITS, 12);
  const log2e = v128.load32_splat(EXP, 0);
  const ln2Hi = v128.load32_splat(EXP, 4);
  const ln2Lo = v128.load32_splat(EXP, 8);
  const q0 = v128.load32_splat(EXP, 12);
  const q1 = v128.load32_splat(EXP, 16);
  const q2 = v128.load32_splat(EXP, 20);
  const q3 = v128.load32_splat(EXP, 24);
  const q4 = v128.load32_splat(EXP, 28);
  const end = x + (n << 2);
  for (const last = x + ((n >> 4) << 6); x < last; x += 64, out += 64) {
    const d0 = argument<K>(v128.load(x), sign, floor, ceiling);
    const d1 = argument<K>(v128.load(x, 16), sign, floor, ceiling);
    const d2 = argument<K>(v128.load(x, 32), sign, floor, ceiling);
    const d3 = argument<K>(v128.load(x, 48), sign, floor, ceiling);
    const e0 = scaledExp(d0, round, log2e, ln2Hi, ln2Lo, q0, q1, q2, q3, q4);
    const e1 = scaledExp(d1, round, log2e, ln2Hi, ln2Lo, q0, q1, q2, q3, q4);
    const e2 = scaledExp(d2, round, log2e, ln2Hi, ln2Lo, q0, q1, q2, q3, q4);
    const e3 = scaledExp(d3, round, log2e, ln2Hi, ln2Lo, q0, q1, q2, q3, q4);
    v128.store(out, e0);
    v128.store(out, e1, 16);
    v128.store(out, e2, 32);
    v128.store(out, e3, 48);
  }
  for (; x < end; x += 16, out += 16) {
    const d = argument<K>(v128.load(x), sign, floor, ceiling);
    v128.store(out, scaledExp(d, round, log2e, ln2Hi, ln2Lo, q0, q1, q2, q3, q4));
  }
}

/** −x or −|x| within its limits; pmax and pmin with the value first hand a NaN on. */
function argument<K>(x: v128, sign: v128, floor: v128, ceiling: v128): v128 {
  if (idof<K>() === idof<Minus>()) return f32x4.pmin(f32x4.pmax(v128.xor(x, sign), floor), ceiling);
  return f32x4.pmax(v128.or(x, sign), floor);
}
