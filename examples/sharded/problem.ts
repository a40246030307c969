// What every process knows: the sizes, the features of some positions, and how to make the weights of any classes. In
// earnest the weights would be loaded; here they are random numbers, seeded class by class, so that shards agree.

import { normal, uniform } from "../../src/cli/random.js";

/** Llama 3's vocabulary. */
export const CLASSES = 128_256;
export const POSITIONS = 16;
const DEPTH = 32;

/** Shards start at multiples of so many columns, and so have the bits of the whole. */
const BLOCK = 2048;

/** First class of each shard, and the end of the last. */
export function cuts(shards: number): number[] {
  const blocks = Math.ceil(CLASSES / BLOCK);
  return Array.from({ length: shards + 1 }, (_, i) => Math.min(CLASSES, Math.round((i * blocks) / shards) * BLOCK));
}

export function makeFeatures(): Float32Array {
  const gauss = normal(uniform(1));
  return Float32Array.from({ length: POSITIONS * DEPTH }, gauss);
}

export function makeLabels(): Int32Array {
  const random = uniform(2);
  return Int32Array.from({ length: POSITIONS }, () => Math.floor(random() * CLASSES));
}

/** The logits of classes `from` to `to` (not included): positions × classes. */
export function makeLogits(features: Float32Array, from: number, to: number): Float32Array {
  const logits = new Float32Array(POSITIONS * (to - from));
  for (let c = from; c < to; c++) {
    const gauss = normal(uniform(1000 + c));
    const weights = Float32Array.from({ length: DEPTH }, gauss);
    for (let n = 0; n < POSITIONS; n++) {
      let z = 0;
      for (let d = 0; d < DEPTH; d++) z += features[n * DEPTH + d] * weights[d];
      logits[n * (to - from) + c - from] = z;
    }
  }
  return logits;
}
