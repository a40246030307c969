import { it } from "vitest";
import { spread } from "../support/samples.js";
import { mirror } from "./mirror.js";

/** simd and js have the same bits where a kernel goes another way: on both sides of its limits, and a factor of 2 around. */

const BLOCK = 2048;
const SCRATCH = (4 * BLOCK + 16) * 4;
const N = 67;

/** Numbers from `least` up to `most`, with one that is given in their midst. */
function around(seed: number, least: number, most: number, one: number): Float32Array {
  const values = spread(N, seed, least, most);
  values[31] = one;
  return values;
}

it("exponentials: rows with their maximum around ±288, and blocks that lie as far apart", () => {
  const maxima = [-600, -576, -290, -288.0001, -288, 287.9999, 288, 300, 380, 575, 576, 700];
  for (const [i, max] of maxima.entries()) {
    mirror.clear();
    const row = around(i, max - 150, max, max);
    const x = mirror.put(row);
    const out = mirror.floats(N);
    const e = mirror.scratch(SCRATCH);
    const maximaAt = mirror.scratch(64);
    const state = mirror.scratch(4 * (160 + 16 * 128));
    mirror.same(`softmax, ${max}`, (k) => k.softmax(x, out, 1, N, state, maximaAt));
    mirror.same(`logSoftmax, ${max}`, (k) => k.logSoftmax(x, out, 1, N, state, e));
    for (const other of [max - 93, max - 349, max - 351, max - 690]) {
      mirror.clear();
      const two = new Float32Array(2 * BLOCK);
      two.set(spread(BLOCK, i, max - 20, max));
      two.set(spread(BLOCK, i + 1, other - 20, other), BLOCK);
      const z = mirror.put(two);
      const to = mirror.floats(two.length);
      const scratch = mirror.scratch(SCRATCH);
      const peaks = mirror.scratch(64);
      const sums = mirror.scratch(4 * (160 + 16 * 128));
      mirror.same(`softmax, blocks at ${max} and ${other}`, (k) => k.softmax(z, to, 1, two.length, sums, peaks));
      mirror.same(`logSumExp, ${max} and ${other}`, (k) => k.logSumExp(z, to, 1, two.length, sums, scratch));
    }
  }
});

it("divergences and binary cross-entropy: a number beside usual ones, up to the ends of float32", () => {
  const powers = [
    -149, -127, -101, -100, -97, -96, -91, -90, -41, -40, -37, -36, -31, -30, -29, -28, 0, 64, 65, 66, 95, 96, 97, 127,
  ];
  for (const power of powers) {
    for (const one of [2 ** power, 2 ** power * (1 + 2 ** -23), 2 ** power * 1.75]) {
      for (const [least, most] of [
        [0.1, 0.9],
        [2 ** -98, 2 ** -97],
        [one * 0.99, one * 1.01],
      ]) {
        mirror.clear();
        const p = mirror.put(around(1, least, most, one));
        const q = mirror.put(around(2, least, most, one * (1 + 2 ** -22)));
        const grad = mirror.floats(N);
        const sums = mirror.doubles(1);
        const e = mirror.scratch(SCRATCH);
        const what = `${one} beside ${least} to ${most}`;
        mirror.same(`entropy, ${what}`, (k) => k.entropy(p, e, 1, N, sums));
        for (const name of ["crossEntropy", "klDivergence", "jensenShannon"] as const) {
          mirror.same(`${name}, ${what}`, (k) => k[name](p, q, grad, e, 1, N, 1, sums));
        }
        const t = mirror.put(spread(N, 3, 0, 1));
        mirror.same(`binaryCrossEntropy, ${what}`, (k) => k.binaryCrossEntropy(p, t, grad, 0, e, N, 1, 1, 0));
      }
    }
  }
});

it("backward passes: sums around 2^100", () => {
  for (const size of [2 ** 98, 2 ** 99, 1.5 * 2 ** 99, 2 ** 100, 1.5 * 2 ** 100, 2 ** 101, 2 ** 102]) {
    mirror.clear();
    const lp = mirror.put(spread(N, 1, -100, 0));
    const dlp = mirror.put(around(2, -1, 1, size));
    const out = mirror.floats(N);
    mirror.same(`logSoftmaxBackward, ${size}`, (k) => k.logSoftmaxBackward(lp, dlp, out, 1, N));
    mirror.same(`softmaxBackward, ${size}`, (k) => k.softmaxBackward(lp, dlp, out, 1, N));
  }
});

it("softmaxCrossEntropy: factors of the gradient around the smallest normal float, of narrow rows and of others", () => {
  for (const cols of [7, 200]) {
    for (let power = -136; power <= -30; power++) {
      mirror.clear();
      const rows = 4;
      const x = mirror.put(spread(rows * cols, power + 200, -3, 3));
      const grad = mirror.floats(rows * cols);
      const labels = mirror.put(Int32Array.of(0, 1, 2, 3));
      const losses = mirror.doubles(rows);
      const state = mirror.scratch(4 * (160 + 16 * 128));
      const maxima = mirror.scratch(64);
      const e = mirror.scratch(SCRATCH);
      const scale = 1.3 * 2 ** power;
      mirror.same(`${cols} columns, ${scale}`, (k) =>
        k.softmaxCrossEntropy(x, grad, labels, 0, scale, losses, rows, cols, state, maxima, e),
      );
    }
  }
});
