// A batch of logits, and whatever else an operation takes, made from a seed when it is asked for.

import * as reference from "xentropy/reference";
import { normal, uniform } from "../../src/cli/random.js";

export class Problem {
  readonly x: Float32Array;
  readonly rows: number;
  readonly length: number;
  readonly #seed: number;
  readonly #made = new Map<string, unknown>();

  constructor(x: Float32Array, length: number, seed: number) {
    this.x = x;
    this.rows = x.length / length;
    this.length = length;
    this.#seed = seed;
  }

  get shape(): readonly [number, number] {
    return [this.rows, this.length];
  }

  /** One class a row: the largest logit's, the smallest one's and any, in turn. */
  get labels(): Int32Array {
    return this.#once("labels", (random) => {
      return Int32Array.from({ length: this.rows }, (_, r) => {
        const row = this.x.subarray(r * this.length, (r + 1) * this.length);
        const kind = (r + this.#seed) % 3;
        if (kind === 2) return Math.floor(random() * this.length);
        let best = 0;
        for (let i = 1; i < row.length; i++) if (kind === 0 ? row[i] > row[best] : row[i] < row[best]) best = i;
        return best;
      });
    });
  }

  /** Targets 0 and 1. */
  get hard(): Float32Array {
    return this.#once("hard", (random) => Float32Array.from({ length: this.x.length }, () => Math.round(random())));
  }

  /** Targets in [0, 1], each on its own: uniform, or small ones of any size. */
  get soft(): Float32Array {
    return this.#once("soft", (random) => {
      return Float32Array.from({ length: this.x.length }, () => (random() < 0.5 ? random() : 2 ** (-24 * random())));
    });
  }

  /** A distribution a row, with a zero here and there and wherever the logit is −Infinity. */
  get targets(): Float32Array {
    return this.#once("targets", (random) => {
      return this.#distribution(random, 3).map((t, i) => (this.x[i] === -Infinity || random() < 0.07 ? 0 : t));
    });
  }

  /** A weight for each class. */
  get classWeights(): Float32Array {
    return this.#once("classWeights", (random) => Float32Array.from({ length: this.length }, () => 0.5 + random()));
  }

  /** Normally distributed numbers, or 0: an upstream gradient. */
  get upstream(): Float32Array {
    return this.#once("upstream", (random) => {
      const next = normal(random);
      return Float32Array.from({ length: this.x.length }, () => (random() < 0.3 ? 0 : next()));
    });
  }

  /** The softmax of x in float32. */
  get p(): Float32Array {
    return this.#once("p", () => Float32Array.from(reference.softmax(this.x, { shape: this.shape })));
  }

  /** Another distribution, with mass everywhere. */
  get q(): Float32Array {
    return this.#once("q", (random) => this.#distribution(random, 2).map((value) => Math.max(value, 1e-30)));
  }

  /** One within a thousandth of p. */
  get near(): Float32Array {
    return this.#once("near", (random) => this.p.map((p) => Math.min(1, p * (1 + 0.002 * (random() - 0.5)))));
  }

  /** The log-softmax of x in float32. */
  get logP(): Float32Array {
    return this.#once("logP", () => Float32Array.from(reference.logSoftmax(this.x, { shape: this.shape })));
  }

  /** Other logits, with deviation 3. */
  get teacher(): Float32Array {
    return this.#once("teacher", (random) => {
      const next = normal(random);
      return Float32Array.from({ length: this.x.length }, () => 3 * next());
    });
  }

  #distribution(random: () => number, deviation: number): Float32Array {
    const next = normal(random);
    const logits = Float32Array.from({ length: this.x.length }, () => deviation * next());
    return Float32Array.from(reference.softmax(logits, { shape: this.shape }));
  }

  #once<T>(name: string, make: (random: () => number) => T): T {
    let made = this.#made.get(name) as T | undefined;
    if (made === undefined) {
      made = make(uniform(this.#seed + seedOf(name)));
      this.#made.set(name, made);
    }
    return made;
  }
}

/** So that what is made doesn't depend on what was asked for before. */
function seedOf(name: string): number {
  let hash = 0;
  for (const letter of name) hash = Math.imul(hash, 31) + letter.charCodeAt(0);
  return hash;
}
