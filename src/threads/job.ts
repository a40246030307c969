import type { Range } from "../held.js";
import * as control from "./control.js";
import { COUNT, type Control, MAX_ARGUMENTS, OWN } from "./control.js";

/** A kernel, whatever its arguments. */
export type Kernel = (...values: number[]) => number | undefined;

/** Copies of foreign arrays that go along with a job: in before a share is computed, out when it is done. */
export interface Feed {
  readonly hasInput: boolean;
  readonly hasOutput: boolean;
  stage(share: number): void;
  drain(share: number): void;
  /** Brings the input of a share back that was half computed. */
  restore(share: number): void;
}

/**
 * One kernel over many rows, columns or elements, cut into calls, and the calls into shares. The caller fills it in and
 * stores it; workers load it; both run it share by share.
 */
export class Job {
  readonly #control: Control;
  readonly #kernels: readonly Kernel[];
  /** Index of the kernel. */
  kernel = 0;
  /** How far it goes, and how much of that a call takes, in units of the count argument: rows, columns or elements. */
  total = 0;
  unit = 1;
  shares = 0;
  /** Calls in a share. */
  calls = 1;
  /** Whether a call may take more units: a power of two of them, from a multiple of that many on. */
  merges = false;
  keepsSums = false;
  /**
   * Whether a share that was half computed can be computed again: nothing that it reads is written, or it comes from
   * elsewhere.
   */
  repeatable = true;
  /** The arguments so far. */
  arguments = 0;
  readonly kinds = new Int32Array(MAX_ARGUMENTS);
  readonly values = new Float64Array(MAX_ARGUMENTS);
  readonly steps = new Float64Array(MAX_ARGUMENTS);
  /**
   * Bytes to which the kernel writes from where the argument points, beyond those of the steps: 0 where it writes there
   * alone, −1 where it doesn't. The caller alone needs to know.
   */
  readonly reaches = new Float64Array(MAX_ARGUMENTS);
  /** What is added to arguments of kind OWN: the distance from the caller's scratch memory to this thread's. */
  #shift = 0;
  /** The arguments of a call, for each number of them. */
  readonly #calls: number[][] = Array.from({ length: MAX_ARGUMENTS + 1 }, (_, n) => new Array(n).fill(0));

  constructor(control: Control, kernels: readonly Kernel[]) {
    this.#control = control;
    this.#kernels = kernels;
  }

  /** Writes the job to the control memory. */
  store(): void {
    const { ints, floats } = this.#control;
    ints[control.KERNEL] = this.kernel;
    ints[control.ARGUMENTS] = this.arguments;
    ints[control.SHARES] = this.shares;
    ints[control.CALLS] = this.calls;
    ints[control.MERGES] = this.merges ? 1 : 0;
    ints[control.KEEPS_SUMS] = this.keepsSums ? 1 : 0;
    floats[control.TOTAL] = this.total;
    floats[control.UNIT] = this.unit;
    for (let i = 0; i < this.arguments; i++) {
      ints[control.KINDS + i] = this.kinds[i];
      floats[control.VALUES + i] = this.values[i];
      floats[control.STEPS + i] = this.steps[i];
    }
  }

  /** Reads the job that a worker is at. */
  load(worker: number): void {
    const { ints, floats } = this.#control;
    this.kernel = ints[control.KERNEL];
    this.arguments = ints[control.ARGUMENTS];
    this.shares = ints[control.SHARES];
    this.calls = ints[control.CALLS];
    this.merges = ints[control.MERGES] === 1;
    this.keepsSums = ints[control.KEEPS_SUMS] === 1;
    this.total = floats[control.TOTAL];
    this.unit = floats[control.UNIT];
    for (let i = 0; i < this.arguments; i++) {
      this.kinds[i] = ints[control.KINDS + i];
      this.values[i] = floats[control.VALUES + i];
      this.steps[i] = floats[control.STEPS + i];
    }
    this.#shift = floats[control.OWN_SCRATCH + worker] - floats[control.SCRATCH];
  }

  /** What the job writes to. */
  get outputs(): Range[] {
    const ranges: Range[] = [];
    for (let i = 0; i < this.arguments; i++) {
      const reach = this.reaches[i];
      if (reach < 0 || this.values[i] === 0) continue;
      ranges.push({ start: this.values[i], size: this.steps[i] * this.total + reach });
    }
    return ranges;
  }

  /** Computes the shares from one up to but not including another. */
  run(from: number, to: number): void {
    const { total, unit, calls, values, steps, kinds } = this;
    const kernel = this.#kernels[this.kernel];
    const call = this.#calls[this.arguments];
    const end = Math.min(to * calls, Math.ceil(total / unit));
    let units = 1;
    for (let at = from * calls; at < end; at += units) {
      units = this.merges ? mergedUnits(at, end) : 1;
      const first = at * unit;
      for (let i = 0; i < call.length; i++) {
        const moved = kinds[i] === OWN ? this.#shift : steps[i] * first;
        if (kinds[i] === COUNT) call[i] = Math.min(units * unit, total - first);
        else call[i] = moved === 0 ? values[i] : values[i] + moved; // a factor may be −0
      }
      const sum = kernel(...call);
      if (this.keepsSums) this.#control.floats[control.SUMS + at] = sum as number;
    }
  }
}

/** The greatest power of two of units that begins at a multiple of itself and goes no further than `end`. */
function mergedUnits(at: number, end: number): number {
  let units = 1;
  while (at % (2 * units) === 0 && at + 2 * units <= end) units *= 2;
  return units;
}
