// What --targets prints.

import { describeMachine } from "./machine.js";
import type { RunRecord } from "./record.js";
import { heading, significant, table } from "./table.js";
import { judge, type Verdict } from "./targets.js";

export function targetsReport(records: readonly RunRecord[]): string {
  const verdicts = judge(records);
  const lines = [
    heading("Targets of speed", "═"),
    ...new Set(records.map(({ machine }) => describeMachine(machine))),
    "Ratios of medians in one run, one core; of several shapes the worst.",
  ];
  for (const against of new Set(verdicts.map((verdict) => verdict.against))) {
    const mine = verdicts.filter((verdict) => verdict.against === against);
    lines.push("", heading(against), verdictTable(mine));
  }
  lines.push("", summary(verdicts));
  return lines.join("\n");
}

export function summary(verdicts: readonly Verdict[]): string {
  const measured = verdicts.filter(({ ratio }) => ratio !== undefined);
  const met = measured.filter(({ meets }) => meets).length;
  const unmeasured = verdicts.length - measured.length;
  return `${met} met, ${measured.length - met} missed, ${unmeasured} not measured`;
}

/** "≥ 8x" */
export function boundOf({ sense, bound }: Verdict): string {
  return `${sense === "least" ? "≥" : "≤"} ${bound}x`;
}

export function stateOf({ ratio, meets }: Verdict): "meets" | "misses" | "not measured" {
  return ratio === undefined ? "not measured" : meets ? "meets" : "misses";
}

function verdictTable(verdicts: readonly Verdict[]): string {
  return table(
    [
      ["operation", "left"],
      ["engine", "left"],
      ["backend", "left"],
      ["target", "right"],
      ["measured", "right"],
      ["", "left"],
      ["at", "left"],
    ],
    verdicts.map((verdict) => [
      verdict.operation,
      verdict.engine,
      verdict.backend,
      boundOf(verdict),
      verdict.ratio === undefined ? "" : `${significant(verdict.ratio)}x`,
      stateOf(verdict),
      verdict.note,
    ]),
  );
}
