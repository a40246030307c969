// How time is taken. Noise on a shared machine comes in bursts longer than a call and shorter than a run, and clocks drift
// with heat. So contenders take turns: a round is one short run of each, and the order rotates from round to round.
//
// tinybench by itself runs a task to its end before the next begins. Here a task is reset and run again for every round:
// a single task with a budget of a few milliseconds, in which every sample is a batch of calls long enough for the clock.
// A round gives its median; the figure for a contender is the median of its rounds.

import { Bench, type FnReturnedObject, type Task } from "tinybench";
import { quantile } from "./record.js";

export interface Effort {
  readonly rounds: number;
  /** Milliseconds that a contender runs in one round. At least one batch is run. */
  readonly roundTime: number;
  /** Milliseconds that a contender runs before the first round, until the engine has optimised it. */
  readonly warmupTime: number;
  /** Milliseconds of a case after which no further round begins, once there are `leastRounds`. */
  readonly caseTime: number;
  readonly leastRounds: number;
  /** Milliseconds that a sample lasts at least, so that reading the clock doesn't count; default 0.2. */
  readonly sampleTime?: number;
}

export const THOROUGH: Effort = { rounds: 21, roundTime: 2, warmupTime: 30, caseTime: 1500, leastRounds: 5 };
export const QUICK: Effort = { rounds: 11, roundTime: 1, warmupTime: 25, caseTime: 800, leastRounds: 3 };

/** For engines side by side: the clock of a page goes by steps of 5 microseconds; no engine stops before the others. */
const SIDE_BY_SIDE: Effort = {
  rounds: 17,
  roundTime: 4,
  warmupTime: 100,
  caseTime: 0,
  leastRounds: 17,
  sampleTime: 0.5,
};
const SIDE_BY_SIDE_QUICK: Effort = { ...SIDE_BY_SIDE, rounds: 5, leastRounds: 5 };

/** `turns`: beside other engines. */
export function effortOf(turns: boolean, quick: boolean): Effort {
  if (turns) return quick ? SIDE_BY_SIDE_QUICK : SIDE_BY_SIDE;
  return quick ? QUICK : THOROUGH;
}

export interface Timed {
  readonly name: string;
  readonly call: () => number | Promise<number>;
  /** Whether `call` returns a promise. */
  readonly asynchronous?: boolean;
}

/** Nanoseconds of a call of each, in each round, before which `turn` is awaited. */
export async function measure(
  contenders: readonly Timed[],
  effort: Effort,
  turn: () => Promise<unknown> = async () => {},
): Promise<number[][]> {
  const bench = new Bench({ warmup: false, iterations: 1, time: effort.roundTime, throws: true });
  for (const [i, { name, call, asynchronous = false }] of contenders.entries()) {
    const calls = await callsPerSample(call, asynchronous, effort);
    const unique = `${i} ${name}`;
    if (asynchronous) bench.add(unique, () => sampleAsync(call, calls), { async: true });
    else bench.add(unique, () => sample(call as () => number, calls), { async: false });
  }
  const times: number[][] = contenders.map(() => []);
  const { tasks } = bench;
  const end = performance.now() + effort.caseTime;
  for (let round = 0; round < effort.rounds && (round < effort.leastRounds || performance.now() < end); round++) {
    await turn();
    for (let i = 0; i < tasks.length; i++) {
      const which = (round + i) % tasks.length;
      times[which].push(await oneRound(tasks[which], contenders[which].asynchronous ?? false));
    }
  }
  if (Number.isNaN(consumed)) consumed = 0;
  return times;
}

/** Median nanoseconds of a call in one short run. */
async function oneRound(task: Task, asynchronous: boolean): Promise<number> {
  task.reset(false);
  const { result } = asynchronous ? await task.run() : task.runSync();
  if (result.state !== "completed") throw new Error(`${task.name} was ${result.state}`);
  return result.latency.p50 * 1e6;
}

function sample(call: () => number, calls: number): FnReturnedObject {
  const start = performance.now();
  for (let i = 0; i < calls; i++) consumed += call();
  return sampled(performance.now() - start, calls);
}

async function sampleAsync(call: () => number | Promise<number>, calls: number): Promise<FnReturnedObject> {
  const start = performance.now();
  for (let i = 0; i < calls; i++) consumed += await call();
  return sampled(performance.now() - start, calls);
}

function sampled(elapsed: number, calls: number): FnReturnedObject {
  return { overriddenDuration: elapsed / calls, overriddenIterationCost: elapsed };
}

/** Every result ends here, so that no call can be left out. */
let consumed = 0;

/** Runs a contender warm, and finds how many calls make up a sample. */
async function callsPerSample(
  call: Timed["call"],
  asynchronous: boolean,
  { warmupTime, sampleTime = 0.2 }: Effort,
): Promise<number> {
  let calls = 1;
  const end = performance.now() + warmupTime;
  for (;;) {
    const { overriddenIterationCost } = asynchronous
      ? await sampleAsync(call, calls)
      : sample(call as () => number, calls);
    if ((overriddenIterationCost as number) < sampleTime) calls *= 2;
    else if (performance.now() >= end) return calls;
  }
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}
