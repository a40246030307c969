import { bitsOf } from "./bits.js";
import { logLimit, unscaled } from "./log.js";
import { join } from "./log-pass.js";
import { power2 } from "./scalar.js";

/** log(x/m), m = (p + q)/2, of the smaller and the larger of two numbers: assembly/math/mean-log.ts has the method. */
const { fround } = Math;

const LARGE = 2 ** 65;
const LEAST = 2 ** -120;
const NOTHING = 2 ** -36;

/** log(less/m), 0 < less ≤ more. */
export function logOfLess(less: number, more: number): number {
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

/** log(more/m), 0 ≤ less ≤ more, more above 0. */
export function logOfMore(less: number, more: number): number {
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
