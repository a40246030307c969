import { classes, normal, spread } from "./samples.js";

/** Operands of a linear classifier, and its logits by the rule of docs/numerics.md, written down a second time. */

export interface LinearProblem {
  readonly features: Float32Array;
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly labels: Int32Array;
  readonly targets: Float32Array;
  readonly shape: readonly [positions: number, depth: number];
  readonly classes: number;
}

export function linearProblem(n: number, depth: number, count: number): LinearProblem {
  const seed = n + depth + count;
  return {
    features: normal(n * depth, seed, 0, 1),
    weights: normal(count * depth, seed + 1, 0, 0.7),
    bias: normal(count, seed + 2),
    labels: classes(n, count, seed + 3),
    targets: spread(n * count, seed + 4, 0, 1),
    shape: [n, depth],
    classes: count,
  };
}

/** start + a·b: 64 products at a time in float32, in order; the blocks in float64, in order; rounded once. */
export function dot(length: number, a: (k: number) => number, b: (k: number) => number, start = 0): number {
  let sum = start;
  for (let k = 0; k < length; k += 64) {
    let block = 0;
    for (let i = k; i < Math.min(length, k + 64); i++) block = Math.fround(block + Math.fround(a(i) * b(i)));
    sum += block;
  }
  return Math.fround(sum);
}

export function logitsOf({ features, weights, bias, shape: [n, depth], classes: count }: LinearProblem): Float32Array {
  return Float32Array.from({ length: n * count }, (_, i) => {
    const [row, c] = [Math.floor(i / count), i % count];
    return dot(
      depth,
      (k) => features[row * depth + k],
      (k) => weights[c * depth + k],
      bias[c],
    );
  });
}
