import { BLOCK } from "../backend/backend.js";
import { COST, type Operation } from "../costs.js";
import { COUNT, MAX_ARGUMENTS, MAX_SHARES, MAX_SUMS, MOVED, OWN, SUMS } from "./control.js";
import type { Pool } from "./pool.js";
import type { SharedStreams } from "./streams.js";

/**
 * Cuts a kernel's work into a job. A call of `rows`, `elements`, `blocks` or `groups` begins one; then come the
 * kernel's arguments in their order, each saying how it moves from unit to unit (bytes); `run` or `sum` does the job.
 */
export class Cut {
  readonly #pool: Pool;
  readonly #streams: SharedStreams;
  readonly #least: number;
  readonly #index: ReadonlyMap<string, number>;
  /** Addresses that the job reads, to tell whether it may be repeated. */
  readonly #read = new Float64Array(MAX_ARGUMENTS);
  #reads = 0;

  constructor(pool: Pool, streams: SharedStreams, names: readonly string[]) {
    this.#pool = pool;
    this.#streams = streams;
    this.#least = pool.worthSharing;
    this.#index = new Map(names.map((name, i) => [name, i]));
  }

  /** Whether a kernel over so many elements is worth sharing. If not, all that is read is in place. */
  worth(kernel: Operation, elements: number): boolean {
    const work = elements * COST[kernel];
    if (elements > 0 && work >= this.#least && this.#pool.worth(work)) return true;
    if (this.#streams.pending) this.settle();
    return false;
  }

  /** Has all that is read in place. */
  settle(): void {
    this.#streams.settle();
  }

  /** The same for a kernel that shares out whole rows. */
  worthRows(kernel: Operation, rows: number, cols: number): boolean {
    return this.worth(kernel, rows > 1 ? rows * cols : 0);
  }

  /** Begins a job over rows, of which a call takes several: fours where it can, as kernels take short rows. */
  rows(kernel: Operation, rows: number, cols: number): this {
    const unit = Math.ceil(rows / this.#sharesOf(kernel, rows * cols, rows));
    return this.#begin(kernel, rows, unit < 4 ? unit : (unit + 3) & ~3, 1, true);
  }

  /** Begins a job over n elements, or over columns of so many each, of which a call takes a multiple of `unit`. */
  elements(kernel: Operation, n: number, each = 1, unit = 16): this {
    const units = Math.ceil(n / unit);
    return this.#begin(kernel, n, Math.ceil(units / this.#sharesOf(kernel, n * each, units)) * unit, 1, true);
  }

  /** Begins a job in which each call takes `unit` elements, no more. */
  blocks(kernel: Operation, n: number, unit: number): this {
    const units = Math.ceil(n / unit);
    return this.#begin(kernel, n, unit, Math.ceil(units / this.#sharesOf(kernel, n, units)), false);
  }

  /** Begins a job over columns in groups of `unit`. A call may take a power of two of them, from a multiple of it on. */
  groups(kernel: Operation, n: number, unit: number): this {
    this.blocks(kernel, n, unit);
    this.#pool.job.merges = true;
    return this;
  }

  /** Shares to cut a kernel over so many elements into, which come in so many units. */
  #sharesOf(kernel: Operation, elements: number, units: number): number {
    const share = this.#streams.active ? this.#pool.copiedShare : this.#pool.share;
    const wanted = Math.max(2 * this.#pool.count, Math.floor((elements * COST[kernel]) / share));
    return Math.max(1, Math.min(wanted, units, MAX_SHARES));
  }

  #begin(kernel: Operation, total: number, unit: number, calls: number, merges: boolean): this {
    const { job } = this.#pool;
    job.kernel = this.#index.get(kernel) as number;
    job.total = total;
    job.unit = unit;
    job.calls = calls;
    job.shares = Math.ceil(total / (unit * calls));
    job.arguments = 0;
    job.merges = merges;
    job.keepsSums = false;
    job.repeatable = true;
    this.#reads = 0;
    this.#streams.begin(job);
    return this;
  }

  #add(kind: number, value: number, step: number, reach = -1): this {
    const { job } = this.#pool;
    job.kinds[job.arguments] = kind;
    job.values[job.arguments] = value;
    job.steps[job.arguments] = step;
    job.reaches[job.arguments] = reach;
    job.arguments++;
    return this;
  }

  /** The number of units that a call takes. */
  count(): this {
    return this.#add(COUNT, 0, 0);
  }

  /** What is the same for all calls: a number, or an address that is read. */
  value(value: number): this {
    return this.#add(MOVED, value, 0);
  }

  /** An address in the caller's scratch memory. Each worker gets the same place in its own. */
  own(address: number): this {
    return this.#add(OWN, address, 0);
  }

  /** What is read; 0 stands for none. */
  reads(address: number, step: number): this {
    if (!this.#streams.reads(address, step)) this.#read[this.#reads++] = address;
    return this.#add(MOVED, address, address === 0 ? 0 : step);
  }

  /**
   * Results. Where they take the place of an operand, the job can't be repeated, so operands come first. `reach`: bytes
   * beyond the last step that are written too.
   */
  writes(address: number, step: number, reach = 0): this {
    if (address !== 0) this.#streams.writes(address, step);
    return this.fills(address, step, reach);
  }

  /** As `writes`, for what is no result yet. */
  fills(address: number, step: number, reach = 0): this {
    for (let i = 0; i < this.#reads; i++) if (this.#read[i] === address) this.#pool.job.repeatable = false;
    return this.#add(MOVED, address, address === 0 ? 0 : step, reach);
  }

  /** Results, made of what lies in their place. */
  changes(address: number, step: number): this {
    this.#streams.reads(address, step);
    this.#streams.writes(address, step);
    this.#pool.job.repeatable = false;
    return this.#add(MOVED, address, step, 0);
  }

  run(): void {
    try {
      this.#pool.run(this.#streams.feed);
    } catch (cause) {
      // A call that goes on, and has made this one while it read its options, isn't to copy what this one has left.
      this.#streams.clear();
      throw cause;
    }
  }

  /** As `run`; the sum of what the calls return, added in order. */
  sum(start: number): number {
    const { job, sums } = this.#pool;
    job.keepsSums = true;
    this.run();
    const end = SUMS + Math.ceil(job.total / job.unit);
    let sum = start;
    for (let i = SUMS; i < end; i++) sum += sums[i];
    return sum;
  }
}

/** Elements of which the sums of blocks can be kept. */
export const MAX_SUMMED = MAX_SUMS * BLOCK;
