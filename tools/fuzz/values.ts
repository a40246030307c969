// What batches are filled with: each regime has brought out errors of its own in one library or another.

import type { Layout } from "./operations.js";
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

/** Columns of a row that are summed at a time: docs/numerics.md. */
export const BLOCK = 2048;

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

/**
 * Runs of numbers about one level, or of −Infinity: blocks of a row with a scale of their own, and masked ones. Levels lie
 * on either side of ±288, where a block's scale is no longer that of 0 (docs/numerics.md), and of what float32 holds.
 */
const runs: Fill = (random) => {
  const longest = random.oneIn(3) ? 30 : 4 * BLOCK;
  const top = random.pick([-1e30, -300, -250, -150, 0, 250, 300, 1e4]);
  const spread = random.pick([0.1, 3, 30]);
  let left = 0;
  let level = 0;
  return () => {
    if (left-- === 0) {
      left = random.below(longest);
      level = random.oneIn(2) ? -Infinity : random.oneIn(2) ? top : top - 100 * random.unit();
    }
    return level + spread * random.normal();
  };
};

/** Logits of one regime; where rows take several blocks, mostly in runs. */
export function logits(random: Random, { size, classes }: Layout): Float32Array {
  const inRuns = classes > BLOCK ? !random.oneIn(3) : random.oneIn(16);
  const fill = inRuns ? runs : random.pick(LOGITS);
  const values = Float32Array.from({ length: size }, fill(random));
  if (!random.oneIn(8)) return values;
  // Moved so that the largest is 0, beside which small losses are judged by themselves.
  const largest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  return Number.isFinite(largest) ? values.map((value) => value - largest) : values;
}

/** n finite numbers: upstream gradients. */
export function finite(random: Random, n: number): Float32Array {
  const next = random.pick([times(1), times(1e-3), (r: Random) => () => r.pick([0, 1, -2]), times(1e6)])(random);
  return Float32Array.from({ length: n }, next);
}

/** n targets of independent classes: now and then integers, which are read in another way. */
export function elementTargets(random: Random, n: number): Float32Array | Int32Array {
  return random.oneIn(6) ? Int32Array.from({ length: n }, () => random.below(2)) : probabilities(random, n);
}

/** n numbers in [0, 1], and now and then others, which are not refused. */
export function probabilities(random: Random, n: number): Float32Array {
  const next = random.pick([
    () => random.unit(),
    () => random.below(2),
    () => random.unit() ** 20,
    () => 1 - random.unit() ** 12,
    () => (random.oneIn(3) ? random.below(2) : random.unit()),
    () => 2 ** (-150 * random.unit()),
    () => random.pick([0, -0, 1, 2 ** -149, 2 ** -126, 1 - 2 ** -24, 0.5]),
    () => random.pick([0.5, -(2 ** -149), -1, 1 + 2 ** -23, 1.5, Number.NaN]),
  ]);
  return Float32Array.from({ length: n }, next);
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

/** What weighs nothing, is no amount, or has no logarithm. */
const ODD_AMOUNTS = [0, -0, -1, Number.NaN, Infinity, -Infinity] as const;

/** What divergences are of: distributions, or any numbers from 0 up, since nothing is normalised. */
export function amounts(random: Random, { size, classes, stride }: Layout): Float32Array {
  if (random.oneIn(2)) return distributions(random, size, classes, stride);
  // Powers of two at which logarithms and quotients go another way, and where float32 ends; tiny numbers beside huge ones.
  const top = random.pick([-140, -125, -95, -30, 1, 96, 97, 98, 128]);
  const span = random.pick([3, 60, 300]);
  const next = () => 2 ** (top - span * random.unit() ** 2);
  const gaps = random.oneIn(3);
  return Float32Array.from({ length: size }, () => (gaps && random.oneIn(4) ? random.pick(ODD_AMOUNTS) : next()));
}

/** Two such batches; now and then nearly equal, where the terms of a divergence cancel. */
export function pairs(random: Random, layout: Layout): [Float32Array, Float32Array] {
  const p = amounts(random, layout);
  if (!random.oneIn(4)) return [p, amounts(random, layout)];
  const apart = random.pick([0, 2 ** -23, 1e-3]);
  return [p, p.map((value) => value * (1 + apart * (2 * random.unit() - 1)))];
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
