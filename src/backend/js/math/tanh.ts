import { expMinus } from "./exp.js";
import { madd } from "./fma.js";

/** s·tanh(x/s) in float32: assembly/math/tanh.ts has the method, the constants' origin and the error. */
const { fround } = Math;

const P0 = -0.3333333134651184;
const P1 = 0.1333322823047638;
const P2 = -0.053949709981679916;
const P3 = 0.02171766571700573;
const P4 = -0.008221675641834736;
const P5 = 0.0021860150154680014;

const NEAR = fround(0.6);

export function scaledTanh(x: number, s: number): number {
  const r = fround(x / s);
  const value = r > -NEAR && r < NEAR ? near(Math.abs(x), r) : fround(s * far(Math.abs(r)));
  return x > 0 ? value : x < 0 ? -value : x;
}

/** x + x·r²·p(r²) */
function near(x: number, r: number): number {
  const y = fround(r * r);
  const y2 = fround(y * y);
  const p01 = madd(P1, y, P0);
  const p23 = madd(P3, y, P2);
  const p45 = madd(P5, y, P4);
  const p = madd(y2, madd(y2, p45, p23), p01);
  return madd(fround(x * y), p, x);
}

/** 1 − 2e/(1 + e), in float64 */
function far(magnitude: number): number {
  const e = expMinus(fround(magnitude + magnitude));
  return fround(1 - (e + e) / (1 + e));
}
