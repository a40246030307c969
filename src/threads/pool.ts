import { WorkerLostError } from "../errors.js";
import type { Range } from "../held.js";
import * as words from "./control.js";
import { Claim, Control, leftOf, nextOf, wordsOf } from "./control.js";
import { type Feed, Job, type Kernel } from "./job.js";
import { Pace, type PaceSettings } from "./pace.js";
import type { Thread } from "./platform.js";
import type { Join } from "./take-part.js";

/** What the pool goes by. */
export interface Settings extends PaceSettings {
  /** Milliseconds without a sign of a worker after which it is lost. */
  readonly deadline: number;
}

/** A worker as the pool knows it. */
interface Member {
  readonly thread: Thread;
  /** Its number in the control memory. */
  readonly number: number;
}

/** After this number jobs are counted from 1 again. */
const LAST = 2 ** 30;

/** The workers, and the jobs that they and the caller do together. One job at a time; `run` returns when it is done. */
export class Pool {
  readonly #kernels: readonly Kernel[];
  readonly #settings: Settings;
  #members: Member[] = [];
  /** Workers that were ever taken in: their numbers are not used again. */
  #added = 0;
  #control = new Control();
  #claim = new Claim(this.#control.ints, false);
  /** Sets aside what a lost worker may still write to; what it returns gives that back. */
  #setAside: (ranges: readonly Range[]) => () => void = () => () => {};
  /** What is to be done when a lost worker has ended. */
  readonly #afterEnd = new Map<Thread, () => void>();
  #number = 0;
  readonly #pace: Pace;
  readonly #mayWait: boolean;
  /** To fill in before `run`. */
  job: Job;

