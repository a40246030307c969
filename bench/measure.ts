// How time is taken. Noise on a shared machine comes in bursts longer than a call and shorter than a run, and clocks drift
// with heat. So contenders take turns: a round is one short run of each, and the order rotates from round to round.
//
// tinybench by itself runs a task to its end before the next begins. Here a task is reset and run again for every round:
// `runSync` of a single task with a budget of a few milliseconds, in which every sample is a batch of calls long enough
// for the clock. A round gives its median; the figure for a contender is the median of its rounds, and its ratio to the
// baseline is the ratio of those medians. Beside it stand the quartiles of the ratios of the single rounds, in which both
// sides ran within milliseconds of each other.

import { Bench, type FnReturnedObject, type Task } from "tinybench";

export interface Effort {
  readonly rounds: number;
  /** Milliseconds that a contender runs in one round. At least one batch is run. */
  readonly roundTime: number;
  /** Milliseconds that a contender runs before the first round, until the engine has optimised it. */
  readonly warmupTime: number;
}

export const THOROUGH: Effort = { rounds: 41, roundTime: 3, warmupTime: 60 };
export const QUICK: Effort = { rounds: 11, roundTime: 2, warmupTime: 25 };

export interface Timing {
  readonly name: string;
  /** Nanoseconds of one call: the median of the rounds. */
  readonly median: number;
  /** How many times faster than the baseline: ratio of the medians, and quartiles of the rounds' ratios. */
  readonly speedup: { readonly median: number; readonly low: number; readonly high: number };
  /** Nanoseconds of one call in each round. */
  readonly rounds: readonly number[];
}

/** A sample lasts at least this many milliseconds, so that reading the clock doesn't count. */
const SAMPLE_TIME = 0.1;

/** Times contenders against each other; the first is the baseline. */
export function measure(
  contenders: readonly { readonly name: string; readonly call: () => number }[],
  { rounds, roundTime, warmupTime }: Effort,
): Timing[] {
  const bench = new Bench({ warmup: false, iterations: 1, time: roundTime, throws: true });
  for (const { name, call } of contenders) {
    const calls = callsPerSample(call, warmupTime);
    bench.add(name, () => sample(call, calls), { async: false });
  }
  const times: number[][] = contenders.map(() => []);
  const { tasks } = bench;
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < tasks.length; turn++) {
      const which = (round + turn) % tasks.length;
      times[which].push(oneRound(tasks[which]));
    }
  }
  return contenders.map(({ name }, i) => {
    const ratios = times[i].map((time, round) => times[0][round] / time);
    const median = quantile(times[i], 0.5);
    const speedup = {
      median: quantile(times[0], 0.5) / median,
      low: quantile(ratios, 0.25),
      high: quantile(ratios, 0.75),
    };
    return { name, median, speedup, rounds: times[i] };
  });
}

/** Median nanoseconds of a call in one short run. */
function oneRound(task: Task): number {
  task.reset(false);
  const { result } = task.runSync();
  if (result.state !== "completed") throw new Error(`${task.name} was ${result.state}`);
  return result.latency.p50 * 1e6;
}

function sample(call: () => number, calls: number): FnReturnedObject {
  const start = performance.now();
  for (let i = 0; i < calls; i++) consumed += call();
  const elapsed = performance.now() - start;
  return { overriddenDuration: elapsed / calls, overriddenIterationCost: elapsed };
}

/** Every result ends here, so that no call can be left out. */
let consumed = 0;

/** Runs a contender warm, and finds how many calls make up a sample. */
function callsPerSample(call: () => number, warmupTime: number): number {
  let calls = 1;
  const end = performance.now() + warmupTime;
  for (;;) {
    const elapsed = sample(call, calls).overriddenIterationCost as number;
    if (elapsed < SAMPLE_TIME) calls *= 2;
    else if (performance.now() >= end) break;
  }
  if (Number.isNaN(consumed)) throw new Error("A contender gave NaN");
  return calls;
}

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const above = Math.ceil(at);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}
