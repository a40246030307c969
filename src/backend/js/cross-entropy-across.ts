import { overStrips } from "./across.js";
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
  records: number,
  strip: number,
): void {
  overStrips(memory, x, grad, classes, width, stride, strip, (first, rows, end) => {
    const by = scales && scales + first * 8;
    softmaxCrossEntropy(
      memory,
      strip,
      strip,
      labels + first * 4,
      by,
      scale,
      losses + first * 8,
      rows,
      classes,
      records,
      end,
      0,
    );
  });
}
