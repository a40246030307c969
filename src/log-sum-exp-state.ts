import { BLOCK, NODE_BYTES, STATE_NODE } from "./backend/backend.js";
import { type FloatBatch, readFloats } from "./batch.js";
import { checkOptions, describe } from "./checks.js";
import type { Context } from "./context.js";
import { DtypeError, OptionError, ShapeError } from "./errors.js";
import { readNodes, type StateData, type StateNode, writeNodes } from "./log-sum-exp-data.js";
import { newDoubles, newFloats } from "./outputs.js";
import { checkOwn, checkShape } from "./shape.js";
import { readList } from "./weights.js";

/**
 * log Σ exp over columns that come a few at a time: from disk, from a network, from the shards of a vocabulary.
 *
 * The columns are cut at multiples of 2048, counted from the whole row's first, and each block gives a node: its maximum,
 * the exponential of that, and the sum of the others (assembly/row.ts). Two nodes that are the halves of an aligned 2^k
 * blocks become one, as in the sum of a whole row; the others wait for the end, where they are joined from the right. So
 * states that start at multiples of 2048 columns and are merged have the bits of the uncut row. Cut elsewhere, a block is
 * two nodes: the bits may differ, the bound holds. Once the kernels have been disposed, every method throws FreedError.
 */
export class LogSumExpState {
  /** Rows that are summed, each for itself. */
  readonly rows: number;
  readonly #context: Context;
  /** Neighbours in order. */
  #nodes: StateNode[];
  #start: number;
  #end: number;
  /** The columns of a block that isn't complete: a row of BLOCK for each row. */
  #pending: Float32Array | undefined;
  #waiting = 0;

  /** @internal Made by `logSumExpState`. */
  constructor(context: Context, from: number | StateData, options: { start?: number | undefined }) {
    checkOptions(options, OPTIONS);
    this.#context = context;
    if (typeof from !== "object") {
      const { start = 0 } = options;
      this.rows = readCount(from, "rows");
      this.#start = readCount(start, "start");
      this.#end = start;
      this.#nodes = [];
      return;
    }
    const { rows, start, end, nodes } = readNodes(from);
    if (options.start !== undefined) throw new OptionError("A state that was stored has its start; give none.");
    this.rows = rows;
    this.#start = start;
    this.#end = end;
    this.#nodes = nodes;
  }

  /** The first column of the whole row that is in the sum. */
  get start(): number {
    return this.#start;
  }

  /** The first column behind those in the sum. */
  get end(): number {
    return this.#end;
  }

  /**
   * Adds the next columns: rows × n floats, one row after the other; n may differ from call to call. Throws ShapeError,
   * DtypeError, FreedError, ForeignError.
   */
  add(chunk: FloatBatch): this {
    const { arena } = this.#context.ready();
    const { array, pointer, length, own } = readFloats(chunk, arena, "chunk");
    const { rows } = this;
    if (rows === 0 ? length > 0 : length % rows !== 0) {
      throw new ShapeError(`The chunk has ${length} numbers, which are no ${rows} rows.`);
    }
    const n = rows === 0 ? columnsOf(own, length) : length / rows;
    if (own !== undefined) checkOwn(own, length, [rows, n], "chunk");
    if (rows === 0) return this.#addEmpty(n);
    const source = array ?? arena.f32;
    const first = array ? 0 : pointer >>> 2;
    for (let column = 0; column < n; ) {
      const count = Math.min(n - column, BLOCK - (this.#end % BLOCK));
      this.#addPart(source, first + column, n, count);
      column += count;
    }
    return this;
  }

  /** Columns of no rows. */
  #addEmpty(n: number): this {
    const from = this.#end;
    this.#end += n;
    if (n > 0) this.#push({ from, to: this.#end, values: newDoubles(0) });
    return this;
  }

  /** `count` columns within one block, the rows `step` floats apart. */
  #addPart(source: Float32Array, from: number, step: number, count: number): void {
    const begin = this.#end;
    if (count === BLOCK) {
      const values = this.#sum(source, from, step, count);
      this.#end += count;
      this.#push({ from: begin, to: this.#end, values });
      return;
    }
    this.#pending ??= newFloats(this.rows * BLOCK);
    this.#end += count;
    for (let row = 0; row < this.rows; row++) {
      const part = source.subarray(from + row * step, from + row * step + count);
      this.#pending.set(part, row * BLOCK + this.#waiting);
    }
    this.#waiting += count;
    if (this.#end % BLOCK === 0) this.#flush();
  }

  /** Makes a node of a block that isn't complete. */
  #flush(): void {
    const node = this.#pendingNode();
    if (!node) return;
    this.#waiting = 0;
    this.#push(node);
  }

