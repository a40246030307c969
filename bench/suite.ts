// A run: every case from start to end. Contenders are prepared, judged, timed, and judged again. Nothing here knows the
// engine it runs on; here.ts, and page.ts in a page, give it what differs.

import { disagreement } from "./agreement.js";
import { type Case, casesOf, parseShape, type Selection } from "./cases.js";
import type { Contender, Entry } from "./contenders.js";
import { firstLine } from "./errors.js";
import { Limit, type Pass } from "./limit.js";
import type { Machine } from "./machine.js";
import { type Effort, measure, median, type Timed } from "./measure.js";
import type { Expected, Operation } from "./operation.js";
import { makeProblem, type Problem } from "./problems.js";
import { isPeer, type Placement, type Result, type RunRecord, type Timing } from "./record.js";

export interface Surroundings {
  readonly machine: Machine;
  readonly effort: Effort;
  /** Awaited before each round. */
  readonly turn?: (() => Promise<unknown>) | undefined;
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
    const limits = measuresPasses(given, cases) ? around.limits : [];
    const result = await runCase(given, { ...around, limits }, missing);
    results.push(result);
    hear(result, results.length, cases.length);
  }
  return { machine, effort, date, versions, missing, results: results.map((result) => withPasses(result, results)) };
}

/** Sizes at which a call's fixed cost and memory beyond the cache count for little: what the limit is about. */
export const LIMITED: readonly string[] = ["32x1000", "128x1000", "8x32000", "100000"];

/**
 * The passes walk over a buffer of their own, whatever the case's size. So they are timed in the rounds of the cases that
 * are judged by them, and the others take theirs from there.
 */
function measuresPasses({ operation, shape }: Case, cases: readonly Case[]): boolean {
  return LIMITED.includes(shape) || !cases.some((c) => c.operation === operation && LIMITED.includes(c.shape));
}

function withPasses(result: Result, results: readonly Result[]): Result {
  if (Object.keys(result.passes).length > 0) return result;
  const measured = results.find((r) => r.operation === result.operation && Object.keys(r.passes).length > 0);
  return measured ? { ...result, passes: measured.passes } : result;
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
  const contenders = around.contenders.filter(({ kind }) => !isPeer(kind) || spread === "normal");
  const compared = await compare(operation, problem, { ...around, contenders }, (name, why) => {
    missing[`${name}: ${operation.name} ${shape}`] = why;
  });
  return { operation: operation.name, shape, elements: problem.x.length, spread, ...compared };
}

/** One problem. Throws an Error if JavaScript or the kernels miss the reference; `leaveOut` hears of peers that can't. */
export async function compare(
  operation: Operation,
  problem: Problem,
  around: Pick<Surroundings, "effort" | "turn" | "contenders" | "placements" | "limits">,
  leaveOut: (name: string, why: string) => void = () => {},
): Promise<Pick<Result, "timings" | "passes">> {
  const expected = operation.reference(problem);
  const entries = await enter(operation, problem, around, leaveOut);
  const before = await judge(operation, problem, expected, entries);
  const failures = new Map<Entry, string>();
  const passes = around.limits.flatMap((limit) => [...passesOf(operation)].map((pass) => ({ limit, pass })));
  const timed: Timed[] = [
    ...entries.map((entry) => (isPeer(entry.kind) ? guarded(entry, (why) => failures.set(entry, why)) : entry)),
    ...passes.map(({ limit, pass }) => ({ name: `${limit.backend} ${pass}`, call: limit.call(pass) })),
  ];
  const times = await measure(timed, around.effort, around.turn);
  const after = await judge(operation, problem, expected, entries);
  for (const entry of entries) entry.free?.();
  for (const [{ name }, why] of failures) leaveOut(name, why);
  const timings = entries.flatMap((entry, i): Timing[] => {
    if (failures.has(entry)) return [];
    const { name, kind, placement } = entry;
    const differs = before[i] ?? after[i];
    const rounds = times[i].map((ns) => Number(ns.toPrecision(5)));
    return [{ name, kind, placement, ns: median(rounds), rounds, ...(differs && { differs }) }];
  });
  const byBackend: Record<string, Record<string, number>> = {};
  passes.forEach(({ limit, pass }, i) => {
    byBackend[limit.backend] ??= {};
    byBackend[limit.backend][pass] = median(times[entries.length + i]) / Limit.floats;
  });
  return { timings, passes: byBackend };
}

/** A peer whose call may fail in the middle of the rounds, which costs its figures and nobody else's. */
function guarded({ name, call, asynchronous = false }: Entry, fail: (why: string) => void): Timed {
  const failed = (error: unknown) => {
    fail(firstLine(error));
    return 0;
  };
  const guardedCall = () => {
    try {
      const returned = call();
      return typeof returned === "number" ? returned : returned.catch(failed);
    } catch (error) {
      return failed(error);
    }
  };
  return { name, call: guardedCall, asynchronous };
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
    const own = !isPeer(contender.kind);
    for (const placement of contender.placements) {
      if (contender.kind !== "javascript" && !placements.includes(placement)) continue;
      try {
        const entry = await contender.prepare(operation, problem, placement);
        if (!entry) continue;
        const why = own ? undefined : await refusal(entry);
        if (why === undefined) entries.push(entry);
        else leaveOut(contender.name, why);
      } catch (error) {
        if (own) throw error;
        leaveOut(contender.name, firstLine(error));
      }
    }
  }
  return entries;
}

/** A peer's call that takes longer costs a run minutes, and needs no median to be told from the others. */
const SLOW = 500;

/** Calls a peer for the first times. What it throws, the caller hears of. */
async function refusal(entry: Entry): Promise<string | undefined> {
  await entry.result();
  const start = performance.now();
  await entry.call();
  const elapsed = performance.now() - start;
  if (elapsed <= SLOW) return undefined;
  entry.free?.();
  return `a call takes ${(elapsed / 1000).toFixed(1)} s`;
}

/** How each misses the reference. Only a peer may: anyone else's miss is an Error. */
async function judge(
  operation: Operation,
  problem: Problem,
  expected: Expected,
  entries: readonly Entry[],
): Promise<(string | undefined)[]> {
  const misses: (string | undefined)[] = [];
  for (const entry of entries) {
    const { name, kind, placement } = entry;
    let miss: string | undefined;
    try {
      miss = disagreement(operation, problem, expected, await entry.result());
    } catch (error) {
      if (!isPeer(kind)) throw error;
      miss = firstLine(error);
    }
    if (miss && !isPeer(kind)) {
      const what = `${operation.name} ${problem.shape.join("x")}`;
      throw new Error(`${name} (${placement}) disagrees with the reference on ${what}: ${miss}`);
    }
    misses.push(miss);
  }
  return misses;
}

/** Passes of an operation, and the copy that foreign arrays need. */
function passesOf({ passes }: Operation): Set<Pass> {
  return new Set([...passes, "copy"]);
}
