// How time is taken. Noise comes in bursts and clocks drift with heat, so contenders take turns: a round is one short run
// of each, the order rotates from round to round, and the figure for a contender is the first quartile of its rounds: rounds
// that another program interrupted don't count, and no single lucky one does.

export interface Contender {
  readonly name: string;
  /** Computes once; what it returns is kept, so that no call can be left out. */
  readonly call: () => number;
}

export interface Effort {
  readonly rounds: number;
  /** Milliseconds that a contender runs in one round, or 20 ticks of the clock where these are longer. */
  readonly roundTime: number;
  /** Milliseconds that a contender runs before the first round, until the engine has optimised it. */
  readonly warmupTime: number;
}

export const THOROUGH: Effort = { rounds: 31, roundTime: 3, warmupTime: 50 };
export const QUICK: Effort = { rounds: 9, roundTime: 1.5, warmupTime: 20 };

let consumed = 0;

/**
 * Nanoseconds of one call, for each contender. Rounds that come out much too short are run again with more calls: an engine
 * may have optimised a contender after its calls were counted.
 */
export function measure(contenders: readonly Contender[], { rounds, roundTime, warmupTime }: Effort): number[] {
  const time = Math.max(roundTime, 20 * clockStep());
  const calls = contenders.map((contender) => callsIn(contender, time, warmupTime));
  for (let again = 3; ; again--) {
    const times: number[][] = contenders.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < contenders.length; turn++) {
        const which = (round + turn) % contenders.length;
        times[which].push(run(contenders[which], calls[which]));
      }
    }
    if (Number.isNaN(consumed)) throw new Error("A contender gave NaN.");
    const typical = times.map(firstQuartile);
    if (again === 0 || typical.every((each) => each >= time / 4))
      return typical.map((each, i) => (each / calls[i]) * 1e6);
    for (const [i, each] of typical.entries()) if (each < time / 4) calls[i] *= 4;
  }
}

/** Milliseconds from one tick of the clock to the next: a browser may have made them a whole millisecond. */
function clockStep(): number {
  let step = Infinity;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    let next = start;
    while (next === start) next = performance.now();
    step = Math.min(step, next - start);
  }
  return step;
}

/** Milliseconds of some calls. */
function run({ call }: Contender, calls: number): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) consumed += call();
  return performance.now() - start;
}

/**
 * Runs a contender warm, and finds how many of its calls fill half a round: three runs one after the other must, for one
 * alone may have been interrupted.
 */
function callsIn(contender: Contender, roundTime: number, warmupTime: number): number {
  const end = performance.now() + warmupTime;
  let calls = 1;
  for (let long = 0; long < 3 || performance.now() < end; ) {
    if (run(contender, calls) >= roundTime / 2) long++;
    else {
      calls *= 2;
      long = 0;
    }
  }
  return calls;
}

function firstQuartile(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 2];
}
