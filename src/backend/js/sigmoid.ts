import { BLOCK } from "../backend.js";
import { unscaled } from "./math/bits.js";
import { liftedExp, loweredExp } from "./math/exp-pass.js";
import { exponent, log } from "./math/log.js";
import { log1pUnit } from "./math/log1p.js";
import { joinOdds } from "./math/logit.js";
import type { Memory } from "./memory.js";

/** The sigmoid and its kin, element by element: assembly/sigmoid.ts has the formulas and the contract. */
const { fround } = Math;

const C = 2 ** -32;
const UNLIFT = 2 ** -96;
const MOST = 2 ** 94;
const LIFTED = 2 ** 117;
const LEAST = 2 ** -149;
const SMALLEST_NORMAL = 1.1754943508222875e-38;

export function sigmoid(memory: Memory, x: number, out: number, n: number): void {
  const { f32 } = memory;
  const from = x >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) f32[to + i] = sigmoidOf(f32[from + i]);
}

function sigmoidOf(x: number): number {
  const e = loweredExp(x);
  const sum = fround(C + e);
  // A subnormal result is rounded twice.
  return e > MOST ? fround(fround(LIFTED / sum) * LEAST) : fround(C / sum);
}

export function softplus(memory: Memory, x: number, out: number, n: number, e: number): void {
  logarithms(memory, x, out, n, e, 1);
}

export function logSigmoid(memory: Memory, x: number, out: number, n: number, e: number): void {
  logarithms(memory, x, out, n, e, -1);
}

/** sign·softplus(sign·x), in two passes: one would be a chain longer than a processor looks ahead (measured: twice the time). */
function logarithms({ f32 }: Memory, x: number, out: number, n: number, e: number, sign: number): void {
  const from = x >>> 2;
  const to = out >>> 2;
  const es = e >>> 2;
  for (let start = 0; start < n; start += BLOCK) {
    const end = Math.min(start + BLOCK, n);
    for (let i = start; i < end; i++) f32[es + i - start] = liftedExp(f32[from + i]) * UNLIFT;
    for (let i = start; i < end; i++) {
      f32[to + i] = sign * (Math.max(0, sign * f32[from + i]) + log1pUnit(f32[es + i - start]));
    }
  }
}

/** All in the loop: a function of one float V8 inlines at some times and not at others (measured: twice the time where it doesn't). */
export function logit({ f32 }: Memory, x: number, out: number, n: number): void {
  const from = x >>> 2;
  const to = out >>> 2;
  for (let i = 0; i < n; i++) {
    const p = f32[from + i];
    const rest = fround(1 - p);
    const odds = fround(p / rest);
    let s = fround(p + p - 1);
    let k = 0;
    let lost = 0;
    if (Math.abs(s) > 0.5) {
      k = exponent(odds);
      const f = unscaled(odds, k) - 1; // exact
      s = fround(f / fround(f + 2));
      lost = 1 - rest - p; // exact
    }
    // fround says that it is a number, where log isn't inlined.
    f32[to + i] = p >= SMALLEST_NORMAL && p < 1 ? joinOdds(s, k, lost) : fround(log(odds));
  }
}
