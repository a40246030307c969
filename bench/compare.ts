// One case from start to end: contenders are prepared, judged, timed, and judged again on the input they ended with.

import { requireAgreement } from "./agreement.js";
import type { Case } from "./cases.js";
import type { Contender } from "./contenders.js";
import { type Effort, measure, type Timing } from "./measure.js";

export interface Comparison extends Pick<Case, "operation" | "shape" | "distribution"> {
  readonly timings: readonly Timing[];
}

/** The first contender is the baseline. Throws an Error if one disagrees with it. */
export function compare(given: Case, contenders: readonly Contender[], effort: Effort): Comparison {
  const { operation, shape, distribution } = given;
  const problem = given.problem();
  const runs = contenders.map((contender) => contender.prepare(given, problem));
  const judge = () => {
    for (const run of runs) {
      run.call();
      requireAgreement(operation, run);
    }
  };
  judge();
  const timings = measure(runs, effort);
  judge();
  return { operation, shape, distribution, timings };
}
