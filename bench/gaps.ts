// Engines side by side: how far apart they are. Of two engines the ratio is taken round by round, for those of a round stand
// beside each other in time, and the median of the ratios counts: half of the rounds may fall into phases in which the machine
// is slow, or on an edge of one, and it doesn't move. A ratio of medians would, if the phase caught one engine's middle round.

import { operations } from "./operations.js";
import { quantile, type Result, type RunRecord, type Timing, timingOf } from "./record.js";
import { significant } from "./table.js";

export interface Gap {
  readonly slower: string;
  readonly faster: string;
  readonly ratio: number;
}

/** The newest Node stands for itself; the others are there once. */
const NEWEST = ["Node 26", "Deno", "Bun", "Chromium"];

export function sideBySideOf(records: readonly RunRecord[]): RunRecord[] {
  return records.filter(({ sideBySide }) => sideBySide);
}

/** The newest version of each engine. */
export function newestOf(records: readonly RunRecord[]): RunRecord[] {
  return sideBySideOf(records).filter(({ machine }) => NEWEST.some((name) => machine.engine.startsWith(name)));
}

/** The largest gap between any two, if two have measured the operation. */
export function largestGap(records: readonly RunRecord[], operation: string): Gap | undefined {
  const all = records.flatMap((record) => {
    const rounds = simdOf(record, operation)?.timing.rounds;
    return rounds ? [{ name: record.machine.engine.split(" ")[0], rounds }] : [];
  });
  const gaps = all.flatMap((slower) =>
    all
      .filter((faster) => faster !== slower)
      .map(
        (faster): Gap => ({ slower: slower.name, faster: faster.name, ratio: ratioOf(slower.rounds, faster.rounds) }),
      ),
  );
  return gaps.sort((a, b) => b.ratio - a.ratio)[0];
}

function ratioOf(a: readonly number[], b: readonly number[]): number {
  const ratios = a.slice(0, b.length).map((ns, round) => ns / b[round]);
  return quantile(ratios, 0.5);
}

function simdOf({ results }: RunRecord, operation: string): { result: Result; timing: Timing } | undefined {
  const result = results.find((r) => r.operation === operation);
  const timing = result && timingOf(result, "simd", "resident");
  return timing && { result, timing };
}

/** Nanoseconds an element of an operation, the median of its rounds. */
export function perElement(record: RunRecord, operation: string): number | undefined {
  const found = simdOf(record, operation);
  return found && found.timing.ns / found.result.elements;
}

/** A line an operation: nanoseconds an element on each engine, and the largest gap between newest versions. */
export function gapTable(records: readonly RunRecord[]): { heads: string[]; rows: string[][] } {
  const beside = sideBySideOf(records);
  const rows = operations.flatMap(({ name }) => {
    const times = beside.map((record) => perElement(record, name));
    if (times.every((ns) => ns === undefined)) return [];
    const gap = largestGap(newestOf(records), name);
    const cells = times.map((ns) => (ns === undefined ? "" : significant(ns)));
    return [[name, ...cells, gap ? `${significant(gap.ratio)}x` : "", gap ? `${gap.slower} : ${gap.faster}` : ""]];
  });
  return { heads: ["", ...beside.map(({ machine }) => machine.engine), "largest gap", "of"], rows };
}
