import { EXP, scaledExp, scaledExpMinus } from "./exp";

/**
 * The exponentials of a block as a pass of its own, for loops that go on computing with them. Measured: two short loops
 * are 1.4 times faster than one that does both, whose chain of operations is longer than a processor looks ahead.
 *
 * x, out: n floats, n a multiple of 4; out may be x. The classes only name what is computed.
 */
class Lifted {}
class Lowered {}

/**
 * exp(−|x|)·2^96: lifted, so that it is a normal number wherever exp(−|x|), times any factor up to 2^72, rounds to anything
 * but 0. 0 for x = ±Infinity.
 */
export function liftedExps(x: usize, out: usize, n: usize): void {
  pass<Lifted>(x, out, n);
}

/** exp(−x)·2^-32 for x in [−105, 40]: lowered, so that it doesn't overflow. Outside, the value at the nearer end. */
export function loweredExps(x: usize, out: usize, n: usize): void {
  pass<Lowered>(x, out, n);
}

// biome-ignore format: one constant a line
const LIMITS: usize = memory.data<f32>([
  -0.0,
  12583007, // ROUND + 127 − 32
  40,
  -105,
  12583135, // ROUND + 127 + 96
  -154.5718231201172, // −223·ln 2
], 16);

/** Two vectors a turn, as in exp-block.ts: with four JavaScriptCore takes 1.2 times as long. */
function pass<K>(x: usize, out: usize, n: usize): void {
  const lowered = idof<K>() === idof<Lowered>();
  const sign = v128.load32_splat(LIMITS);
  const round = lowered ? v128.load32_splat(LIMITS + 4) : v128.load32_splat(LIMITS + 16);
  const most = v128.load32_splat(LIMITS + 8);
  const least = lowered ? v128.load32_splat(LIMITS + 12) : v128.load32_splat(LIMITS + 20);
  const log2e = v128.load32_splat(EXP);
  const ln2Hi = v128.load32_splat(EXP + 4);
  const minusLn2Lo = v128.load32_splat(EXP + 8);
  const q0 = v128.load32_splat(EXP + 12);
  const q1 = v128.load32_splat(EXP + 16);
  const q2 = v128.load32_splat(EXP + 20);
  const q3 = v128.load32_splat(EXP + 24);
  const q4 = v128.load32_splat(EXP + 28);
  const end = x + (n << 2);
  for (const last = x + ((n >> 3) << 5); x < last; x += 32, out += 32) {
    const a = v128.load(x);
    const b = v128.load(x, 16);
    v128.store(out, expOf<K>(a, sign, least, most, round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4));
    v128.store(out, expOf<K>(b, sign, least, most, round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4), 16);
  }
  if (x < end) {
    const a = v128.load(x);
    v128.store(out, expOf<K>(a, sign, least, most, round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4));
  }
}

/** The exponential of one vector, within its limits; pmax and pmin with the value first propagate a NaN. */
function expOf<K>(
  x: v128,
  sign: v128,
  least: v128,
  most: v128,
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
  if (idof<K>() === idof<Lowered>()) {
    const d = f32x4.pmax(f32x4.pmin(x, most), least);
    return scaledExpMinus(d, round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4);
  }
  const d = f32x4.pmax(v128.or(x, sign), least);
  return scaledExp(d, round, log2e, ln2Hi, minusLn2Lo, q0, q1, q2, q3, q4);
}
