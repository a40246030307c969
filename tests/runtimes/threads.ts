/**
 * What every runtime shows of threads, on the package as it was installed there; or, where they can't be had, how it says
 * so. Plain ECMAScript.
 */
import type * as Package from "../../src/index.js";
import type { Xentropy as Kernels } from "../../src/kernels.js";
import type { Threads } from "../../src/threads/index.js";
import type { Spawn, Thread } from "../../src/threads/platform.js";
import { CASES } from "../golden/cases.js";
import { Hash, Random } from "../golden/inputs.js";
import { claim, differing, type Outcome, outcomesOf, type Setup } from "./program.js";

/** Parts of the package that only its own files reach: to share what is small, and to end workers. */
export interface Internals {
  readonly Threads: typeof Threads;
  readonly Xentropy: new (engine: Threads["engine"], maximumMemory: number, threads: Threads) => Kernels;
  spawner(): Promise<Spawn>;
  /** The binary for shared memory. */
  readonly module: object;
}

const MEMORY = 256 << 20;

/** Every batch is shared, in shares as small as can be. */
const EAGER = { worthSharing: 0, worthWaking: 0, share: 1, copiedShare: 1, spin: 1, patience: Infinity };

/** Batches that are worth sharing, in the kernels' memory and not. */
function largeResults(k: Package.Xentropy): string {
  const random = new Random(77);
  const hash = new Hash();
  for (const shape of [
    [400, 1000],
    [1, 400_003],
  ]) {
    const x = random.floats(shape[0] * shape[1], -8, 16);
    const labels = random.integers(shape[0], shape[1]);
    const resident = k.alloc(shape).set(x);
    for (const batch of [x, resident]) {
      hash.add(k.softmax(batch, { shape }));
      hash.add(k.sigmoid(batch, { shape }));
      hash.add(k.softmaxCrossEntropy(batch, labels, { shape, grad: true }));
    }
    resident.free();
  }
  return hash.toString();
}

async function given({ xentropy, golden }: Setup): Promise<string> {
  const expected = largeResults(await xentropy.load());
  const two = await xentropy.load({ threads: 2 });
  const auto = await xentropy.load({ threads: "auto" });
  claim(two.threads === 2, `${two.threads} threads where 2 were asked for`);
  for (const k of [two, auto]) claim(largeResults(k) === expected, `other bits on ${k.threads} threads`);
  const equal = differing(two, golden);
  const counts = `2 threads, "auto" ${auto.threads}`;
  for (const k of [two, auto]) {
    k.dispose();
    claim(codeOf(xentropy, () => k.softmax(Float32Array.of(1, 2))) === "FREED", "disposed kernels still compute");
  }
  return `${counts}; ${equal}`;
}

function codeOf(xentropy: Setup["xentropy"], attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    return error instanceof xentropy.XentropyError ? error.code : undefined;
  }
}

async function refused({ xentropy, golden }: Setup, word: string): Promise<string> {
  const error: unknown = await xentropy.load({ threads: 2 }).catch((caught) => caught);
  claim(error instanceof xentropy.BackendError, `no error of the package: ${error}`);
  claim(error.message.includes(word), `it doesn't say ${word}: ${error.message}`);
  const k = await xentropy.load({ threads: "auto" });
  claim(k.threads === 1, `"auto" has ${k.threads} threads`);
  return `refused, naming ${word}; "auto" is 1, ${differing(k, golden)}`;
}

/** Every case on two workers that take part in all that can be shared. */
async function shared({ golden }: Setup, { Threads, Xentropy, spawner, module }: Internals): Promise<string> {
  const threads = new Threads("simd", module as never, MEMORY, EAGER);
  await threads.start(2, await spawner());
  const k = new Xentropy(threads.engine, MEMORY, threads);
  const equal = differing(k, golden);
  const { taken } = threads;
  k.dispose();
  claim(taken > CASES.length, `workers computed ${taken} shares alone`);
  return `${equal}, ${taken} shares computed by workers`;
}

async function killed({ xentropy }: Setup, { Threads, Xentropy, spawner, module }: Internals): Promise<string> {
  const expected = largeResults(await xentropy.load());
  const threads = new Threads("simd", module as never, MEMORY, EAGER);
  const spawn = await spawner();
  const workers: Thread[] = [];
  await threads.start(2, (listener) => {
    const thread = spawn(listener);
    workers.push(thread);
    return thread;
  });
  const k = new Xentropy(threads.engine, MEMORY, threads);
  claim(largeResults(k) === expected, "other bits before");
  workers[0].terminate();
  await new Promise((resolve) => setTimeout(resolve, 500));
  const before = threads.taken;
  claim(largeResults(k) === expected, "other bits after one worker's end");
  claim(threads.taken > before, "the other worker computes nothing");
  workers[1].terminate();
  await new Promise((resolve) => setTimeout(resolve, 500));
  claim(largeResults(k) === expected, "other bits without workers");
  const count = k.threads;
  k.dispose();
  return `right after each of two ends; k.threads says ${count}`;
}

/** `expected`: whether threads can be had here, or the word by which the error says what is missing. */
export function threaded(setup: Setup, expected: true | string, internals?: Internals): Promise<Outcome[]> {
  if (expected !== true) return outcomesOf({ threads: () => refused(setup, expected) });
  return outcomesOf({
    threads: () => given(setup),
    ...(internals && { shares: () => shared(setup, internals), "worker killed": () => killed(setup, internals) }),
  });
}
