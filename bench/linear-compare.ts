// Linear losses in rounds in which everybody takes a turn, judged before and after. A library that fails, disagrees or takes
// long is left out, and the reason is said; where we do, that is an Error.

import { linearSoftmaxCrossEntropy } from "xentropy/reference";
import { firstLine } from "./errors.js";
import type { LinearCall, LinearContender, LinearProblem, LinearResult } from "./linear-calls.js";
import { quantile } from "./record.js";

export interface Rounds {
  readonly rounds: number;
  /** Milliseconds for which each contender runs before it is timed, so that the engine has compiled all. */
  readonly warmUp: number;
  /** Calls are repeated until each of their products makes so many multiply-adds, in each round. */
  readonly work: number;
  /** Milliseconds after which a contender's round ends even so. */
  readonly roundTime: number;
}

/** Relative: of the loss, and of each gradient the norm of the difference. Other libraries sum rows in float32. */
export const TOLERANCE = 1e-5;

/** Multiply-adds of a product up to which the reference judges: seconds. Beyond, the first contender's result does. */
export const REFERENCE_WORK = 3e8;

/** Milliseconds that a call may take. */
const LIMIT = 20_000;

/** A loss and gradients to go by. */
type Expected = { readonly [name in keyof LinearResult]: name extends "loss" ? number : ArrayLike<number> };

/** Milliseconds of processor time of a call of each that could be measured, by name: the median of the rounds. */
export async function compareCalls(
  problem: LinearProblem,
  contenders: readonly LinearContender[],
  { rounds, warmUp, work, roundTime }: Rounds,
  leaveOut: (name: string, why: string) => void,
): Promise<Map<string, number>> {
  const repeats = Math.max(1, Math.round(work / workOf(problem)));
  const ready = new Map<LinearContender, LinearCall>();
  const times = new Map<LinearContender, number[]>();
  /** Whatever fails in a library costs its own figures alone. */
  const attempt = async (contender: LinearContender, step: () => Promise<void>) => {
    try {
      await step();
    } catch (error) {
      if (contender.own) throw new Error(`${contender.name}: ${firstLine(error)}`, { cause: error });
      leaveOut(contender.name, firstLine(error));
      times.delete(contender);
      await release(ready.get(contender));
      ready.delete(contender);
    }
  };
  let expected = workOf(problem) <= REFERENCE_WORK ? resultOfReference(problem) : undefined;
  for (const contender of contenders) {
    await attempt(contender, async () => {
      const entry = await contender.prepare(problem);
      ready.set(contender, entry);
      await withinLimit(async () => {
        const result = await entry.result();
        expected ??= copyOf(result);
        mustAgree(result, expected);
      });
      await withinLimit(async () => void (await entry.call()));
      for (const end = performance.now() + warmUp; performance.now() < end; ) await entry.call();
      times.set(contender, []);
    });
  }
  for (let round = 0; round < rounds; round++) {
    for (const [contender, entry] of rotated([...ready], round)) {
      await attempt(contender, async () => void times.get(contender)?.push(await timeOf(entry, repeats, roundTime)));
    }
  }
  for (const [contender, entry] of [...ready]) {
    await attempt(contender, async () => mustAgree(await entry.result(), expected as Expected));
  }
  for (const entry of ready.values()) await release(entry);
  return new Map([...times].map(([{ name }, each]) => [name, quantile(each, 0.5)]));
}

function workOf({ size: [n, depth, classes] }: LinearProblem): number {
  return n * depth * classes;
}

function rotated<T>(list: readonly T[], by: number): T[] {
  return list.map((_, i) => list[(i + by) % list.length]);
}

/** Milliseconds of processor time of a call. */
async function timeOf(entry: LinearCall, repeats: number, roundTime: number): Promise<number> {
  const start = process.cpuUsage();
  const end = performance.now() + roundTime;
  let calls = 0;
  do await entry.call();
  while (++calls < repeats && performance.now() < end);
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000 / calls;
}

async function withinLimit(step: () => Promise<void>): Promise<void> {
  const start = performance.now();
  await step();
  const time = performance.now() - start;
  if (time > LIMIT) throw new Error(`a call takes ${(time / 1000).toFixed(0)} s`);
}

/** What failed may fail again here. */
async function release(entry: LinearCall | undefined): Promise<void> {
  try {
    await entry?.free();
  } catch {}
}

function resultOfReference({ size: [n, depth], features, weights, bias, labels }: LinearProblem): Expected {
  const options = { shape: [n, depth], bias, grad: true } as const;
  const { loss, grad } = linearSoftmaxCrossEntropy(features, weights, labels, options);
  return { loss, ...grad };
}

function copyOf({ loss, features, weights, bias }: LinearResult): Expected {
  return { loss, features: features.slice(), weights: weights.slice(), bias: bias.slice() };
}

function mustAgree(actual: LinearResult, expected: Expected): void {
  if (!(Math.abs(actual.loss - expected.loss) <= TOLERANCE * expected.loss)) {
    throw new Error(`its loss is ${actual.loss}, expected ${expected.loss}`);
  }
  for (const name of ["features", "weights", "bias"] as const) {
    const [a, e] = [actual[name], expected[name]];
    if (a.length !== e.length) throw new Error(`its gradient to the ${name} has ${a.length} elements, not ${e.length}`);
    const error = distance(a, e);
    if (!(error <= TOLERANCE)) throw new Error(`its gradient to the ${name} is off by ${error.toExponential(1)}`);
  }
}

/** The norm of the difference, relative to what is expected. */
function distance(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return Math.sqrt(difference / norm);
}
