/**
 * Inputs and hashes for the golden cases: the same bits in every engine, since they are made by integer arithmetic and
 * divisions by powers of two alone.
 */

/** A stream of 32-bit integers (Marsaglia, Xorshift RNGs, 2003). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) ^ 0x5f356495;
    for (let i = 0; i < 8; i++) this.next();
  }

  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** n floats in [from, from + width), `width` a power of two. */
  floats(n: number, from: number, width: number): Float32Array {
    return Float32Array.from({ length: n }, () => from + (this.next() / 2 ** 32) * width);
  }

  /** n integers in [0, below). */
  integers(n: number, below: number): Int32Array {
    return Int32Array.from({ length: n }, () => this.next() % below);
  }
}

/** A hash of 64 bits over the bits of results: float32 for numbers and floats; every NaN counts as the same. */
export class Hash {
  #low = 0x243f6a88;
  #high = 0x85a308d3;

  /** Adds numbers, arrays of them, and objects of such parts. */
  add(output: unknown): this {
    if (typeof output === "number") return this.#floats([output]);
    if (typeof output !== "object" || output === null) return this.#word(0xdead);
    if (output instanceof Int32Array) return this.#words(output);
    if ("length" in output) return this.#floats(output as ArrayLike<number>);
    for (const part of Object.values(output)) this.add(part);
    return this;
  }

  toString(): string {
    return [this.#high, this.#low].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #floats(values: ArrayLike<number>): this {
    const floats = Float32Array.from(values);
    const bits = new Int32Array(floats.buffer);
    for (let i = 0; i < floats.length; i++) if (Number.isNaN(floats[i])) bits[i] = 0x7fc00000;
    return this.#words(bits);
  }

  #words(words: ArrayLike<number>): this {
    this.#word(words.length);
    for (let i = 0; i < words.length; i++) this.#word(words[i]);
    return this;
  }

  #word(word: number): this {
    this.#low = Math.imul(this.#low ^ word ^ (this.#high >>> 15), 0x85ebca6b);
    this.#high = Math.imul(this.#high ^ word ^ (this.#low >>> 13), 0xc2b2ae35);
    return this;
  }
}
