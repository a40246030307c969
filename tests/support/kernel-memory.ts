import type { ResidentBatch, Xentropy } from "../../src/index.js";

/** A NaN with a payload: arithmetic or a copy through a float would change it. */
const GUARD = 0x7f_a5_5a_a5;

/** Kernel memory that a test lays its arrays out in, word by word, guards everywhere else. */
export class GuardedMemory {
  readonly #block: ResidentBatch<Int32Array>;
  readonly #words: Int32Array;
  #kept: Int32Array | undefined;

  /** Takes `words` words; `atEnd`: the last there are, so that nothing lies behind them. */
  constructor(k: Xentropy, words: number, atEnd = false) {
    if (atEnd) takeAllBut(k, words);
    this.#block = k.alloc([words], { dtype: "int32" });
    this.#words = this.#block.data;
    this.clear();
  }

  /** Whether the memory ends where this does. */
  get isLast(): boolean {
    return this.#words.byteOffset + this.#words.byteLength === this.#words.buffer.byteLength;
  }

  get length(): number {
    return this.#words.length;
  }

  clear(): void {
    this.#words.fill(GUARD);
  }

  /** A copy of an array from word `at` on, as a view. */
  put<T extends Float32Array | Int32Array>(array: T, at: number): T {
    const view = new (array.constructor as new (buffer: ArrayBufferLike, at: number, length: number) => T)(
      this.#words.buffer,
      this.#words.byteOffset + 4 * at,
      array.length,
    );
    view.set(array);
    return view;
  }

  /** Remembers what is there. */
  keep(): void {
    this.#kept = this.#words.slice();
  }

  /** Index of the first word that has changed since `keep`, other than `length` from `at` on; −1 for none. */
  changed(at: number, length: number): number {
    const kept = this.#kept as Int32Array;
    return this.#words.findIndex((word, i) => (i < at || i >= at + length) && word !== kept[i]);
  }

  free(): void {
    this.#block.free();
  }
}

/** Allocates all of the memory that there is but the last words. */
function takeAllBut(k: Xentropy, words: number): void {
  const bytes = Math.ceil((4 * words) / 16) * 16;
  let probe = k.alloc([4]);
  let { byteOffset, buffer } = probe.data;
  if (buffer.byteLength - byteOffset < bytes + 16) {
    probe.free();
    probe = k.alloc([bytes / 4]);
    ({ byteOffset, buffer } = probe.data);
  }
  const rest = buffer.byteLength - byteOffset - bytes;
  probe.free();
  if (rest > 0) k.alloc([rest / 4]);
}
