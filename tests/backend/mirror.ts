import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { type Engine, type Kernels, STATE_BYTES } from "../../src/backend/backend.js";
import { openJs } from "../../src/backend/js/index.js";
import { openWasmSync } from "../../src/backend/wasm.js";
import { distributions, normal, type Sample, spread, sprinkled } from "../support/samples.js";

/**
 * Two backends, simd and js, on memories with the same bytes: operands are placed in both at the same addresses, a call
 * is made on each, and then every byte must agree, NaN for NaN, but those of scratch. Outputs, states and what lies between
 * are all compared, so nothing may be written anywhere else either.
 */

const BYTES = 8 << 20;

/** Stands before and behind each operand: a float32 that no sample has. */
const GUARD = 0x7a7a7a7a;

/** What outputs and scratch are filled with. */
const UNSET = 7;

type Operand = Float32Array | Float64Array | Int32Array;

interface Region {
  readonly kind: Operand;
  /** In words of four bytes. */
  readonly from: number;
  readonly to: number;
  readonly free?: boolean;
}

class Mirror {
  readonly #engines: readonly [Engine, Engine];
  readonly #words: readonly [Int32Array, Int32Array];
  readonly #base: number;
  #regions: Region[] = [];
  #end: number;

  constructor(simd: Engine, js: Engine) {
    this.#engines = [simd, js];
    for (const { memory } of this.#engines) memory.grow(BYTES);
    this.#words = [new Int32Array(simd.memory.buffer), new Int32Array(js.memory.buffer)];
    this.#base = Math.ceil(Math.max(simd.kernels.heapBase(), js.kernels.heapBase()) / 16) * 16;
    this.#end = this.#base;
  }

  get simd(): Kernels {
    return this.#engines[0].kernels;
  }

  get js(): Kernels {
    return this.#engines[1].kernels;
  }

  /** Forgets all operands. */
  clear(): void {
    this.#regions = [];
    this.#end = this.#base;
  }

  /** The address of an operand, now in both memories. */
  put(values: Operand): number {
    const at = Math.ceil((this.#end + 16) / 16) * 16;
    this.#end = at + values.byteLength;
    if (this.#end + 16 > BYTES) throw new RangeError("The operands of a case need more memory than it has.");
    const from = at / 4;
    const to = this.#end / 4;
    for (const words of this.#words) {
      words.fill(GUARD, from - 4, from);
      words.set(new Int32Array(values.buffer, values.byteOffset, to - from), from);
      words.fill(GUARD, to, to + 8);
    }
    this.#regions.push({ kind: values, from, to });
    return at;
  }

  /** Room for floats. */
  floats(n: number): number {
    return this.put(new Float32Array(n).fill(UNSET));
  }

  integers(n: number): number {
    return this.put(new Int32Array(n).fill(UNSET));
  }

  doubles(n: number): number {
    return this.put(new Float64Array(n).fill(UNSET));
  }

  /** Room that each may use as it likes. What lies there first are NaNs: nothing may come of them. */
  scratch(bytes: number): number {
    const at = this.put(new Int32Array(Math.ceil(bytes / 4)).fill(-1));
    this.#regions.push({ ...(this.#regions.pop() as Region), free: true });
    return at;
  }

  /** Room for a row's state. */
  state(): number {
    return this.doubles(STATE_BYTES / 8);
  }

  /** Makes the call on both; fails unless what it returns and both memories are the same. */
  same(what: string, call: (k: Kernels) => unknown): void {
    const expected = call(this.simd);
    const got = call(this.js);
    if (!Object.is(got, expected)) expect.fail(`${what}: returns ${got}, expected ${expected}`);
    const [ours, theirs] = this.#words;
    let word = this.#base / 4;
    const end = this.#end / 4 + 4;
    for (const { from, to } of [...this.#regions.filter(({ free }) => free), { from: end, to: end }]) {
      for (; word < from; word++) if (ours[word] !== theirs[word]) this.#judge(what, word);
      word = to;
    }
    for (const { from, to } of this.#regions) {
      if (ours[from - 1] !== GUARD || ours[to] !== GUARD) expect.fail(`${what}: wrote beside an operand`);
    }
  }

  /** A float that is in both memories. */
  float(address: number): number {
    return new Float32Array(this.#words[0].buffer)[address / 4];
  }

  /** Fails unless a word that differs belongs to two NaNs. */
  #judge(what: string, word: number): void {
    const index = this.#regions.findIndex(({ from, to }) => from <= word && word < to);
    const region = this.#regions[index];
    if (!region) expect.fail(`${what}: byte ${word * 4}, in no operand, is written by one of the two`);
    const [expected, got] = this.#words.map((words) => {
      const { buffer } = words;
      if (region.kind instanceof Float32Array) return new Float32Array(buffer)[word];
      if (region.kind instanceof Float64Array) return new Float64Array(buffer)[word >>> 1];
      return words[word];
    });
    if (Number.isNaN(expected) && Number.isNaN(got)) return;
    const at = Math.floor(((word - region.from) * 4) / region.kind.BYTES_PER_ELEMENT);
    const show = (value: number) => (Object.is(value, -0) ? "-0" : String(value));
    expect.fail(`${what}: element ${at} of operand ${index} is ${show(got)}, expected ${show(expected)}`);
  }
}

function open(): Mirror {
  const bytes = new Uint8Array(readFileSync(new URL("../../build/simd.wasm", import.meta.url)));
  return new Mirror(
    openWasmSync("simd", new WebAssembly.Module(bytes), { initial: BYTES, maximum: BYTES }),
    openJs(BYTES),
  );
}

/** What the tests share. */
export const mirror = open();

const SHORT = Array.from({ length: 68 }, (_, n) => n);

/** Lengths with every tail, around a block's end, of several blocks. */
export const LENGTHS: readonly number[] = [...SHORT, 127, 128, 129, 2047, 2048, 2049, 4096, 6145];

const LARGEST = 3.4028234663852886e38;

const EXTREMES: readonly number[] = [0, -0, 1e-45, -1e-39, 1.1754943508222875e-38, LARGEST, -LARGEST, -Infinity];
export const SPECIALS: readonly number[] = [Number.NaN, Infinity, -Infinity, 0, -0];

type NamedSample = readonly [string, Sample];

/** Samples are drawn once: that takes longer than most kernels. Nobody may change them. */
function drawnOnce([name, sample]: NamedSample): NamedSample {
  const drawn = new Map<string, Float32Array>();
  const draw: Sample = (n, seed) => {
    const key = `${n} ${seed}`;
    let values = drawn.get(key);
    if (!values) {
      values = sample(n, seed);
      drawn.set(key, values);
    }
    return values;
  };
  return [name, draw];
}

/** Logits of every kind, not only valid ones. */
const floats: readonly NamedSample[] = [
  ["normal", (n, seed) => normal(n, seed, 0, 3)],
  ["spread over ±100", (n, seed) => spread(n, seed, -100, 100)],
  ["normal around −1000", (n, seed) => normal(n, seed, -1000, 5)],
  ["near 0", (n, seed) => normal(n, seed, 0, 1e-3)],
  ["peaked", (n, seed) => normal(n, seed).map((v, i) => (i === (seed * 7) % (n + 1) ? v + 40 : v))],
  ["that fall by 33 from block to block", (n, seed) => normal(n, seed).map((v, i) => v - 33 * ((i >> 11) % 4))],
  ["spread over ±3e38", (n, seed) => spread(n, seed, -3e38, 3e38)],
  ["few of them distinct", (n, seed) => spread(n, seed, -2, 2).map(Math.round)],
  ["nothing but −Infinity", (n) => new Float32Array(n).fill(-Infinity)],
  ["nothing but −Infinity and NaN", (n, seed) => sprinkled(new Float32Array(n).fill(-Infinity), seed, [Number.NaN], 3)],
  ["with −Infinity here and there", (n, seed) => sprinkled(normal(n, seed), seed, [-Infinity], 3)],
  ["extreme", (n, seed) => sprinkled(spread(n, seed, -200, 200), seed, EXTREMES, 2)],
  ["special now and then", (n, seed) => sprinkled(normal(n, seed), seed, SPECIALS, 40)],
  ["special often", (n, seed) => sprinkled(normal(n, seed), seed, SPECIALS, 4)],
];

/** Probabilities of every kind, not only valid ones. */
const probabilities: readonly NamedSample[] = [
  ["of a distribution", (n, seed) => distributions(1, n, seed)],
  ["uniform", (n, seed) => spread(n, seed, 0, 1)],
  ["0 and 1", (n, seed) => spread(n, seed, 0, 1).map(Math.round)],
  ["tiny", (n, seed) => spread(n, seed, -140, -60).map((v) => 2 ** v)],
  ["at the ends", (n, seed) => sprinkled(spread(n, seed, 0, 1), seed, [0, -0, 1, 1e-45, 1e-39, 0.99999994, 0.5], 2)],
  ["sometimes none", (n, seed) => sprinkled(spread(n, seed, 0, 1), seed, [-1e-3, 2, -1e-45, LARGEST, ...SPECIALS], 3)],
];

export const FLOATS = floats.map(drawnOnce);
export const PROBABILITIES = probabilities.map(drawnOnce);

/** The values in turn: what a row, or a case, has one of. */
export function cycled<T>(values: readonly T[], index: number): T {
  return values[index % values.length] as T;
}

/** A float64 a row. */
export function perRow(rows: number, values: readonly number[], offset = 0): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => cycled(values, row + offset));
}
