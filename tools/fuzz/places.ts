// Where operands and results lie: each kind of place is read and written in a way of its own.

import type { ResidentBatch, Xentropy } from "xentropy";
import type { Random } from "./random.js";

/**
 * - foreign: an array of its own, as it is
 * - amid: a part of a SharedArrayBuffer that begins where no vector does
 * - resident: in the kernels' memory
 * - view: some rows of a resident batch
 */
const KINDS = ["foreign", "amid", "resident", "view"] as const;
type Kind = (typeof KINDS)[number];

/** "mixed": each array in a place of its own. "in place": where an operand is. */
export const PLACES = [
  "checked alone",
  "foreign",
  "foreign, in place",
  "amid",
  "amid, in place",
  "resident",
  "resident, in place",
  "view",
  "view, in place",
  "mixed",
  "mixed, in place",
] as const;
export type Place = (typeof PLACES)[number];

export type Numbers = Float32Array | Int32Array;
export type Placed = Numbers | ResidentBatch | ResidentBatch<Int32Array>;

/** Numbers that stand beside those placed. */
const MARGIN = 3;

/** The arrays of a call. What lies beside them must stay as it is, and memory must be given back. */
export class Places {
  readonly #k: Xentropy;
  readonly #place: Place;
  readonly #random: Random;
  readonly #used: number;
  readonly #batches: Placed[] = [];
  /** What lies about an array, and where in it the array begins and ends. */
  readonly #margins: { readonly all: () => Numbers; readonly from: number; readonly to: number }[] = [];

  constructor(k: Xentropy, place: Place, random: Random) {
    this.#k = k;
    this.#place = place;
    this.#random = random;
    this.#used = k.memory.used;
  }

  /** A copy of these numbers where the place says. */
  put(data: Numbers, shape: readonly number[]): Placed {
    const [kind] = this.#place.split(",");
    const chosen = (kind === "mixed" ? this.#random.pick(KINDS) : kind) as Kind;
    if (chosen === "amid") return this.#amid(data);
    if (chosen === "resident" || (chosen === "view" && shape.length === 0)) return this.#resident(data, shape);
    return chosen === "view" ? this.#view(data, shape) : data.slice();
  }

  /** Numbers that have no shape. */
  flat(data: Float32Array): Numbers {
    return this.#place.startsWith("amid") ? this.#amid(data) : data.slice();
  }

  #amid(data: Numbers): Numbers {
    const from = 1 + this.#random.below(MARGIN);
    const buffer = new SharedArrayBuffer((from + data.length + MARGIN) * 4);
    const all = data instanceof Float32Array ? new Float32Array(buffer) : new Int32Array(buffer);
    this.#surround(() => all, from, from + data.length);
    const part = all.subarray(from, from + data.length);
    part.set(data);
    return part;
  }

  #resident(data: Numbers, shape: readonly number[]): Placed {
    const floats = data instanceof Float32Array;
    const batch = floats ? this.#k.alloc(shape) : this.#k.alloc(shape, { dtype: "int32" });
    this.#batches.push(batch);
    return batch.set(data);
  }

  #view(data: Numbers, [rows, ...others]: readonly number[]): Placed {
    const width = others.reduce((product, n) => product * n, 1);
    const more =
      data instanceof Float32Array ? new Float32Array((rows + 2) * width) : new Int32Array((rows + 2) * width);
    const batch = this.#resident(more, [rows + 2, ...others]) as ResidentBatch;
    this.#surround(() => batch.data, width, (rows + 1) * width);
    return batch.rows(1, rows + 1).set(data);
  }

  /** Puts what no kernel would leave about an array: NaN, or labels of no class. */
  #surround(all: () => Numbers, from: number, to: number): void {
    for (const margin of [all().subarray(0, from), all().subarray(to)]) margin.fill(marginOf(margin));
    this.#margins.push({ all, from, to });
  }

  /** Fails where something else was written to, and where memory is kept. */
  close(): void {
    for (const { all, from, to } of this.#margins) {
      for (const margin of [all().subarray(0, from), all().subarray(to)]) {
        const other = margin.findIndex((value) => !Object.is(value, marginOf(margin)));
        if (other >= 0) throw new Error(`${this.#place}: ${margin[other]} was written beside an array`);
      }
    }
    for (const batch of this.#batches) (batch as ResidentBatch).free();
    const { used } = this.#k.memory;
    if (used !== this.#used) throw new Error(`${this.#place}: ${used} bytes in use, ${this.#used} before`);
  }
}

function marginOf(margin: Numbers): number {
  return margin instanceof Float32Array ? Number.NaN : -7;
}
