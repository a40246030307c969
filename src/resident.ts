/// <reference lib="esnext.disposable" preserve="true" />
import { checkLength, checkOptions, describe, lengthOf, readChoice, refuse, typedName } from "./checks.js";
import { DtypeError, ForeignError, FreedError, OutputError, ShapeError } from "./errors.js";
import type { Extent } from "./extents.js";
import type { Fresh } from "./given.js";
import type { Arena } from "./memory.js";
import { checkSizes, type Shape, sizeOf } from "./shape.js";

/** Element types of resident batches: float32 for numbers, int32 for labels. */
export type Dtype = "float32" | "int32";

const ALLOC_OPTIONS = ["dtype"];
const DTYPES = ["float32", "int32"] as const;

/** A range of the arena, shared by a batch and its views. */
interface Block {
  readonly arena: Arena;
  /** Until it is freed. */
  extent: Extent | undefined;
}

/** Frees what nobody freed, once nobody can reach it. Absent in engines without finalizers. */
const abandoned =
  typeof FinalizationRegistry === "undefined" ? undefined : new FinalizationRegistry<Block>((block) => release(block));

/** The batches that views of their elements must keep. */
const viewed = new WeakMap<object, ResidentBatch<Float32Array | Int32Array>>();

/** The batch that gave a view as its `data`. */
export function ownerOf(view: object): ResidentBatch<Float32Array | Int32Array> | undefined {
  return viewed.get(view);
}

function release(block: Block): void {
  if (block.extent) block.arena.free(block.extent);
  block.extent = undefined;
}

/** Refuses what isn't a number in an array, before any of it is written. */
function checkNumbers(values: readonly unknown[]): void {
  for (let i = 0; i < values.length; i++) {
    const type = typeof values[i];
    if (type !== "number" && type !== "bigint") refuse(`Element ${i} of a batch`, "a number", values[i], DtypeError);
  }
}

function checkIntegers(values: ArrayLike<number | bigint>): void {
  for (let i = 0; i < values.length; i++) {
    const value = Number(values[i]);
    if (value !== (value | 0)) refuse(`Element ${i} of an int32 batch`, "an integer of 32 bits", values[i], DtypeError);
  }
}

/**
 * A batch that lives in the kernels' memory and is used where it lies: no copy is made of it, as input, `out` or `grad`.
 * Made by `alloc`. Free it when it is no longer needed, or declare it with `using`.
 */
export class ResidentBatch<A extends Float32Array | Int32Array = Float32Array> {
  /** Sizes of the axes, outermost first. */
  readonly shape: Shape;
  /** "float32", or "int32" for labels. */
  readonly dtype: Dtype;
  /** Number of elements. */
  readonly length: number;
  /** `free`, for `using`. There where the engine has the symbol. */
  declare readonly [Symbol.dispose]: () => void;
  readonly #block: Block;
  readonly #start: number;
  /** The view that `data` gave last, and of what. An object, since in Babel's loose mode private fields are frozen too. */
  readonly #given: { view?: A | undefined; whole?: object | undefined } = {};
  /** The batch that a view was taken from: it must not be collected before its views. */
  readonly #owner: ResidentBatch<A> | undefined;

  private constructor(block: Block, start: number, shape: Shape, dtype: Dtype, owner?: ResidentBatch<A>) {
    this.shape = shape;
    this.dtype = dtype;
    this.length = sizeOf(shape);
    this.#block = block;
    this.#start = start;
    this.#owner = owner;
    if (!owner) abandoned?.register(this, block, block);
    // Kernels rely on its length.
    Object.freeze(this);
  }

  /** @internal A batch of zeros. */
  static allocate(
    arena: Arena,
    given: unknown,
    options: { dtype?: unknown },
  ): ResidentBatch<Float32Array | Int32Array> {
    checkOptions(options, ALLOC_OPTIONS);
    const dtype = readChoice(options.dtype, "dtype", DTYPES);
    const shape = checkSizes(given, "the new batch");
    const bytes = sizeOf(shape) * 4;
    // 0 times more than a float64 holds.
    if (Number.isNaN(bytes)) throw new ShapeError(`The shape [${shape}] of the new batch has sizes that overflow.`);
    arena.checkLive();
    const extent = arena.allocate(bytes);
    const { start } = extent;
    arena.f32.fill(0, start >>> 2, (start + bytes) >>> 2);
    return new ResidentBatch({ arena, extent }, start, Object.freeze(shape), dtype);
  }

