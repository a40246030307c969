import { expMinuses, expMinusSizes } from "./math/exp-pass";
import { loadLanes, storeLanes } from "./math/lanes";
import { LOG1P, log1pUnit } from "./math/log1p";
import { joinOdds, reduceOdds } from "./math/logit";
import { BLOCK } from "./math/sum";

/**
 * The sigmoid and its kin, element by element. x, out: n floats, out may be x; e: scratch, 2·BLOCK + 4 floats. No difference
 * of near values is formed. The classes only name a function: they choose it at compile time, so that all share one walk.
 */
class Sigmoid {}
class Softplus {}
class LogSigmoid {}
class Logit {}

/** σ(x) = 1/(1 + exp(−x)) = c/(c + c·exp(−x)), c = 2^-32: where σ is subnormal, c·exp(−x) is still finite. */
export function sigmoid(x: usize, out: usize, n: usize, e: usize): void {
  map<Sigmoid>(x, out, n, e);
}

/** softplus(x) = log(1 + exp(x)) = max(x, 0) + log(1 + exp(−|x|)). */
export function softplus(x: usize, out: usize, n: usize, e: usize): void {
  map<Softplus>(x, out, n, e);
}

/** logSigmoid(x) = log σ(x) = −softplus(−x). */
export function logSigmoid(x: usize, out: usize, n: usize, e: usize): void {
  map<LogSigmoid>(x, out, n, e);
}

/** logit(p) = log(p/(1 − p)), the inverse of σ. */
export function logit(x: usize, out: usize, n: usize, e: usize): void {
  map<Logit>(x, out, n, e);
}

function map<F>(x: usize, out: usize, n: usize, e: usize): void {
  const rest = n & 3;
  const whole = n - rest;
  for (let i: usize = 0; i < whole; i += BLOCK) block<F>(x + (i << 2), out + (i << 2), min(whole - i, BLOCK), e);
  if (rest === 0) return;
  const room = e + (BLOCK << 3);
  v128.store(room, loadLanes(x + (whole << 2), rest, f32x4.splat(0)));
  block<F>(room, room, 4, e);
  storeLanes(out + (whole << 2), rest, v128.load(room));
}

function block<F>(x: usize, out: usize, n: usize, e: usize): void {
  if (idof<F>() === idof<Sigmoid>()) {
    expMinuses(x, out, n);
    reciprocals(out, n);
  } else if (idof<F>() === idof<Logit>()) {
    reduceOdds(x, e, e + (BLOCK << 2), n);
    joinOdds(x, e, e + (BLOCK << 2), out, n);
  } else {
    expMinusSizes(x, e, n);
    logarithms<F>(x, e, out, n);
  }
}

/** c/(c + e) */
function reciprocals(e: usize, n: usize): void {
  const factor = v128.load32_splat(FACTOR);
  for (const end = e + (n << 2); e < end; e += 16) {
    v128.store(e, f32x4.div(factor, f32x4.add(factor, v128.load(e))));
  }
}

/** max(x, 0) + log(1 + e), or −(max(−x, 0) + log(1 + e)) */
function logarithms<F>(x: usize, e: usize, out: usize, n: usize): void {
  const zero = f32x4.splat(0);
  const minusZero = v128.load32_splat(FACTOR, 4);
  const lower = v128.load32_splat(FACTOR, 8);
  const half = v128.load32_splat(LOG1P, 0);
  const one = v128.load32_splat(LOG1P, 4);
  const q0 = v128.load32_splat(LOG1P, 8);
  const q1 = v128.load32_splat(LOG1P, 12);
  const q2 = v128.load32_splat(LOG1P, 16);
  const ln2Hi = v128.load32_splat(LOG1P, 20);
  const ln2Lo = v128.load32_splat(LOG1P, 24);
  for (const end = x + (n << 2); x < end; x += 16, e += 16, out += 16) {
    const small = log1pUnit(f32x4.mul(v128.load(e), lower), half, one, q0, q1, q2, ln2Hi, ln2Lo);
    if (idof<F>() === idof<LogSigmoid>()) v128.store(out, f32x4.sub(f32x4.pmin(minusZero, v128.load(x)), small));
    else v128.store(out, f32x4.add(f32x4.pmax(zero, v128.load(x)), small));
  }
}

const FACTOR: usize = memory.data<f32>([2.3283064365386963e-10, -0.0, 1.262177448353619e-29], 16); // 2^-32, −0, 2^-96
