import { softcap } from "./logits";
import { exp, scaledExpOf } from "./math/exp";
import { log } from "./math/log";
import { log1p } from "./math/log1p";
import { scaledTanh } from "./math/tanh";

/**
 * The elementary functions as kernels of their own, for tools/verify-exhaustive.ts: not part of the package's binaries.
 * x, out: n floats, n a multiple of 4.
 */
export { logit, logSigmoid, sigmoid, softplus } from "./sigmoid";
export { sigmoidCrossEntropy } from "./sigmoid-cross-entropy";
export { sigmoidCrossEntropyGeneral } from "./sigmoid-cross-entropy-general";

export function expAll(x: usize, out: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 16, out += 16) v128.store(out, exp(v128.load(x)));
}

export function logAll(x: usize, out: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 16, out += 16) v128.store(out, log(v128.load(x)));
}

export function log1pAll(x: usize, out: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 16, out += 16) v128.store(out, log1p(v128.load(x)));
}

export function tanhAll(x: usize, out: usize, n: usize): void {
  for (const end = x + (n << 2); x < end; x += 16, out += 16) v128.store(out, scaledTanh(v128.load(x), f32x4.splat(1)));
}

/** A cap as it is used. */
export function softcap30(x: usize, out: usize, n: usize): void {
  softcap(x, out, n, 30);
}

/** exp(x)·2^shift as the rows use it, before any scaling; round = ROUND + 127 + shift. */
export function scaledExpAll(x: usize, out: usize, n: usize, round: f32): void {
  const by = f32x4.splat(round);
  for (const end = x + (n << 2); x < end; x += 16, out += 16) v128.store(out, scaledExpOf(v128.load(x), by));
}

export function heapBase(): usize {
  return __heap_base;
}
