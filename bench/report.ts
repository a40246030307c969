// What is printed, and what is written as JSON: both from the same comparisons.

import type { Comparison } from "./compare.js";
import type { Machine } from "./machine.js";
import type { Effort } from "./measure.js";
import { type Column, short, significant, table } from "./table.js";

/** Columns of a comparison: nanoseconds an element for everyone, then speed and speed-up of all but the baseline. */
export function comparisonColumns(contenders: readonly string[], first: readonly string[]): Column[] {
  const [baseline, ...others] = contenders;
  return [
    ...first.map((heading): Column => [heading, "left"]),
    [`${baseline} ns/element`, "right"],
    ...others.flatMap((name): Column[] => [
      [`${name} ns/element`, "right"],
      ["elements/s", "right"],
      ["speed-up", "right"],
      ["quartiles", "right"],
    ]),
  ];
}

/** Cells for those columns, behind `first`. */
export function comparisonRow({ shape, timings }: Comparison, first: readonly string[]): string[] {
  const elements = shape[0] * shape[1];
  const [baseline, ...others] = timings.map((timing) => ({ ...timing, perElement: timing.median / elements }));
  return [
    ...first,
    significant(baseline.perElement),
    ...others.flatMap(({ perElement, speedup: { median, low, high } }) => [
      significant(perElement),
      short(1e9 / perElement),
      `${significant(median)}x`,
      `${significant(low)}–${significant(high)}`,
    ]),
  ];
}

/** The table of one operation. */
export function operationTable(comparisons: readonly Comparison[]): string {
  const names = comparisons[0].timings.map(({ name }) => name);
  return table(
    comparisonColumns(names, ["shape", "logits"]),
    comparisons.map((c) => comparisonRow(c, [c.shape.join("x"), c.distribution])),
  );
}

/** The worst case and the best of every contender but the baseline. */
export function extremes(comparisons: readonly Comparison[]): string {
  const count = comparisons[0].timings.length;
  const lines: string[] = [];
  for (let i = 1; i < count; i++) {
    const ranked = [...comparisons].sort((a, b) => a.timings[i].speedup.median - b.timings[i].speedup.median);
    const say = ({ operation, shape, distribution, timings }: Comparison) =>
      `${significant(timings[i].speedup.median)}x  ${operation.name} ${shape.join("x")}, ${distribution} logits`;
    lines.push(`${ranked[0].timings[i].name} against ${ranked[0].timings[0].name}`);
    lines.push(`  least  ${say(ranked[0])}`, `  most   ${say(ranked[ranked.length - 1])}`);
  }
  return lines.join("\n");
}

/** Everything, for programs. */
export function toJson(
  about: { machine: Machine; backend: string; effort: Effort },
  comparisons: readonly Comparison[],
) {
  const results = comparisons.map(({ operation, shape, distribution, timings }) => ({
    operation: operation.name,
    shape,
    distribution,
    contenders: timings.map(({ name, median, speedup, rounds }) => ({
      name,
      nsPerCall: median,
      nsPerElement: median / (shape[0] * shape[1]),
      elementsPerSecond: (shape[0] * shape[1] * 1e9) / median,
      speedup,
      rounds,
    })),
  }));
  return `${JSON.stringify({ ...about, results }, undefined, 2)}\n`;
}