  #pendingNode(): StateNode | undefined {
    if (this.#waiting === 0 || !this.#pending) return undefined;
    const values = this.#sum(this.#pending, 0, BLOCK, this.#waiting);
    return { from: this.#end - this.#waiting, to: this.#end, values };
  }

  /** Maximum, peak and rest of each row of a block. */
  #sum(source: Float32Array, from: number, step: number, count: number): Float64Array {
    const { kernels, arena, work } = this.#context;
    const values = newDoubles(this.rows * 3);
    const x = work.tile(0);
    for (let row = 0; row < this.rows; row++) {
      work.copyIn(source, from + row * step, count, x);
      kernels.begin(work.state);
      kernels.accumulateOnly(work.state, x, work.exponentials, count);
      const node = (work.state + STATE_NODE) >>> 3;
      values.set(arena.f64.subarray(node, node + 3), row * 3);
      // A NaN leaves its trace in the sums; where they are NaN because of an infinity, it is told by the maximum.
      if (Number.isNaN(values[row * 3 + 2])) {
        const part = source.subarray(from + row * step, from + row * step + count);
        if (part.some(Number.isNaN)) values[row * 3] = Number.NaN;
      }
    }
    return values;
  }

  /** Appends a node; halves of an aligned run of blocks become one, as the binary counter of a whole row carries. */
  #push(node: StateNode): void {
    this.#nodes.push(node);
    for (let last = this.#nodes.length - 1; last > 0; last--) {
      const [a, b] = [this.#nodes[last - 1], this.#nodes[last]];
      const size = b.to - b.from;
      if (!isAligned(a) || !isAligned(b) || a.to - a.from !== size || a.from % (2 * size) !== 0) return;
      this.#nodes.splice(last - 1, 2, { from: a.from, to: b.to, values: this.#combined(a.values, b.values) });
    }
  }

