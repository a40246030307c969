import type { CompiledModule } from "../binaries/binaries.js";
import {
  ASLEEP,
  AT,
  CALLER_ASLEEP,
  Claim,
  Control,
  DONE,
  FAILED,
  GIVEN_UP,
  JOB,
  OPEN,
  STARTED,
  STOP,
  TAKEN,
  wordsOf,
} from "./control.js";
import { Job, type Kernel } from "./job.js";

/** WebAssembly.Memory, where its type is known. */
type SharedMemory = typeof globalThis extends { WebAssembly: { Memory: { prototype: infer Memory } } }
  ? Memory
  : object;

/** What a worker needs to take part. */
export interface Start {
  module: CompiledModule;
  memory: SharedMemory;
  /** The kernels by index. */
  names: readonly string[];
}

/** A new control memory to work by, from now on. */
export interface Join {
  control: SharedArrayBuffer;
  /** The worker's number in it. */
  worker: number;
  /** Milliseconds to look for the next job before sleeping. */
  spin: number;
}

/** The kernels on the shared memory, by index. */
export function kernelsOf({ module, memory, names }: Start): Kernel[] {
  const { exports } = new WebAssembly.Instance(module as WebAssembly.Module, {
    env: { memory: memory as WebAssembly.Memory },
  });
  return names.map((name) => exports[name] as unknown as Kernel);
}

/** Takes part in every job until it is told to stop; false where a kernel threw, or the pool has given the worker up. */
export function takePart(kernels: readonly Kernel[], { control, worker, spin }: Join): boolean {
  const shared = new Control(control);
  const { ints } = shared;
  const own = wordsOf(worker);
  const job = new Job(shared, kernels);
  const claim = new Claim(ints, true);
  let seen = 0;
  Atomics.store(ints, own + STARTED, 1);
  Atomics.notify(ints, own + STARTED);
  while (Atomics.load(ints, STOP) === 0) {
    const number = nextJob(ints, seen, spin);
    if (number === seen) continue;
    if (Atomics.load(ints, own + GIVEN_UP) === 1) return false;
    seen = number;
    // The caller waits for whoever is at a job that it closes; so a worker says that it is there before it looks.
    Atomics.store(ints, own + AT, number);
    let failed = -1;
    if (Atomics.load(ints, OPEN) === number) {
      job.load(worker);
      failed = work(ints, job, claim, own + TAKEN);
    }
    if (failed >= 0) Atomics.store(ints, own + FAILED, failed + 1);
    Atomics.store(ints, own + AT, 0);
    if (Atomics.load(ints, CALLER_ASLEEP) === 1) Atomics.notify(ints, own + AT);
    if (failed >= 0) return false;
  }
  return true;
}

/** The number of a job other than `seen`, or `seen` again when woken without one. */
function nextJob(ints: Int32Array, seen: number, spin: number): number {
  const start = performance.now();
  for (let now = start; now - start < spin && Atomics.load(ints, STOP) === 0; now = performance.now()) {
    for (let i = 0; i < 100; i++) {
      const number = Atomics.load(ints, JOB);
      if (number !== seen) return number;
    }
    // A caller that doesn't close its job has lost its processor, perhaps to this worker.
    if (now - start > spin / 5 && Atomics.load(ints, OPEN) !== 0) break;
  }
  Atomics.add(ints, ASLEEP, 1);
  if (Atomics.load(ints, STOP) === 0) Atomics.wait(ints, JOB, seen);
  Atomics.sub(ints, ASLEEP, 1);
  return Atomics.load(ints, JOB);
}

/** Computes shares until none is left; returns the one in which the kernel threw, or −1. */
function work(ints: Int32Array, job: Job, claim: Claim, taken: number): number {
  for (;;) {
    if (!claim.take()) {
      if (claim.over || Atomics.load(ints, OPEN) === 0) return -1;
      continue; // The caller is still staging.
    }
    const { from, to } = claim;
    try {
      job.run(from, to);
    } catch {
      return from;
    }
    ints[taken] += to - from;
    for (let share = from; share < to; share++) Atomics.store(ints, DONE + share, 1);
  }
}
