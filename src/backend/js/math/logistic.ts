import { liftedExp } from "./exp-pass.js";

/** What the losses that start from exp(−|x|) share: assembly/math/logistic.ts says why it is float64. */

const UNLIFT = 2 ** -96;
const P0 = 0.3333320656652031;
const P1 = 0.20010849521814997;
const P2 = 0.13999570661763436;
const P3 = 0.1401222866524419;

/** exp(−|x|), with the error of float32 but no subnormal numbers. */
export function expMinusAbs(x: number): number {
  return liftedExp(x) * UNLIFT;
}

/** log(1 + e) for 0 ≤ e ≤ 1, in float64. */
export function log1pUnit64(e: number): number {
  const s = e / (2 + e);
  const y = s * s;
  const p = y * y * (P3 * y + P2) + (P1 * y + P0);
  const d = s + s;
  return d * y * p + d;
}
