// Logits by what is hard about them. Each is made a batch at a time, so that rows can differ.

import { normal, uniform } from "../../src/cli/random.js";
import { ABOVE, BELOW } from "./worst.js";

export interface Distribution {
  readonly name: string;
  fill(x: Float32Array, length: number, seed: number): void;
}

function normals(mean: number, deviation: number): Distribution["fill"] {
  return (x, _, seed) => {
    const next = normal(uniform(seed));
    for (let i = 0; i < x.length; i++) x[i] = mean + deviation * next();
  };
}

function uniforms(low: number, high: number): Distribution["fill"] {
  return (x, _, seed) => {
    const random = uniform(seed);
    for (let i = 0; i < x.length; i++) x[i] = low + (high - low) * random();
  };
}

/** One row after another, each with a place chosen by chance. */
function eachRow(x: Float32Array, length: number, seed: number, set: (row: Float32Array, place: number) => void): void {
  const random = uniform(seed ^ 0x5bd1e995);
  for (let start = 0; start < x.length; start += length) {
    set(x.subarray(start, start + length), Math.floor(random() * length));
  }
}

export const DISTRIBUTIONS: readonly Distribution[] = [
  { name: "N(0, 0.1)", fill: normals(0, 0.1) },
  { name: "N(0, 1)", fill: normals(0, 1) },
  { name: "N(0, 10)", fill: normals(0, 10) },
  { name: "N(0, 100)", fill: normals(0, 100) },
  { name: "N(0, 1000)", fill: normals(0, 1000) },
  { name: "U(±100)", fill: uniforms(-100, 100) },
  { name: "N(1e4, 1)", fill: normals(1e4, 1) },
  {
    name: "peaked",
    // From a peak that barely shows to one beside which the rest is lost in float64.
    fill(x, length, seed) {
      normals(0, 1)(x, length, seed);
      let height = 5;
      eachRow(x, length, seed, (row, place) => {
        row[place] += height;
        height = height < 90 ? height + 5 : 5;
      });
    },
  },
  {
    name: "constant",
    fill(x, length, seed) {
      const random = uniform(seed);
      eachRow(x, length, seed, (row) => row.fill(600 * (random() - 0.5)));
    },
  },
  {
    name: "−Infinity among N(0, 3)",
    fill(x, length, seed) {
      normals(0, 3)(x, length, seed);
      const random = uniform(seed ^ 0x2545f491);
      eachRow(x, length, seed, (row, place) => {
        for (let i = 0; i < row.length; i++) if (i !== place && random() < 0.5) row[i] = -Infinity;
      });
    },
  },
  {
    name: "subnormal results",
    fill(x, length, seed) {
      uniforms(-105, -85)(x, length, seed);
      eachRow(x, length, seed, (row, place) => {
        row[place] = 0;
      });
    },
  },
  {
    name: "−30 each 2048 columns",
    // Blocks of a row that lie far below the largest.
    fill(x, length, seed) {
      normals(0, 1)(x, length, seed);
      for (let i = 0; i < x.length; i++) x[i] -= 30 * (Math.floor((i % length) / 2048) % 4);
    },
  },
  {
    name: "errors lined up",
    // One element with an exponential that is too large beside many whose own is too small, or the other way round.
    fill(x, length, seed) {
      const random = uniform(seed);
      let turn = seed;
      eachRow(x, length, seed, (row, place) => {
        const [one, others] = turn++ % 2 === 0 ? [ABOVE, BELOW] : [BELOW, ABOVE];
        row.fill(others[Math.floor(random() * others.length)]);
        row[place] = one[Math.floor(random() * one.length)];
      });
    },
  },
];

/** A batch of about `budget` logits: whole rows, at least one. */
export function batchOf({ fill }: Distribution, length: number, budget: number, seed: number): Float32Array {
  const rows = Math.max(1, Math.min(20_000, Math.floor(budget / length)));
  const x = new Float32Array(rows * length);
  fill(x, length, seed);
  return x;
}
