/**
 * The control memory: a small SharedArrayBuffer through which the caller and its workers agree on who computes what. It
 * lies apart from the kernels' memory, so nothing that a kernel writes can spoil it. What is agreed on is int32 and
 * atomic; what a job is, is written before it is opened and not changed while anybody is at it.
 *
 * A job is cut into shares. Whoever is free claims the next one; docs/threads.md tells the whole protocol.
 */

/** Shares of a job, at most: enough to even out the threads, few enough to keep a flag for each. */
export const MAX_SHARES = 256;

/** Calls of a job whose sums are kept, at most. */
export const MAX_SUMS = 4096;

/** Arguments of a kernel, at most. */
export const MAX_ARGUMENTS = 16;

// Int32 words of the whole pool. Those that are written while others are read stand on cache lines of their own.

/** Number of the job published last; idle workers wait for it to change. */
export const JOB = 0;
/** The job that may be worked on, 0 for none. */
export const OPEN = 1;
/** 1 when the workers are to leave. */
export const STOP = 2;
/** Workers that wait in Atomics.wait, and must be woken. */
export const ASLEEP = 16;
/** The shares that nobody has claimed: the first of them, and in the upper half the one that follows the last. */
export const LEFT = 32;
/** Shares whose input is in place; those beyond may not be claimed yet. */
export const STAGED = 48;
/** 1 while the caller sleeps until a worker is done. */
export const CALLER_ASLEEP = 64;

// What a job is.

export const KERNEL = 80;
export const ARGUMENTS = 81;
export const SHARES = 82;
/** Calls of the kernel in a share. */
export const CALLS = 83;
/** 1 when what the calls return is kept. */
export const KEEPS_SUMS = 84;
/** How many parts the shares that are left are divided into: whoever claims takes one part. */
export const PORTIONS = 85;
/** 1 when workers claim the last of them, and the caller the first. */
export const FROM_BOTH_ENDS = 86;
/** 1 when a call may take several units. */
export const MERGES = 87;
/** A kind for each argument. */
export const KINDS = 96;

/** For each share 1 when it is done. */
export const DONE = 112;

/** Words of each worker, one worker's behind another's. */
const WORKERS = DONE + MAX_SHARES;
const WORKER_WORDS = 16;

/** The job that the worker is at, 0 for none. */
export const AT = 0;
/** 1 once the worker takes part: for who wants to be sure, as tests do. */
export const STARTED = 1;
/** The share in which a kernel threw, plus 1. */
export const FAILED = 2;
/** Shares that the worker has computed. */
export const TAKEN = 3;
/** 1 once the pool counts on the worker no more: if it is still there, it leaves before the next job. */
export const GIVEN_UP = 4;

// Float64 words, behind those of 64 workers.

export const MAX_WORKERS = 64;
const FLOATS = (WORKERS + MAX_WORKERS * WORKER_WORDS) / 2;

/** How far the job goes, in the units of its count argument, and how many of them a call takes. */
export const TOTAL = FLOATS;
export const UNIT = FLOATS + 1;
/** The caller's scratch memory, which arguments of kind OWN point into. */
export const SCRATCH = FLOATS + 2;
/** Each argument, and what is added to it for each unit. */
export const VALUES = FLOATS + 8;
export const STEPS = VALUES + MAX_ARGUMENTS;
/** What each call returned. */
export const SUMS = STEPS + MAX_ARGUMENTS;
/** Each worker's own scratch memory. */
export const OWN_SCRATCH = SUMS + MAX_SUMS;

const BYTES = (OWN_SCRATCH + MAX_WORKERS) * 8;

/** Kinds of arguments: given as they are or moved by steps; the number of units; an address in the scratch memory. */
export const MOVED = 0;
export const COUNT = 1;
export const OWN = 2;

/** Both views of a control memory. */
export class Control {
  readonly buffer: SharedArrayBuffer;
  readonly ints: Int32Array;
  readonly floats: Float64Array;

  constructor(buffer = new SharedArrayBuffer(BYTES)) {
    this.buffer = buffer;
    this.ints = new Int32Array(buffer);
    this.floats = new Float64Array(buffer);
  }
}

/** The first word of a worker. */
export function wordsOf(worker: number): number {
  return WORKERS + worker * WORKER_WORDS;
}

/** The word at LEFT, for the shares from one up to but not including another. */
export function leftOf(from: number, to: number): number {
  return from | (to << 16);
}

/** The first share that nobody has claimed. */
export function nextOf(left: number): number {
  return left & 0xffff;
}

/**
 * The shares that a thread has claimed of the open job: `from` up to but not including `to`. Many at first, which costs
 * little, and ever fewer, so that all threads end together. Caller and workers claim from opposite ends where they can:
 * each then finds in its cache what it had in the job before.
 */
export class Claim {
  readonly #ints: Int32Array;
  readonly #worker: boolean;
  from = 0;
  to = 0;

  constructor(ints: Int32Array, worker: boolean) {
    this.#ints = ints;
    this.#worker = worker;
  }

  /** Claims the next ones; false where none can be had now. */
  take(): boolean {
    const ints = this.#ints;
    for (;;) {
      const left = Atomics.load(ints, LEFT);
      const first = nextOf(left);
      const end = left >> 16;
      const ready = Math.min(end, Atomics.load(ints, STAGED)) - first;
      if (ready <= 0) return false;
      const count = Math.ceil(ready / ints[PORTIONS]);
      const last = this.#worker && ints[FROM_BOTH_ENDS] === 1;
      const rest = last ? leftOf(first, end - count) : leftOf(first + count, end);
      if (Atomics.compareExchange(ints, LEFT, left, rest) !== left) continue;
      this.from = last ? end - count : first;
      this.to = this.from + count;
      return true;
    }
  }

  /** Whether all are claimed. */
  get over(): boolean {
    const left = Atomics.load(this.#ints, LEFT);
    return nextOf(left) >= left >> 16;
  }
}
