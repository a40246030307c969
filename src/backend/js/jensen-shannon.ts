import { bitsOf } from "./math/bits.js";
import { BLOCK } from "./math/exp-block.js";
import { logLimit, unscaled } from "./math/log.js";
import { join } from "./math/log-pass.js";
import { power2 } from "./math/scalar.js";
import type { Memory } from "./memory.js";

const { fround } = Math;

const LARGE = 2 ** 65;
const LEAST = 2 ** -120;
const NOTHING = 2 ** -36;

/** Jensen–Shannon divergence: assembly/jensen-shannon.ts has the formulas and the contract. */
export function jensenShannon(
  memory: Memory,
  p: number,
  q: number,
  grad: number,
  _e: number,
  n: number,
  scale: number,
  start: number,
): number {
  for (let i = 0; i < n; i += BLOCK) {
    const at = i * 4;
    start += 0.5 * blockOf(memory, p + at, q + at, grad ? grad + at : 0, Math.min(n - i, BLOCK), 0.5 * scale);
  }
  return start;
}

/** The lanes turn: math/sum.ts. */
function blockOf(memory: Memory, p: number, q: number, grad: number, n: number, scale: number): number {
  const { f32 } = memory;
  const ps = p >>> 2;
  const qs = q >>> 2;
  const to = grad >>> 2;
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0; i < n; i++) {
    const x = f32[ps + i];
    const y = f32[qs + i];
    const sum = a + termOf(x, y);
    if (to) f32[to + i] = slopeOf(x, y, scale);
    a = b;
    b = c;
    c = d;
    d = sum;
  }
  return a + c + (b + d);
}

function termOf(p: number, q: number): number {
  if (!(p >= 0 && q >= 0)) return Number.NaN;
  const less = Math.min(p, q);
  const more = Math.max(p, q);
  if (more === 0) return 0;
  return (less === 0 ? 0 : less * logOfLess(less, more)) + more * logOfMore(less, more);
}

function slopeOf(p: number, q: number, scale: number): number {
  if (!(p >= 0 && q >= 0)) return Number.NaN;
  if (q === 0) return p === 0 ? 0 : -Infinity * scale;
  return (q < p ? logOfLess(q, p) : logOfMore(p, q)) * scale;
}

/** log(less/m) */
function logOfLess(less: number, more: number): number {
  if (more === Infinity) return logLimit(less / more);
  const up = liftOf(less);
  const upSum = liftOf(more);
  const x = lifted(less, upSum);
  const y = lifted(more, upSum);
  const sum = fround(x + y);
  const twice = 2 * lifted(less, up);
  const gap = bitsOf(twice) - bitsOf(sum) - (up - upSum) * 2 ** 23;
  const k = Math.floor((gap + (gap < 0 ? 0x74cccc : 0x0b3333)) / 2 ** 23);
  const number = k === 0 ? 2 * x : twice;
  const t = fround(k === 0 ? x - y : twice - unscaled(sum, upSum - up - k));
  return join(fround(t / fround(2 * number - t)), k);
}

/** log(more/m) */
function logOfMore(less: number, more: number): number {
  if (more === Infinity) return Number.NaN;
  const up = liftOf(more);
  const x = lifted(less, up);
  const y = lifted(more, up);
  const far = 2 * x < y;
  const t = far ? -2 * Math.max(x, fround(y * NOTHING)) : fround(y - x);
  return join(fround(t / fround(4 * y - t)), far ? 1 : 0);
}

function liftOf(x: number): number {
  return x < LARGE ? 60 : -30;
}

/** x·2^up, as large as LEAST at least. */
function lifted(x: number, up: number): number {
  return Math.max(LEAST, fround(x * power2(up)));
}
