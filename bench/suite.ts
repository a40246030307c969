// A run: every case from start to end. Contenders are prepared, judged, timed, and judged again. Nothing here knows the
// engine it runs on; main.ts, and browser.ts in a page, give it what differs.

import { disagreement } from "./agreement.js";
import { type Case, casesOf, parseShape, type Selection } from "./cases.js";
import type { Contender, Entry } from "./contenders.js";
import { Limit, type Pass } from "./limit.js";
import type { Machine } from "./machine.js";
import { type Effort, measure, median, type Timed } from "./measure.js";
import type { Expected, Operation } from "./operation.js";
import { makeProblem, type Problem } from "./problems.js";
import type { Kind, Placement, Result, RunRecord, Timing } from "./record.js";

export interface Surroundings {
  readonly machine: Machine;
  readonly effort: Effort;
  readonly contenders: readonly Contender[];
  readonly placements: readonly Placement[];
  readonly limits: readonly Limit[];
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: Readonly<Record<string, string>>;
}

/** Runs all cases; `hear` is told of each result as it comes. */
export async function runSuite(
  selection: Selection,
  around: Surroundings,
  hear: (result: Result, done: number, of: number) => void,
): Promise<RunRecord> {
  const { machine, effort, versions } = around;
  const missing: Record<string, string> = { ...around.missing };
  const date = new Date().toISOString();
  const results: Result[] = [];
  const cases = casesOf(selection);
  for (const given of cases) {
    const result = await runCase(given, around, missing);
    results.push(result);
    hear(result, results.length, cases.length);
  }
  return { machine, effort, date, versions, missing, results };
}

async function runCase(
  { operation, shape, spread }: Case,
  around: Surroundings,
  missing: Record<string, string>,
): Promise<Result> {
  const parsed = parseShape(shape);
  if (!parsed) throw new Error(`"${shape}" is no shape.`);
  const problem = makeProblem(operation, parsed.shape, parsed.axis, spread);
  // The libraries of bench/peers are compared where their results agree: widely spread logits cost most of them digits.
  const contenders = around.contenders.filter(({ kind }) => isOwn(kind) || spread === "normal");
  const compared = await compare(operation, problem, { ...around, contenders }, (name, why) => {
    missing[`${name}: ${operation.name} ${shape}`] = why;
  });
  return { operation: operation.name, shape, elements: problem.x.length, spread, ...compared };
}

/** One problem. Throws an Error if JavaScript or the kernels miss the reference; `leaveOut` hears of peers that can't. */
export async function compare(
  operation: Operation,
  problem: Problem,
  around: Pick<Surroundings, "effort" | "contenders" | "placements" | "limits">,
  leaveOut: (name: string, why: string) => void = () => {},
): Promise<Pick<Result, "timings" | "passes">> {
  const expected = operation.reference(problem);
  const entries = await enter(operation, problem, around, leaveOut);
  const before = await judge(operation, problem, expected, entries);
  const passes = around.limits.flatMap((limit) => [...passesOf(operation)].map((pass) => ({ limit, pass })));
  const timed: Timed[] = [
    ...entries,
    ...passes.map(({ limit, pass }) => ({ name: `${limit.backend} ${pass}`, call: limit.call(pass) })),
  ];
  const times = await measure(timed, around.effort);
  const after = await judge(operation, problem, expected, entries);
  for (const entry of entries) entry.free?.();
  const timings = entries.map(({ name, kind, placement }, i): Timing => {
    const differs = before[i] ?? after[i];
    const rounds = times[i].map((ns) => Number(ns.toPrecision(5)));
    return { name, kind, placement, ns: median(rounds), rounds, ...(differs && { differs }) };
  });
  const byBackend: Record<string, Record<string, number>> = {};
  passes.forEach(({ limit, pass }, i) => {
    byBackend[limit.backend] ??= {};
    byBackend[limit.backend][pass] = median(times[entries.length + i]) / Limit.floats;
  });
  return { timings, passes: byBackend };
}

/** Prepares everyone. A peer that can't is left out. */
async function enter(
  operation: Operation,
  problem: Problem,
  { contenders, placements }: Pick<Surroundings, "contenders" | "placements">,
  leaveOut: (name: string, why: string) => void,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const contender of contenders) {
    const own = isOwn(contender.kind);
    for (const placement of contender.placements) {
      if (contender.kind !== "javascript" && !placements.includes(placement)) continue;
      try {
        const entry = await contender.prepare(operation, problem, placement);
        if (!entry) continue;
        // One that fails at its first call is left out too.
        if (!own) await entry.call();
        entries.push(entry);
      } catch (error) {
        if (own) throw error;
        leaveOut(contender.name, error instanceof Error ? error.message.split("\n")[0] : String(error));
      }
    }
  }
  return entries;
}

/** How each misses the reference. Only a peer may: anyone else's miss is an Error. */
async function judge(
  operation: Operation,
  problem: Problem,
  expected: Expected,
  entries: readonly Entry[],
): Promise<(string | undefined)[]> {
  const misses: (string | undefined)[] = [];
  for (const { name, kind, placement, result } of entries) {
    const miss = disagreement(operation, problem, expected, await result());
    if (miss && isOwn(kind)) {
      const what = `${operation.name} ${problem.shape.join("x")}`;
      throw new Error(`${name} (${placement}) disagrees with the reference on ${what}: ${miss}`);
    }
    misses.push(miss);
  }
  return misses;
}

/** Whether it is ours to get right. */
function isOwn(kind: Kind): boolean {
  return kind === "javascript" || kind === "xentropy";
}

/** Passes of an operation, and the copy that foreign arrays need. */
function passesOf({ passes }: Operation): Set<Pass> {
  return new Set([...passes, "copy"]);
}
