// Engines side by side: how far apart they are.
//
// What else runs on the machine, or on the machine beneath a virtual one, only ever adds time, by steps of half as much again
// and more, for milliseconds or for minutes. Medians fall into one mode or another by chance. So the fastest round counts: all
// engines have equally many in the same stretches of time, and each round is a median itself, so that no slip of a clock is
// the fastest. Tried on five runs: ratios of fastest rounds come again within 1 %, those of medians, round by round or of all,
// within 4 %, and now and then a third off.

import { operations } from "./operations.js";
import { quantile, type Result, type RunRecord, timingOf } from "./record.js";
import { significant } from "./table.js";

export interface Gap {
  readonly slowest: string;
  readonly fastest: string;
  readonly ratio: number;
}

/** The newest Node stands for itself; the others are there once. */
const NEWEST = ["Node 26", "Deno", "Bun", "Chromium", "Firefox"];

export function sideBySideOf(records: readonly RunRecord[]): RunRecord[] {
  return records.filter(({ sideBySide }) => sideBySide);
}

/** The newest version of each engine. */
export function newestOf(records: readonly RunRecord[]): RunRecord[] {
  return sideBySideOf(records).filter(({ machine }) => NEWEST.some((name) => machine.engine.startsWith(name)));
}

/** Nanoseconds an element of an operation. */
export function perElement({ results }: RunRecord, operation: string): number | undefined {
  const result = results.find((r) => r.operation === operation);
  const timing = result && timingOf(result, "simd", "resident");
  return timing && Math.min(...timing.rounds) / result.elements;
}

/** Between the slowest and the fastest, if at least two have measured the operation. */
export function gapOf(records: readonly RunRecord[], operation: string): Gap | undefined {
  const times = records.flatMap((record) => {
    const ns = perElement(record, operation);
    return ns === undefined ? [] : [{ name: record.machine.engine.split(" ")[0], ns }];
  });
  if (times.length < 2) return undefined;
  times.sort((a, b) => a.ns - b.ns);
  const fastest = times[0];
  const slowest = times[times.length - 1];
  return { slowest: slowest.name, fastest: fastest.name, ratio: slowest.ns / fastest.ns };
}

/** A line an operation: nanoseconds an element on each engine, and the gap between newest versions. */
export function gapTable(records: readonly RunRecord[]): { heads: string[]; rows: string[][] } {
  const beside = sideBySideOf(records);
  const rows = operations.flatMap(({ name }) => {
    const times = beside.map((record) => perElement(record, name));
    if (times.every((ns) => ns === undefined)) return [];
    const gap = gapOf(newestOf(records), name);
    const cells = times.map((ns) => (ns === undefined ? "" : significant(ns)));
    return [[name, ...cells, gap ? `${significant(gap.ratio)}x` : "", gap ? `${gap.slowest} : ${gap.fastest}` : ""]];
  });
  return { heads: ["", ...beside.map(({ machine }) => machine.engine), "gap", "of newest"], rows };
}

/** One record an engine, with the rounds of all its visits. */
export function joinVisits(visits: readonly RunRecord[]): RunRecord[] {
  const engines = [...new Set(visits.map(({ machine }) => machine.engine))];
  return engines.map((engine) => {
    const mine = visits.filter(({ machine }) => machine.engine === engine);
    const rounds = mine.reduce((sum, { effort }) => sum + effort.rounds, 0);
    const effort = { ...mine[0].effort, rounds };
    return { ...mine[0], effort, results: mine[0].results.map((result) => joinResult(result, mine)) };
  });
}

function joinResult(first: Result, visits: readonly RunRecord[]): Result {
  const same = visits.flatMap(({ results }) => results.filter(({ operation }) => operation === first.operation));
  const timings = first.timings.map((timing) => {
    const rounds = same.flatMap((result) => timingOf(result, timing.name, timing.placement)?.rounds ?? []);
    return { ...timing, rounds, ns: quantile(rounds, 0.5) };
  });
  return { ...first, timings };
}
