// The kernels beside the fastest of all others, one line an operation: hand-written JavaScript or a library, each on
// Float32Arrays in and out.

import { TYPICAL } from "./cases.js";
import { operations } from "./operations.js";
import { isPeer, type RunRecord, type Timing, timingOf } from "./record.js";
import { labelOf } from "./report.js";
import { heading, significant, table } from "./table.js";

export interface BestRival {
  readonly operation: string;
  readonly shape: string;
  readonly rival: Timing;
  /** How many times as fast each backend is. */
  readonly ratios: Readonly<Record<string, number>>;
}

const BACKENDS = ["simd", "relaxed"];

/** Native code reads and writes JavaScript's arrays where they lie, so that its only placement is called resident. */
function takesArrays({ kind, placement }: Timing): boolean {
  return kind !== "xentropy" && (placement === "foreign" || kind === "native");
}

/** At 32x1000 or 100000 elements, logits N(0, 9). */
export function bestRivals({ results }: RunRecord): BestRival[] {
  return operations.flatMap(({ name }): BestRival[] => {
    const result = results.find((r) => r.operation === name && r.spread === "normal" && TYPICAL.includes(r.shape));
    const rival = result && fastest(result.timings.filter(takesArrays));
    if (!result || !rival) return [];
    const ratios = BACKENDS.flatMap((backend) => {
      const own = timingOf(result, backend, "foreign");
      return own ? [[backend, rival.ns / own.ns] as const] : [];
    });
    return [{ operation: name, shape: result.shape, rival, ratios: Object.fromEntries(ratios) }];
  });
}

function fastest(timings: readonly Timing[]): Timing | undefined {
  return [...timings].sort((a, b) => a.ns - b.ns)[0];
}

/** Whether there is a library among those that were measured. */
export function hasPeers({ results }: RunRecord): boolean {
  return results.some(({ timings }) => timings.some(({ kind }) => isPeer(kind)));
}

/** Headings and cells of the table. */
export function bestRivalTable(record: RunRecord): { heads: string[]; rows: string[][] } {
  const best = bestRivals(record);
  const backends = BACKENDS.filter((backend) => best.some(({ ratios }) => backend in ratios));
  const rows = best.map(({ operation, shape, rival, ratios }) => [
    operation,
    shape,
    ...backends.map((backend) => (backend in ratios ? `${significant(ratios[backend])}x` : "")),
    nameOf(rival),
  ]);
  return { heads: ["operation", "size", ...backends, "best rival"], rows };
}

/** A star: its result misses the reference. */
function nameOf({ name, placement, kind, differs }: Timing): string {
  return `${kind === "native" ? name : labelOf(name, placement).replace(/ foreign$/, "")}${differs ? "*" : ""}`;
}

/** For a terminal. */
export function bestRivalText(record: RunRecord): string {
  const { heads, rows } = bestRivalTable(record);
  const last = heads.length - 1;
  return [
    heading(`xentropy against the best rival, ${record.machine.engine}`),
    "Times as fast, Float32Arrays in and out; a star: some element is further than 1e-5 from the reference.",
    table(
      heads.map((text, i) => [text, i < 2 || i === last ? "left" : "right"]),
      rows,
    ),
  ].join("\n");
}