  #combined(a: Float64Array, b: Float64Array): Float64Array {
    const { kernels, arena, work } = this.#context;
    const { f64 } = arena;
    const left = work.state + STATE_NODE;
    const right = left + NODE_BYTES;
    f64.fill(0, left >>> 3, (right + NODE_BYTES) >>> 3);
    const values = new Float64Array(a.length);
    for (let at = 0; at < a.length; at += 3) {
      f64.set(a.subarray(at, at + 3), left >>> 3);
      f64.set(b.subarray(at, at + 3), right >>> 3);
      kernels.combine(left, right);
      values.set(f64.subarray(left >>> 3, (left >>> 3) + 3), at);
      if (Number.isNaN(a[at]) || Number.isNaN(b[at])) values[at] = Number.NaN;
    }
    return values;
  }

  /**
   * Takes in a neighbour's columns: `other` starts where this state ends, or ends where it starts. Throws ShapeError for
   * other rows, OptionError for columns that aren't next to these.
   */
  merge(other: LogSumExpState | StateData): this {
    this.#context.ready();
    if (typeof other !== "object") throw new OptionError(`A state merges with another, not with ${describe(other)}.`);
    const that = isState(other) ? other : stateOf(this.#context, other);
    if (that.rows !== this.rows) throw new ShapeError(`A state of ${that.rows} rows can't join one of ${this.rows}.`);
    const before = that.#end === this.#start;
    if (!before && that.#start !== this.#end) {
      throw new OptionError(
        `Columns ${that.#start} to ${that.#end} are no neighbours of columns ${this.#start} to ${this.#end}.`,
      );
    }
    const theirs = that.#all();
    if (before && this.#end > this.#start) {
      const ours = this.#all();
      this.#nodes = [];
      for (const node of [...theirs, ...ours]) this.#push(node);
      this.#waiting = 0;
      this.#start = that.#start;
      return this;
    }
    this.#flush();
    for (const node of theirs) this.#push(node);
    if (before) this.#start = that.#start;
    else this.#end = that.#end;
    return this;
  }

  /** All nodes, with one for the block that isn't complete. */
  #all(): StateNode[] {
    const pending = this.#pendingNode();
    return pending ? [...this.#nodes, pending] : [...this.#nodes];
  }

  /** Maximum, peak and rest of each row, of all columns: joined from the right. */
  #total(): Float64Array {
    const nodes = this.#all();
    let values = nodes.pop()?.values ?? newDoubles(this.rows * 3).map((_, i) => (i % 3 ? 0 : -Infinity));
    for (let node = nodes.pop(); node; node = nodes.pop()) values = this.#combined(node.values, values);
    return values;
  }

  /** The log-sum-exp of each row so far; −Infinity where there are no columns. At most 4 ULP of |max| + log Σ. */
  value(): Float32Array {
    this.#context.ready();
    const values = newFloats(this.rows);
    const total = this.#total();
    for (let row = 0; row < this.rows; row++) values[row] = this.#logSumExp(total, row);
    return values;
  }

  #logSumExp(total: Float64Array, row: number): number {
    const max = total[row * 3];
    if (!Number.isFinite(max)) return max;
    this.#place(total, row, this.#context.work.state);
    return this.#context.kernels.logSumExpOf(this.#context.work.state, 0);
  }

  /**
   * The cross-entropy of each row, given its label's logit: log Σ exp(x) − x_label, at most 4 ULP, near 0 too. Throws
   * ShapeError where there is not one logit a row, DtypeError where they are no numbers.
   */
  loss(labelLogits: readonly number[] | FloatBatch): Float32Array {
    const { kernels, arena, work } = this.#context.ready();
    const { values: logits } = readList(labelLogits, "labelLogits", arena, DtypeError);
    if (logits.length !== this.rows) {
      throw new ShapeError(`There are ${logits.length} logits of labels; the state has ${this.rows} rows.`);
    }
    const values = newFloats(this.rows);
    const total = this.#total();
    for (let row = 0; row < this.rows; row++) {
      this.#place(total, row, work.state);
      values[row] = kernels.labelLoss(work.state, logits[row]);
    }
    return values;
  }

  /** Writes a row's node where a kernel expects a finished state's. */
  #place(total: Float64Array, row: number, state: number): void {
    const { f64, i32 } = this.#context.arena;
    const at = (state + STATE_NODE) >>> 3;
    // Blocks so far: what counts is whether there are any.
    i32[state >>> 2] = this.#end > this.#start ? 1 : 0;
    f64.fill(0, at, at + NODE_BYTES / 8);
    f64.set(total.subarray(row * 3, row * 3 + 3), at);
  }

  /** @internal What places a row's node, of all columns, for the kernels of `context`. */
  static placer(state: LogSumExpState): (row: number, to: number) => void {
    const total = state.#total();
    return (row, to) => state.#place(total, row, to);
  }

  /** @internal What the state is computed with, if that is `here` or goes with it. */
  static contextOf(state: unknown, here: Context): Context | undefined {
    if (!isState(state)) return undefined;
    const context = state.#context;
    return context.arena === here.arena || context.arena === here.arena.beside ? context.ready() : undefined;
  }

  /**
   * The state as plain data, for JSON or a message: `k.logSumExpState(data)` makes it a state again, `merge` takes it as
   * it is. Columns after the last multiple of 2048 are stored as their sum.
   */
  toJSON(): StateData {
    this.#context.ready();
    return writeNodes(this.rows, this.#start, this.#end, this.#all());
  }
}

const OPTIONS = ["start"];

/** Columns of a chunk that has no rows: its shape alone has them. */
function columnsOf(own: unknown, length: number): number {
  return own === undefined ? 0 : (checkShape(own, length, "chunk")[1] ?? 0);
}

/** Whether a node is 2^k whole blocks at a multiple of as many. */
function isAligned({ from, to }: StateNode): boolean {
  const blocks = (to - from) / BLOCK;
  return Number.isInteger(Math.log2(blocks)) && from % (to - from) === 0;
}

function readCount(value: unknown, name: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new OptionError(`${name} is an integer from 0 up, not ${describe(value)}.`);
}

// Outside the class: a class that names itself within is renamed by bundlers.
const isState = (value: unknown): value is LogSumExpState => value instanceof LogSumExpState;
const stateOf = (context: Context, data: StateData) => new LogSumExpState(context, data, {});
