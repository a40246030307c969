import { madd } from "./fma.js";
import { LN2_HIGH, LN2_LOW } from "./log.js";

/** logit(p) = log(p/(1 − p)) in float32: assembly/math/logit.ts has the method, the constants' origin and the error. */
const { fround } = Math;

const P0 = 0.33333301544189453;
const P1 = 0.2000245451927185;
const P2 = 0.14223742485046387;
const P3 = 0.11816822737455368;
const P4 = 0.0515858493745327;
const P5 = 0.1764066070318222;

/** k·ln 2 + 2·atanh(s) − lost */
export function joinOdds(s: number, k: number, lost: number): number {
  const y = fround(s * s);
  const y2 = fround(y * y);
  const p01 = madd(P1, y, P0);
  const p23 = madd(P3, y, P2);
  const p45 = madd(P5, y, P4);
  const q = madd(y2, madd(y2, p45, p23), p01);
  const d = s + s;
  const low = madd(k, LN2_LOW, fround(fround(fround(d * y) * q) - lost));
  return madd(k, LN2_HIGH, fround(d + low));
}
