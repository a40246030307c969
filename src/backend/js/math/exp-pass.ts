import { ROUND, scaledExp } from "./exp.js";

/** The exponentials that assembly/math/exp-pass.ts stores, one at a time. */

const LIFTED = ROUND + 127 + 96;
const LOWERED = ROUND + 127 - 32;
const FLOOR = -154.5718231201172; // −223·ln 2

/** exp(−|x|)·2^96 */
export function liftedExp(x: number): number {
  return scaledExp(Math.max(-Math.abs(x), FLOOR), LIFTED);
}

/** exp(−x)·2^-32 */
export function loweredExp(x: number): number {
  const above = Math.max(-x, -40);
  return scaledExp(Math.min(above, 105), LOWERED);
}