  constructor(kernels: readonly Kernel[], settings: Settings) {
    this.#kernels = kernels;
    this.#settings = settings;
    this.#pace = new Pace(settings);
    this.job = new Job(this.#control, kernels);
    this.#mayWait = mayWait(this.#control.ints);
  }

  /** Threads that compute, the calling one among them. */
  get count(): number {
    return this.#members.length + 1;
  }

  /** Takes a worker in; what it must be told. */
  add(thread: Thread): Join {
    const number = this.#added++;
    this.#members.push({ thread, number });
    return this.#joinOf(number);
  }

  /** Takes note that a worker has ended. */
  ended(thread: Thread): void {
    this.#remove(thread);
    this.#afterEnd.get(thread)?.();
    this.#afterEnd.delete(thread);
  }

  /** Counts on a worker no more. Whether it is still there or not, it takes part in no later job. */
  #remove(thread: Thread): void {
    const { ints } = this.#control;
    this.#members = this.#members.filter((member) => {
      if (member.thread !== thread) return true;
      Atomics.store(ints, wordsOf(member.number) + words.GIVEN_UP, 1);
      return false;
    });
  }

  /** Shares that workers have computed so far. */
  get taken(): number {
    const { ints } = this.#control;
    return this.#members.reduce((sum, { number }) => sum + ints[wordsOf(number) + words.TAKEN], 0);
  }

  /** Ends all workers. */
  dispose(): void {
    this.#dismiss();
    for (const { thread } of this.#members) thread.terminate();
    this.#members = [];
  }

  #joinOf(worker: number): Join {
    return { control: this.#control.buffer, worker, spin: this.#settings.spin };
  }

  /** Lets the workers leave, those who sleep too. */
  #dismiss(): void {
    const { ints } = this.#control;
    Atomics.store(ints, words.STOP, 1);
    Atomics.store(ints, words.JOB, -1);
    Atomics.notify(ints, words.JOB);
  }

  /** Gives each worker scratch memory of its own, like the caller's at `own`. */
  equip(own: number, allocate: () => number, setAside: (ranges: readonly Range[]) => () => void): void {
    const { floats } = this.#control;
    floats[words.SCRATCH] = own;
    for (const { number } of this.#members) floats[words.OWN_SCRATCH + number] = allocate();
    this.#setAside = setAside;
  }

  /** Whether work of so many nanoseconds, at least `worthSharing`, is to be shared now. */
  worth(work: number): boolean {
    const members = this.#members.length;
    return members > 0 && this.#pace.worth(work, Atomics.load(this.#control.ints, words.ASLEEP) < members);
  }

  /** The least work that is ever worth sharing. */
  get worthSharing(): number {
    return this.#settings.worthSharing;
  }

  /** The control memory as float64; what the calls of the last job returned stands there. */
  get sums(): Float64Array {
    return this.#control.floats;
  }

  /** Work of a share. */
  get share(): number {
    return this.#settings.share;
  }

  /** Work of a share that goes along with copies. */
  get copiedShare(): number {
    return this.#settings.copiedShare;
  }

  /** Does the job. Throws WorkerLostError, or what a kernel throws. */
  run(feed: Feed | undefined): void {
    const { job } = this;
    const { ints } = this.#control;
    this.#pace.begin();
    job.store();
    ints.fill(0, words.DONE, words.DONE + job.shares);
    ints[words.PORTIONS] = feed ? words.MAX_SHARES : 2 * this.count;
    ints[words.FROM_BOTH_ENDS] = feed ? 0 : 1;
    Atomics.store(ints, words.LEFT, leftOf(0, job.shares));
    Atomics.store(ints, words.STAGED, feed?.hasInput ? 0 : job.shares);
    this.#number = (this.#number % LAST) + 1;
    Atomics.store(ints, words.OPEN, this.#number);
    Atomics.store(ints, words.JOB, this.#number);
    if (Atomics.load(ints, words.ASLEEP) > 0) Atomics.notify(ints, words.JOB, job.shares - 1);
    try {
      if (feed) this.#workFeeding(feed);
      else this.#work();
    } finally {
      Atomics.store(ints, words.OPEN, 0);
      this.#awaitWorkers();
    }
    this.#pace.end(job.shares, feed !== undefined);
    for (let share = 0; share < job.shares; share++) {
      if (ints[words.DONE + share] === 0) this.#redo(share, feed);
      feed?.drain(share);
    }
  }

  #work(): void {
    while (this.#claim.take()) this.#run();
  }

  /** Computes what is claimed. */
  #run(): void {
    const { from, to } = this.#claim;
    const { ints } = this.#control;
    const start = performance.now();
    this.job.run(from, to);
    for (let share = from; share < to; share++) Atomics.store(ints, words.DONE + share, 1);
    // The last share may be a small one.
    if (to < this.job.shares) this.#pace.took(performance.now() - start, to - from);
  }

  /** Copies come first, since nobody else can make them; in between the caller computes. */
  #workFeeding(feed: Feed): void {
    const { ints } = this.#control;
    const { job } = this;
    const ahead = 2 * this.count;
    let staged = feed.hasInput ? 0 : job.shares;
    let drained = 0;
    for (;;) {
      const next = nextOf(Atomics.load(ints, words.LEFT));
      if (staged < job.shares && staged - next < ahead) {
        feed.stage(staged++);
        Atomics.store(ints, words.STAGED, staged);
      } else if (feed.hasOutput && drained < job.shares && Atomics.load(ints, words.DONE + drained) === 1) {
        feed.drain(drained++);
      } else {
        if (this.#claim.take()) {
          this.#run();
        } else if (staged === job.shares) {
          return;
        }
      }
    }
  }

  /** Waits for those who are still at the job, which is closed. */
  #awaitWorkers(): void {
    const { ints } = this.#control;
    let silent: Member[] | undefined;
    const deadline = performance.now() + this.#settings.deadline;
    for (const member of this.#members) {
      if (this.#isAway(wordsOf(member.number) + words.AT, deadline)) continue;
      silent ??= [];
      silent.push(member);
    }
    Atomics.store(ints, words.CALLER_ASLEEP, 0);
    if (silent) this.#lose(silent);
  }

  /** Whether the worker with this word leaves its job before the deadline. */
  #isAway(at: number, deadline: number): boolean {
    const { ints } = this.#control;
    for (let i = 0; i < 4000; i++) if (Atomics.load(ints, at) === 0) return true;
    for (;;) {
      const number = Atomics.load(ints, at);
      if (number === 0) return true;
      const rest = deadline - performance.now();
      if (rest <= 0) return false;
      if (!this.#mayWait) continue;
      Atomics.store(ints, words.CALLER_ASLEEP, 1);
      Atomics.wait(ints, at, number, rest);
    }
  }

  /** A share that a worker began and could not finish: a kernel threw there. */
  #redo(share: number, feed: Feed | undefined): void {
    const { ints } = this.#control;
    const broken = this.#members.filter(({ number }) => Atomics.load(ints, wordsOf(number) + words.FAILED) !== 0);
    for (const { thread } of broken) this.#remove(thread);
    if (!this.job.repeatable) {
      throw new WorkerLostError(
        "A worker failed while it overwrote its input: the output of this call is half-written.",
      );
    }
    feed?.restore(share);
    this.job.run(share, share + 1);
  }

  /** Gives workers up that fell silent. They may write to their part of the job until they have really ended. */
  #lose(silent: readonly Member[]): never {
    const giveBack = this.#setAside(this.job.outputs);
    let left = silent.length;
    for (const { thread } of silent) {
      const atEnd = () => {
        if (--left === 0) giveBack();
      };
      if (thread.tellsEnd) this.#afterEnd.set(thread, atEnd);
      this.#remove(thread);
    }
    this.#dismiss();
    for (const { thread } of silent) thread.terminate();
    // A lost worker that wakes up again must not find the jobs of those who stay.
    const { floats } = this.#control;
    this.#control = new Control();
    this.#claim = new Claim(this.#control.ints, false);
    this.#control.floats.set(floats.subarray(words.OWN_SCRATCH), words.OWN_SCRATCH);
    this.#control.floats[words.SCRATCH] = floats[words.SCRATCH];
    this.job = new Job(this.#control, this.#kernels);
    for (const { thread, number } of this.#members) thread.post(this.#joinOf(number));
    const seconds = this.#settings.deadline / 1000;
    throw new WorkerLostError(
      `A worker has given no sign for ${seconds} s and is being ended: the output of this call is half-written.`,
    );
  }
}

/** Whether this thread may sleep: a browser's main thread may not. */
function mayWait(ints: Int32Array): boolean {
  try {
    Atomics.wait(ints, words.OPEN, 1, 0);
    return true;
  } catch {
    return false;
  }
}
