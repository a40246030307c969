// What batches are filled with: each regime has brought out errors of its own in one library or another.

import type { Random } from "./random.js";

const word = new Int32Array(1);
const float = new Float32Array(word.buffer);

/** Any float there is: all bit patterns are equally likely, NaNs and subnormals included. */
function anyFloat(random: Random): number {
  word[0] = random.bits();
  return float[0];
}

/** Any finite float of moderate size, from subnormal to 2^20 or so: a random exponent. */
function anyModerate(random: Random): number {
  const size = 2 ** (random.unit() * 170 - 149);
  return Math.fround(random.oneIn(2) ? size : -size);
}

const SPECIAL = [
  0,
  -0,
  Infinity,
  -Infinity,
  Number.NaN,
  3.4028234663852886e38,
  -3.4028234663852886e38,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  88.72283935546875,
  -87.33654022216797,
  -103.97207641601562,
  1,
  -1,
] as const;

type Fill = (random: Random) => () => number;

const times = (scale: number, shift = 0): Fill => {
  return (random) => () => scale * random.normal() + shift;
};

/** Logits: real numbers of every kind. */
const LOGITS: readonly Fill[] = [
  times(1),
  times(3),
  times(0.1),
  times(30),
  times(1000),
  times(1, 1e4),
  times(1, -1e30),
  (random) => () => random.unit() * 200 - 100,
  (random) => {
    const value = 10 * random.normal();
    return () => value;
  },
  (random) => () => (random.oneIn(8) ? 40 * random.normal() : random.normal()),
  (random) => () => (random.oneIn(4) ? -Infinity : 3 * random.normal()),
  (random) => () => (random.oneIn(6) ? random.pick(SPECIAL) : 3 * random.normal()),
  (random) => () => random.pick([-1, 0, 1, 2]),
  (random) => () => anyModerate(random),
  (random) => () => anyFloat(random),
  () => () => -Infinity,
];

/** n logits of one regime. */
export function logits(random: Random, n: number): Float32Array {
  return Float32Array.from({ length: n }, random.pick(LOGITS)(random));
}

/** As `logits`, none of them, but −Infinity, NaN and +Infinity, so large that a gap times a probability of 0 would show. */
export function boundedLogits(random: Random, n: number): Float32Array {
  return logits(random, n).map((value) => (Number.isFinite(value) ? Math.max(-1e15, Math.min(1e15, value)) : value));
}

/** n finite numbers: upstream gradients. */
export function finite(random: Random, n: number): Float32Array {
  const next = random.pick([times(1), times(1e-3), (r: Random) => () => r.pick([0, 1, -2]), times(1e6)])(random);
  return Float32Array.from({ length: n }, next);
}

/** n numbers in [0, 1]: targets of independent classes. */
export function chances(random: Random, n: number): Float32Array {
  const next = random.pick([
    () => random.unit(),
    () => random.below(2),
    () => random.unit() ** 20,
    () => 1 - random.unit() ** 12,
    () => (random.oneIn(3) ? random.below(2) : random.unit()),
  ]);
  return Float32Array.from({ length: n }, () => Math.min(1, next()));
}

/** Weights: not negative, some of them 0. */
export function weights(random: Random, n: number): Float32Array {
  const next = random.pick([
    () => random.unit() * 4,
    () => (random.oneIn(4) ? 0 : 1),
    () => 2 ** (random.unit() * 40 - 20),
    () => 1,
  ]);
  return Float32Array.from({ length: n }, next);
}

/** Rows that sum to 1 but for rounding, laid out along any axis. */
export function distributions(random: Random, n: number, classes: number, stride: number): Float32Array {
  const spread = random.pick([0.1, 1, 5, 40]);
  const gaps = random.oneIn(3);
  const result = Float32Array.from({ length: n }, () =>
    gaps && random.oneIn(3) ? 0 : Math.exp(spread * random.normal()),
  );
  for (let start = 0; start < n; start += classes * stride) {
    for (let inner = 0; inner < stride; inner++) {
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += result[start + inner + c * stride];
      if (sum === 0) sum = result[start + inner] = 1;
      for (let c = 0; c < classes; c++) result[start + inner + c * stride] /= sum;
    }
  }
  return result;
}

/** Distributions, or now and then any numbers: targets that are negative or sum to anything are valid too. */
export function denseTargets(random: Random, n: number, classes: number, stride: number): Float32Array {
  return random.oneIn(4) ? finite(random, n) : distributions(random, n, classes, stride);
}

/** n features, weights of a layer, or what is added to its logits. */
export function layerNumbers(random: Random, n: number): Float32Array {
  const fill = random.pick([times(1), times(0.05), times(3), (r: Random) => () => r.pick([-1, 0, 1, 2])]);
  return Float32Array.from({ length: n }, fill(random));
}
