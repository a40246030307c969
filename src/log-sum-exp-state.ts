import { BLOCK } from "./backend/backend.js";
import { type FloatBatch, readFloats, readList } from "./batch.js";
import { checkLength, checkOptions, readInteger, refuse } from "./checks.js";
import type { Context } from "./context.js";
import { DtypeError, ForeignError, OptionError, ShapeError } from "./errors.js";
import type { FreshFloats } from "./given.js";
import { readNodes, type StateData, type StateNode, writeNodes } from "./log-sum-exp-data.js";
import { carry, placeNode, REACH, sumOf, totalOf } from "./log-sum-exp-nodes.js";
import { newDoubles, newFloats } from "./outputs.js";
import { checkOwn, checkShape } from "./shape.js";

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
  #nodes: StateNode[] = [];
  #start: number;
  #end: number;
  /** Whether `start` was given. If not, a state that takes these columns in counts them behind its own. */
  #placed: boolean;
  /** The columns of a block that isn't complete: a row of BLOCK for each row. */
  #pending: Float32Array | undefined;
  #waiting = 0;

  /** @internal Made by `logSumExpState`. */
  constructor(context: Context, from: number | StateData, options: { start?: number | undefined }) {
    checkOptions(options, OPTIONS);
    this.#context = context;
    const { start: given } = options;
    if (typeof from !== "object") {
      this.rows = readInteger(from, "rows");
      this.#start = given === undefined ? 0 : readInteger(given, "start");
      this.#end = this.#start;
      this.#placed = given !== undefined;
      return;
    }
    const { rows, start, end, placed, nodes } = readNodes(from);
    if (given !== undefined) throw new OptionError("A state that was stored has its start; give none.");
    this.rows = rows;
    this.#start = start;
    this.#end = end;
    this.#placed = placed;
    for (const node of nodes) carry(context, this.#nodes, node);
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
    const { array, pointer, length, ownShape } = readFloats(chunk, arena, "chunk");
    const { rows } = this;
    if (rows === 0 ? length > 0 : length % rows !== 0) {
      throw new ShapeError(`The chunk has length ${length}, which makes no ${rows} rows.`);
    }
    const n = rows === 0 ? columnsOfEmpty(ownShape, length) : length / rows;
    checkOwn(ownShape, length, [rows, n], "chunk");
    if (!Number.isSafeInteger(this.#end + n)) throw new ShapeError(`${n} columns from ${this.#end} on pass 2^53 − 1.`);
    if (rows === 0) {
      const node = { from: this.#end, to: this.#end + n, values: newDoubles(0) };
      if (n > 0) carry(this.#context, this.#nodes, node);
      this.#end += n;
      return this;
    }
    const source = array ?? arena.f32;
    const first = array ? 0 : pointer >>> 2;
    const missing = (BLOCK - (this.#end % BLOCK)) % BLOCK;
    const head = Math.min(n, missing);
    const tail = (n - head) % BLOCK;
    if (head + tail > 0) this.#pending ??= newFloats(rows * BLOCK);
    this.#keep(source, first, n, head, this.#waiting);
    // Sums may take memory that isn't there. The state changes when there are all of them.
    const nodes = this.#nodes.slice(-REACH);
    let waiting = this.#waiting + head;
    if (head === missing) {
      let end = this.#end + head;
      if (waiting > 0) carry(this.#context, nodes, this.#nodeOfPending(end, waiting));
      for (const stop = this.#end + n - tail; end < stop; end += BLOCK) {
        const values = sumOf(this.#context, rows, source, first + end - this.#end, n, BLOCK);
        carry(this.#context, nodes, { from: end, to: end + BLOCK, values });
      }
      this.#keep(source, first + n - tail, n, tail, 0);
      waiting = tail;
    }
    this.#nodes.splice(-REACH, REACH, ...nodes);
    this.#waiting = waiting;
    this.#end += n;
    return this;
  }

  /** Copies `count` columns, the rows `step` floats apart, to those that wait from `at` on. */
  #keep(source: Float32Array, from: number, step: number, count: number, at: number): void {
    if (count === 0) return;
    for (let row = 0; row < this.rows; row++) {
      const start = from + row * step;
      this.#pending?.set(source.subarray(start, start + count), row * BLOCK + at);
    }
  }

  /** The node of so many columns that wait, up to `to`. */
  #nodeOfPending(to: number, waiting: number): StateNode {
    const values = sumOf(this.#context, this.rows, this.#pending as Float32Array, 0, BLOCK, waiting);
    return { from: to - waiting, to, values };
  }

  /** Puts the node of the block that isn't complete behind others, by default all. */
  #closed(nodes = [...this.#nodes]): StateNode[] {
    if (this.#waiting > 0) carry(this.#context, nodes, this.#nodeOfPending(this.#end, this.#waiting));
    return nodes;
  }

  /**
   * @internal A copy for the kernels of another state, to be merged with it, its columns counted from `moved` columns further
   * on. Columns of a block that isn't complete go on waiting where they are as far in it as they were; the copy shares them.
   */
  static copyOf(from: LogSumExpState, to: LogSumExpState, moved = 0): LogSumExpState {
    const context = to.#context;
    const copy = stateOf(context, from.rows, { start: from.#start + moved });
    copy.#end = readInteger(from.#end + moved, "The end of a state");
    copy.#placed = from.#placed;
    const aligned = moved % BLOCK === 0;
    for (const node of aligned ? from.#nodes : from.#closed()) {
      carry(context, copy.#nodes, { from: node.from + moved, to: node.to + moved, values: node.values });
    }
    if (!aligned) return copy;
    copy.#pending = from.#pending;
    copy.#waiting = from.#waiting;
    return copy;
  }

  /** The columns that wait, if there are any. */
  #copyOfPending(): Float32Array | undefined {
    if (this.#waiting === 0) return undefined;
    const copy = newFloats(this.rows * BLOCK);
    copy.set(this.#pending as Float32Array);
    return copy;
  }

  /**
   * Takes in a neighbour's columns: `other` starts where this state ends, or ends where it starts. Columns of a state that
   * was made without `start` are otherwise taken as the next ones. Throws ShapeError for other rows, OptionError for columns that
   * aren't next to these.
   */
  merge(other: LogSumExpState | StateData): this {
    this.#context.ready();
    if (typeof other !== "object") refuse("What a state merges with", "another state", other);
    let that = isState(other) ? other : stateOf(this.#context, other);
    that.#context.ready();
    if (that.rows !== this.rows) throw new ShapeError(`A state of ${that.rows} rows can't join one of ${this.rows}.`);
    const before = that.#end === this.#start;
    if (!before && !that.#placed && that !== this) that = copyOf(that, this, this.#end - that.#start);
    if (!before && that.#start !== this.#end) {
      throw new OptionError(
        `Columns ${that.#start} to ${that.#end} are no neighbours of columns ${this.#start} to ${this.#end}.`,
      );
    }
    const [left, right] = before ? [that, this] : [this, that];
    // Columns that wait at the end go on waiting: more may follow.
    const last = right.#start === right.#end ? left : right;
    const pending = (last !== this && last.#copyOfPending()) || this.#pending;
    const end = left.#nodes.slice(-REACH);
    if (last === right) left.#closed(end);
    const { length } = right.#nodes;
    const rest = right.#nodes.findIndex((node) => carry(this.#context, end, node)) + 1 || length;
    // In place: a state takes thousands of others in, one by one.
    if (left === this) {
      this.#nodes.splice(-REACH, REACH, ...end);
      for (let i = rest; i < length; i++) this.#nodes.push(right.#nodes[i]);
    } else {
      this.#nodes.splice(0, rest, ...end);
      if (left.#nodes.length > REACH) this.#nodes = left.#nodes.slice(0, -REACH).concat(this.#nodes);
    }
    this.#pending = pending;
    this.#waiting = last.#waiting;
    this.#start = left.#start;
    this.#end = right.#end;
    this.#placed ||= that.#placed;
    return this;
  }

  /** The log-sum-exp of each row so far; −Infinity where there are no columns. At most 4 ULP of |max| + log Σ. */
  value(): FreshFloats {
    const { kernels } = this.#context.ready();
    return this.#rows((state, _, max) => (Number.isFinite(max) ? kernels.logSumExpOf(state, 0) : max));
  }

  /**
   * The cross-entropy of each row, given its label's logit: log Σ exp(x) − x_label, at most 4 ULP, near 0 too. Throws
   * ShapeError where there is not one logit a row, DtypeError where they are no numbers.
   */
  loss(labelLogits: readonly number[] | FloatBatch): FreshFloats {
    const { kernels, arena } = this.#context.ready();
    const { values: logits, ownShape } = readList(labelLogits, "labelLogits", arena, DtypeError);
    checkOwn(ownShape, logits.length, [this.rows], "labelLogits");
    checkLength("labelLogits", logits.length, this.rows);
    return this.#rows((state, row) => kernels.labelLoss(state, logits[row]));
  }

  /** A number for each row, of a finished state that has all its columns, and of their maximum. */
  #rows(numberOf: (state: number, row: number, max: number) => number): FreshFloats {
    const values = newFloats(this.rows);
    const { state } = this.#context.work;
    const place = placer(this);
    for (let row = 0; row < this.rows; row++) values[row] = numberOf(state, row, place(row, state));
    return values;
  }

  /** @internal What places a row's node, of all columns, where kernels expect a finished state's. It returns their maximum. */
  static placer(state: LogSumExpState): (row: number, to: number) => number {
    const total = totalOf(state.#context, state.rows, state.#closed());
    const some = state.#end > state.#start;
    return (row, to) => {
      placeNode(state.#context, total, row, to, some);
      return total[row * 3];
    };
  }

  /** @internal What the state is computed with: `here`, or what goes with it. Undefined for what is no state. */
  static contextOf(state: unknown, here: Context): Context | undefined {
    if (!isState(state)) return undefined;
    const context = state.#context.ready();
    if (context.arena === here.arena || context.arena === here.arena.beside) return context;
    throw new ForeignError("state is of other kernels; make it one of these: k.logSumExpState(state.toJSON()).");
  }

  /**
   * The state as plain data, for JSON or a message: `k.logSumExpState(data)` makes it a state again, `merge` takes it as
   * it is. Columns after the last multiple of 2048 are stored as their sum.
   */
  toJSON(): StateData {
    this.#context.ready();
    return writeNodes(this.rows, this.#start, this.#end, this.#placed, this.#closed());
  }
}

const OPTIONS = ["start"];

/** Columns of a chunk that has no rows: its shape alone has them. */
function columnsOfEmpty(ownShape: unknown, length: number): number {
  return ownShape === undefined ? 0 : (checkShape(ownShape, length, "chunk")[1] ?? 0);
}

// Outside the class: a class that names itself within is renamed by bundlers.
const isState = (value: unknown): value is LogSumExpState => value instanceof LogSumExpState;
const stateOf = (context: Context, from: number | StateData, options = {}) =>
  new LogSumExpState(context, from, options);
const { copyOf, placer } = LogSumExpState;
