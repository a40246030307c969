import { gather, scatter, stripWidth } from "./across.js";
import { softmaxCrossEntropy } from "./cross-entropy.js";
import type { Memory } from "./memory.js";

/** Softmax cross-entropy along an axis that isn't the last: assembly/cross-entropy-across.ts has the contract. */
export function softmaxCrossEntropyAcross(
  memory: Memory,
  x: number,
  grad: number,
  labels: number,
  scales: number,
  scale: number,
  losses: number,
  classes: number,
  width: number,
  stride: number,
  state: number,
  strip: number,
): void {
  const wide = stripWidth(classes);
  const maxima = strip + wide * classes * 4;
  for (let i = 0; i < width; i += wide) {
    const n = Math.min(width - i, wide);
    const by = scales && scales + i * 8;
    gather(memory.f32, (x >>> 2) + i, strip >>> 2, classes, stride, n);
    softmaxCrossEntropy(memory, strip, strip, labels + i * 4, by, scale, losses + i * 8, n, classes, state, maxima, 0);
    if (grad) scatter(memory.f32, strip >>> 2, (grad >>> 2) + i, classes, stride, n);
  }
}
