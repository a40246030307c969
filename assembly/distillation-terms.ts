import { exp } from "./math/scalar";

/**
 * The terms of the divergence of two softmaxes, p the teacher's and q the student's.
 *
 * With u = log(p/q), Σ p·u has terms of both signs, which cancel where student and teacher nearly agree: there u ≈ ±ε, and
 * the sum ≈ ε²/2. But p and q both sum to 1. So q − p may be added to each term, and then none is below 0:
 *
 *   KL = Σ p·u = Σ (p·u + q − p) = Σ p·φ(u),  φ(u) = u + exp(−u) − 1
 *
 * An error of p counts in proportion. u is g − c, g = (y − max y) − (x − max x), rounded in float64, and
 * c = log Σ exp(y − max y) − log Σ exp(x − max x). That has an error from the exponentials, but one for all classes: as a
 * function of c, Σ p·φ(g − c) is least at the true one, where its slope Σ (p·exp(−u) − p) = Σ (q − p) is 0. So to first order
 * the error of c doesn't count at all. What it counts to second order, c's distance from the least sum, is in lossesOf.
 */

/** Below this a difference of the logarithms may be but their error, and 0 does as well: equal logits then have u = 0. */
const EVEN: f64 = 4.76837158203125e-7; // 2^-21
/** Probabilities below this count as this: a stored exponential may be 0, but q = p·exp(−u) is not to be. */
const LEAST: f64 = 6.223015277861142e-61; // 2^-200
const LOG_LEAST: f64 = -138.62943611198907;
/** The least factor of a block: LEAST divided by it is finite. Under it all of the block is below LEAST. */
const LEAST_FACTOR: f64 = 1.90109156629516e-211; // 2^-700
/** From here on p·u counts though p is below LEAST. */
const FAR: f64 = 4096;
/** c is less: the sums are from 1 to the number of classes. */
const MOST_OFFSET: f64 = 64;
/** Sums above this lose nothing by an error of c. */
const NEAR: f64 = 0.0009765625; // 2^-10

// biome-ignore format: one constant a line
const P: usize = memory.data<f64>([
  -1.4426950408889634, // −1/ln 2
  6755399441055744, // 1.5·2^52: a sum with it is rounded to an integer, which then stands in its low bits
  -0.6931471805599453, // −ln 2
  40, // exp(−40) is nothing beside 40
], 16);

/** The constants of phi, for locals before a loop: it takes them in this order. */
// biome-ignore format: one constant a line
export const PHI: usize = memory.data<f64>([
  0.5,
  0.16666666529632318, // q, degree 0 to 4
  0.0416665125741122,
  0.008333367191626527,
  0.0013930391906135876,
  0.00019851878698311508,
  1,
], 16);

/**
 * φ(u) of two, in three steps, each so short that it is inlined:
 *
 *   const n = powerOf(u)
 *   phi(u, n, reducedOf(u, n), …)
 *
 * −u = n·ln 2 + t and exp(t) = 1 + t + t²·(½ + t·q(t)), hence
 *
 *   φ(u) = 2^n·t²·(½ + t·q(t)) + (2^n·(1 + t) − (1 − u))
 *
 * For n = 0, near u = 0, what stands in the last brackets is exactly 0. q is minimax of degree 4 for |t| ≤ ln 2/2; relative
 * error of exp(t) − 1 − t: 0.055·2^-24. u is above −700, or NaN.
 */
export function phi(
  u: v128,
  n: v128,
  t: v128,
  half: v128,
  q0: v128,
  q1: v128,
  q2: v128,
  q3: v128,
  q4: v128,
  one: v128,
): v128 {
  const t2 = f64x2.mul(t, t);
  const a = f64x2.add(half, f64x2.mul(t, q0));
  const b = f64x2.add(q1, f64x2.mul(t, q2));
  const c = f64x2.add(q3, f64x2.mul(t, q4));
  const square = f64x2.mul(t2, f64x2.add(a, f64x2.mul(t2, f64x2.add(b, f64x2.mul(t2, c)))));
  const power = i64x2.add(i64x2.shl(n, 52), one);
  const line = f64x2.sub(f64x2.mul(power, f64x2.add(one, t)), f64x2.sub(one, u));
  return f64x2.add(f64x2.mul(power, square), line);
}

