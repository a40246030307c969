// Tables for a terminal, one an operation.

import { describeMachine } from "./machine.js";
import { operations } from "./operations.js";
import { limitOf } from "./ratios.js";
import { type Result, type RunRecord, speedup, type Timing } from "./record.js";
import { type Column, heading, significant, table } from "./table.js";

/** All tables of a run. */
export function textReport(record: RunRecord): string {
  const { machine, effort, versions, missing, results } = record;
  const lines = [
    heading(`xentropy on ${machine.engine}`, "═"),
    describeMachine(machine),
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    `1 thread. Nanoseconds an element (x: times as fast as plain JavaScript), medians of ${effort.rounds} rounds in rotated order.`,
    'In the columns "limit": resident time as a multiple of the passes that the operation can\'t do without.',
    ...Object.entries(missing).map(([name, why]) => `Not measured: ${name}: ${why}`),
  ];
  for (const { name, title } of operations) {
    const mine = results.filter(({ operation }) => operation === name);
    if (mine.length > 0) lines.push("", heading(title), operationTable(mine));
  }
  const misses = results.flatMap((result) =>
    result.timings.filter(({ differs }) => differs).map((t) => miss(result, t)),
  );
  if (misses.length > 0) lines.push("", heading("Results further than 1e-5 from the reference"), ...misses);
  return lines.join("\n");
}

function miss({ operation, shape, spread }: Result, { name, placement, differs }: Timing): string {
  return `  ${name} (${placement}) on ${operation} ${shape} ${spread}: ${differs}`;
}

/** Contenders in the order of their first appearance. */
function contendersOf(results: readonly Result[]): { name: string; placement: string }[] {
  const seen = new Map<string, { name: string; placement: string }>();
  for (const { timings } of results) {
    for (const { name, placement } of timings) seen.set(`${name} ${placement}`, { name, placement });
  }
  return [...seen.values()];
}

function operationTable(results: readonly Result[]): string {
  const contenders = contendersOf(results);
  const limits = Object.keys(results[0].passes);
  const columns: Column[] = [
    ["shape", "left"],
    ["logits", "left"],
    ...contenders.map(({ name, placement }): Column => [labelOf(name, placement), "right"]),
    ...limits.map((backend): Column => [`limit ${backend}`, "right"]),
  ];
  const rows = results.map((result) => [
    result.shape,
    result.spread,
    ...contenders.map(({ name, placement }) => {
      const timing = result.timings.find((t) => t.name === name && t.placement === placement);
      return timing ? cell(result, timing) : "";
    }),
    ...limits.map((backend) => {
      const limit = limitOf(result, backend);
      return limit === undefined ? "" : `${limit.toFixed(2)}`;
    }),
  ]);
  return table(columns, rows);
}

export function labelOf(name: string, placement: string): string {
  if (name === "JavaScript") return name;
  // jax is another library.
  const short = name === "@jax-js/jax" ? "jax-js" : name.replace(/^@[^/]*\//, "");
  return `${short} ${placement}`;
}

function cell(result: Result, timing: Timing): string {
  const time = significant(timing.ns / result.elements);
  const baseline = result.timings.find(({ kind }) => kind === "javascript");
  if (!baseline || baseline === timing) return time;
  return `${time} ${`${significant(speedup(timing, baseline))}x`.padStart(6)}`;
}