  /** @internal The address, after checking that the batch is alive and of this arena. */
  static locate(batch: ResidentBatch<Float32Array | Int32Array>, arena: Arena, name: string): number {
    if (!(#block in batch)) throw new ForeignError(`${name} is a resident batch that \`alloc\` has not made.`);
    const block = batch.#block;
    if (block.arena !== arena && block.arena !== arena.beside)
      throw new ForeignError(`${name} is a resident batch of other kernels; copy it with toArray().`);
    if (!block.extent || block.arena.disposed) throw new FreedError(`${name} is a resident batch that has been freed.`);
    block.arena.held?.check(batch.#start, batch.length * 4, name);
    return batch.#start;
  }

  /** @internal The address of a batch that is alive and of this arena; 0 for all else, and while anything is held. */
  static addressOf(batch: unknown, arena: Arena, dtype: Dtype): number {
    if (!(batch instanceof ResidentBatch) || !(#block in batch)) return 0;
    const block = batch.#block;
    if (block.arena !== arena || !block.extent || arena.disposed || arena.held?.active) return 0;
    return batch.dtype === dtype ? batch.#start : 0;
  }

  /** @internal Whether it lies in the memory of this arena. */
  static liesIn(batch: ResidentBatch<Float32Array | Int32Array>, arena: Arena): boolean {
    return batch.#block.arena === arena;
  }

  /**
   * The elements, live: what is written here is what the kernels see. Made anew after memory has grown, so take it when
   * it is needed: a view kept across `alloc` or a linear loss may have died. It keeps the batch from being collected, a
   * subarray of it doesn't. Throws FreedError.
   */
  get data(): A {
    const start = this.#check();
    const { arena } = this.#block;
    const given = this.#given;
    const whole = this.dtype === "float32" ? arena.f32 : arena.i32;
    if (given.whole !== whole) {
      given.whole = whole;
      given.view = whole.subarray(start >>> 2, (start >>> 2) + this.length) as A;
      viewed.set(given.view, this);
    }
    return given.view as A;
  }

  /**
   * Copies `length` elements in, of an array or a typed array. Throws OutputError on another length, DtypeError for what is no
   * int32, FreedError.
   */
  set(source: readonly (number | bigint)[] | (ArrayLike<number | bigint> & ArrayBufferView)): this {
    this.#check();
    const { length } = this;
    const type = typedName(source);
    const list = Array.isArray(source);
    if (!list && type === undefined) refuse("What a resident batch is set from", "an array", source, DtypeError);
    checkLength("What a resident batch is set from", source.length, length, OutputError);
    if (!list && lengthOf(source) !== length) throw new DtypeError("The array is not as long as it says.");
    // Read once: what the elements' getters do is done before anything is checked or written.
    const values = list ? Array.from({ length }, (_, i) => source[i]) : source;
    if (list) checkNumbers(values as unknown[]);
    if (this.dtype === "int32" && type !== "Int32Array") checkIntegers(values);
    if (list || type?.startsWith("Big")) this.data.set(Array.from(values, Number));
    else if (length > 0) this.data.set(values as ArrayLike<number>);
    return this;
  }

  /** A copy of the elements that outlives the batch. Throws FreedError. */
  toArray(): Fresh<A> {
    return this.data.slice() as Fresh<A>;
  }

  /**
   * Rows `from` to `to` (not included) along the first axis, as a view: it shares the memory, and dies with this batch.
   * Throws ShapeError on rows that aren't there, FreedError.
   */
  rows(from: number, to: number): ResidentBatch<A> {
    this.#check();
    const rows = this.shape[0];
    if (rows === undefined || !Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > rows) {
      throw new ShapeError(`The shape [${this.shape}] has no rows ${describe(from)} to ${describe(to)}.`);
    }
    const size = rows === 0 ? 0 : this.length / rows;
    const shape = Object.freeze([to - from, ...this.shape.slice(1)]);
    return new ResidentBatch<A>(this.#block, this.#start + from * size * 4, shape, this.dtype, this);
  }

  /** Gives the memory back. Once is enough, twice is no error; a view's memory is its owner's to free. */
  free(): void {
    this.#given.view = this.#given.whole = undefined;
    if (this.#owner || !this.#block.extent) return;
    abandoned?.unregister(this.#block);
    release(this.#block);
  }

  #check(): number {
    return ResidentBatch.locate(this, this.#block.arena, "This");
  }
}

// `using` looks for the method under a symbol that older engines don't have.
if (Symbol.dispose) {
  const value = ResidentBatch.prototype.free;
  Object.defineProperty(ResidentBatch.prototype, Symbol.dispose, { value, configurable: true, writable: true });
}