/** As phi, for loops that leave the constants in memory. */
export function phiOf(u: v128, n: v128, t: v128): v128 {
  return phi(
    u,
    n,
    t,
    v128.load64_splat(PHI),
    v128.load64_splat(PHI + 8),
    v128.load64_splat(PHI + 16),
    v128.load64_splat(PHI + 24),
    v128.load64_splat(PHI + 32),
    v128.load64_splat(PHI + 40),
    v128.load64_splat(PHI + 48),
  );
}

/** 1.5·2^52 + n: its low bits are n. */
export function powerOf(u: v128): v128 {
  const most = f64x2.pmin(u, v128.load64_splat(P + 24));
  return f64x2.add(f64x2.mul(most, v128.load64_splat(P)), v128.load64_splat(P + 8));
}

/** t, given powerOf(u). */
export function reducedOf(u: v128, n: v128): v128 {
  const most = f64x2.pmin(u, v128.load64_splat(P + 24));
  return f64x2.sub(f64x2.mul(f64x2.sub(n, v128.load64_splat(P + 8)), v128.load64_splat(P + 16)), most);
}

/** c, given both logarithms. */
export function offsetOf(logY: f64, logX: f64): f64 {
  const c = logY - logX;
  return abs(c) < EVEN ? 0 : c;
}

/** offsetOf for two. */
export function offsetsOf(logY: v128, logX: v128): v128 {
  const c = f64x2.sub(logY, logX);
  return v128.andnot(c, f64x2.lt(f64x2.abs(c), f64x2.splat(EVEN)));
}

/** What the sums of a block are multiplied by, given its factor. */
export function factorOf(factor: f64): f64 {
  return max(factor, LEAST_FACTOR);
}

/** LEAST in the units of stored exponentials with this factor. */
export function leastOf(factor: v128): v128 {
  return f64x2.div(f64x2.splat(LEAST), factor);
}

/** What y − maxY is where p is LEAST. */
export function leastGapOf(logY: v128): v128 {
  return f64x2.add(logY, f64x2.splat(LOG_LEAST));
}

/** u of two, that of p = LEAST where p is less; and of those 0 where it would be above: they count by `far`, or not. */
export function logRatio(gapX: v128, gapY: v128, c: v128, floor: v128): v128 {
  const u = f64x2.sub(f64x2.sub(f64x2.pmax(gapY, floor), gapX), c);
  return v128.bitselect(f64x2.pmin(u, f64x2.splat(0)), u, f64x2.lt(gapY, floor));
}

/** Whether there may be anything for `far`, given the largest gapY − gapX, which is u + c, of some classes. */
export function isFar(most: v128): bool {
  return v128.any_true(f64x2.gt(most, f64x2.splat(FAR - MOST_OFFSET)));
}

/**
 * Σ p·u/LEAST of the classes of p below LEAST whose u is so large that it counts nevertheless: where the student's logits are
 * very far apart. Infinity where the teacher has mass, however little, and the student none. Logits are `step` bytes apart;
 * of the vectors the lower lanes count.
 */
export function far(x: usize, y: usize, step: usize, n: usize, maxX: v128, maxY: v128, c: v128, floor: v128): f64 {
  const least = f64x2.extract_lane(floor, 0);
  let sum: f64 = 0;
  for (; n > 0; n--, x += step, y += step) {
    const gapY = <f64>load<f32>(y) - f64x2.extract_lane(maxY, 0);
    const u = gapY - (<f64>load<f32>(x) - f64x2.extract_lane(maxX, 0)) - f64x2.extract_lane(c, 0);
    if (gapY < least && u > FAR) sum += u === Infinity ? u : u * exp(gapY - least);
  }
  return sum;
}

/** The loss, given Σ p·φ(u) and Σ p·u. */
export function lossOf(sum: f64, mean: f64): f64 {
  const loss = f64x2.splat(sum);
  return f64x2.extract_lane(lossesOf(loss, f64x2.splat(mean)), 0);
}

/**
 * lossOf two. With r = Σ (p·exp(−u) − p), the difference of the sums, c + log(1 + r) would have made r 0 and the sum
 * r − log(1 + r) = r²/2 − r³/3 + … less. 0 where rounding left it below.
 */
export function lossesOf(sum: v128, mean: v128): v128 {
  const r = f64x2.sub(sum, mean);
  const third = f64x2.mul(r, f64x2.splat(0.3333333333333333));
  const least = f64x2.sub(sum, f64x2.mul(f64x2.mul(r, r), f64x2.sub(f64x2.splat(0.5), third)));
  const loss = v128.bitselect(least, sum, f64x2.lt(sum, f64x2.splat(NEAR)));
  return f64x2.max(loss, f64x2.splat(0));
}
