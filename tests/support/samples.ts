import { uniform } from "../reference/samples.js";

export { uniform };

/** Seeded float32 values that are hard for one or another way to compute a softmax. */
export type Sample = (length: number, seed: number) => Float32Array;

/** Samples that were drawn last. Every backend asks for the same, and to copy takes less time than to draw. */
const drawn = new Map<string, Float32Array>();
const MOST_DRAWN = 16;

/** A copy of what `draw` gives, which is the same for one key. */
function drawnOnce(key: string, draw: () => Float32Array): Float32Array {
  const values = drawn.get(key) ?? draw();
  // At the end again, so that what nobody has asked for the longest goes first.
  drawn.delete(key);
  drawn.set(key, values);
  for (const oldest of drawn.keys()) {
    if (drawn.size <= MOST_DRAWN) break;
    drawn.delete(oldest);
  }
  return values.slice();
}

/** Normally distributed (Box–Muller). */
export function normal(length: number, seed: number, mean = 0, deviation = 1): Float32Array {
  return drawnOnce(`normal ${[length, seed, mean, deviation]}`, () => {
    const next = uniform(seed);
    return filled(length, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      return mean + deviation * radius * Math.cos(2 * Math.PI * next());
    });
  });
}

/** Not by Float32Array.from, which takes several times as long. */
function filled(length: number, draw: () => number): Float32Array {
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = draw();
  return values;
}

/** Uniform between two bounds. */
export function spread(length: number, seed: number, low: number, high: number): Float32Array {
  const next = uniform(seed);
  return filled(length, () => low + (high - low) * next());
}

/** Now and then a value of `rare` in place of a value of `values`. */
export function sprinkled(values: Float32Array, seed: number, rare: readonly number[], every = 5): Float32Array {
  const next = uniform(seed);
  for (let i = 0; i < values.length; i++) {
    if (next() * every < 1) values[i] = rare[Math.floor(next() * rare.length)];
  }
  return values;
}

function peaked(length: number, seed: number, height: number): Float32Array {
  const values = normal(length, seed);
  if (length > 0) values[Math.floor(length * uniform(seed)())] += height;
  return values;
}

/** Finite logits, by what is hard about them. */
export const FINITE: readonly (readonly [string, Sample])[] = [
  ["normal", (n, seed) => normal(n, seed)],
  ["spread over ±100", (n, seed) => spread(n, seed, -100, 100)],
  ["normal around 10000", (n, seed) => normal(n, seed, 1e4)],
  ["normal around −300", (n, seed) => normal(n, seed, -300, 5)],
  ["peaked by 20", (n, seed) => peaked(n, seed, 20)],
  ["peaked by 60", (n, seed) => peaked(n, seed, 60)],
  ["peaked by 95", (n, seed) => peaked(n, seed, 95)],
  [
    "that fall by 33 from block to block",
    (n, seed) => normal(n, seed).map((x, i) => x - 33 * (Math.floor(i / 2048) % 4)),
  ],
  ["with probabilities that are subnormal", (n, seed) => sprinkled(spread(n, seed, -104, -86), seed, [0, 1], 9)],
  ["spread over ±3e38", (n, seed) => spread(n, seed, -3e38, 3e38)],
  ["at most 3e38, some at −3e38", (n, seed) => sprinkled(normal(n, seed), seed, [3e38, -3e38, 3.4028234663852886e38])],
  ["all equal", (n, seed) => new Float32Array(n).fill(seed)],
];

/** As above, and with −Infinity beside finite values. */
export const LOGITS: readonly (readonly [string, Sample])[] = [
  ...FINITE,
  ["with −Infinity here and there", (n, seed) => sprinkled(normal(n, seed), seed, [-Infinity], 3)],
];

/** Every length up to a few vectors and a block tail, and those around the sizes at which rows are cut. */
export const SHORT_LENGTHS: readonly number[] = Array.from({ length: 68 }, (_, n) => n);
export const LONG_LENGTHS: readonly number[] = [1000, 2047, 2048, 2049, 4096, 65535, 65536, 65537, 200_000];

/** Probabilities that sum to 1 but for rounding, a row at a time. */
export function distributions(rows: number, length: number, seed: number): Float32Array {
  return drawnOnce(`distributions ${[rows, length, seed]}`, () => {
    const values = normal(rows * length, seed, 0, 3).map(Math.exp);
    for (let r = 0; r < rows; r++) {
      const row = values.subarray(r * length, (r + 1) * length);
      const total = row.reduce((a, b) => a + b, 0);
      for (let i = 0; i < length; i++) row[i] /= total;
    }
    return values;
  });
}

/** One class a row. */
export function classes(rows: number, length: number, seed: number): Int32Array {
  const next = uniform(seed);
  return Int32Array.from({ length: rows }, () => Math.floor(next() * length));
}
