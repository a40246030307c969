// docs/performance.md: the tables of a set of records, where we lose among them.

import { bestRivalTable, hasPeers } from "./best-rival.js";
import { gapTable } from "./gaps.js";
import { describeMachine } from "./machine.js";
import { THOROUGH } from "./measure.js";
import { operations } from "./operations.js";
import { limitOf } from "./ratios.js";
import { isPeer, PLACEMENTS, type Placement, type Result, type RunRecord, speedup, timingOf } from "./record.js";
import { labelOf } from "./report.js";
import { LIMITED } from "./suite.js";
import { significant } from "./table.js";
import { judge } from "./targets.js";
import { boundOf, stateOf, summary } from "./verdict.js";

const INTRODUCTION = `# Performance

Everything here is written by \`npm run bench:report\`; don't edit it. The same command writes the plots to
\`build/performance.html\`.

How time is taken: every contender of a case runs in one process, in many short rounds whose order rotates; the figure is
the median of its rounds. Each result is compared with the float64 reference before and after it is timed. Before each call
two neighbours of the input change places. Rivals in plain JavaScript are written by hand (\`src/cli/rivals\`,
\`bench/rivals\`): typed arrays, fused loops, every output given. *Foreign* means a \`Float32Array\` in and out, *resident* a
batch in the kernels' memory. Logits are N(0, 9) unless "wide" is said: U(±100), where many results are subnormal or 0.

A size is rows x classes, or a shape and, after "/", its class axis: 8x64x4096/1 has 64 classes along axis 1. Of operations
on each element it is the number of elements. softmaxCrossEntropy is measured with labels, softmaxCrossEntropyDense is the
same with dense targets; binaryCrossEntropy with targets between 0 and 1, binaryCrossEntropyHard with 0 and 1. *The limit*
is the time of the passes that an operation can't do without (its maximum, exponentials and so on, and a copy of each foreign
array), each alone over a buffer in the first cache. The targets at the end are goals of speed that the project has set
itself. An empty cell was not measured: a library doesn't have the operation or fails there, or, for the limits of topK and
nllLoss, what can't be done without depends on the numbers or is next to nothing.`;

export function markdownReport(records: readonly RunRecord[]): string {
  const full = records.filter(({ results }) =>
    results.some(({ timings }) => timings.some((t) => t.placement === "foreign")),
  );
  const withPeers = full.filter(hasPeers);
  const sections = [
    INTRODUCTION,
    conditions(records),
    ...withPeers.filter(isNode).map(bestRival),
    ...full.filter(isNode).flatMap(speedUps),
    ...full.filter(isNode).flatMap((record) => PLACEMENTS.map((placement) => limits(record, placement))),
    ...withPeers.filter(isNode).map(peers),
    engines(records),
    ...full.filter(isNode).map(losses),
    targets(records),
  ];
  return `${sections.filter(Boolean).join("\n\n")}\n`;
}

/** Those that the targets are about; other engines have a table of their own. */
function isNode({ machine }: RunRecord): boolean {
  return /^Node 2[04]\./.test(machine.engine);
}

/** Short enough to be quoted. */
function bestRival(record: RunRecord): string {
  const { heads, rows } = bestRivalTable(record);
  return [
    `## xentropy against the best rival, ${record.machine.engine}\n`,
    "Times as fast as the fastest of all others, whatever its error: hand-written JavaScript and libraries, which take and give",
    "`Float32Array`s as we do; native code uses them where they lie. One size for each operation, logits N(0, 9). Where no",
    "library was measured, that is JavaScript. A star: some element of its result is further than 1e-5 from the reference.\n",
    markdownTable(heads, rows),
  ].join("\n");
}

function markdownTable(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), `|${heads.map((_, i) => (i === 0 ? "---" : "---:")).join("|")}|`, ...rows.map(line)].join("\n");
}

function conditions(records: readonly RunRecord[]): string {
  const versions = Object.assign({}, ...records.map((record) => record.versions)) as Record<string, string>;
  const missing = Object.entries(Object.assign({}, ...records.map((r) => prefixed(r))) as Record<string, string>);
  const hasty = records.some(({ effort }) => effort.rounds < THOROUGH.rounds);
  const lines = [
    "## Machine and versions",
    "",
    ...(hasty
      ? ["**Taken in a hurry (`--quick`), on a busy machine or not: a first look, not figures to quote.**", ""]
      : []),
    ...records.map(
      ({ machine, date, effort, sideBySide }) =>
        `- ${describeMachine(machine)}; ${date.slice(0, 10)}, ${effort.rounds} rounds${sideBySide ? " beside other engines" : ""}`,
    ),
    `- ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", ")}`,
  ];
  if (missing.length > 0) lines.push("", "Not measured:", "", ...missing.map(([what, why]) => `- ${what}: ${why}`));
  return lines.join("\n");
}

function prefixed({ machine, missing }: RunRecord): Record<string, string> {
  return Object.fromEntries(Object.entries(missing).map(([what, why]) => [`${machine.engine}, ${what}`, why]));
}

/** Names of operations that have results of a form, with their cases by shape. */
function grid(
  results: readonly Result[],
  form: "rows" | "elements",
  cell: (result: Result) => string,
): string | undefined {
  const ofForm = operations.filter((operation) => operation.form === form);
  const mine = results.filter((result) => ofForm.some(({ name }) => name === result.operation));
  const shapes = [...new Set(mine.map(({ shape }) => shape))];
  if (shapes.length === 0) return undefined;
  const rows = ofForm.flatMap(({ name }) => {
    const cells = shapes.map((shape) => mine.find((r) => r.operation === name && r.shape === shape));
    return cells.some(Boolean) ? [[name, ...cells.map((result) => (result ? cell(result) : ""))]] : [];
  });
  return markdownTable(["", ...shapes], rows);
}

function speedUps({ machine, results }: RunRecord): string[] {
  const backends = ["simd", "relaxed"].filter((b) => results.some(({ passes }) => b in passes));
  return backends.flatMap((backend) =>
    PLACEMENTS.flatMap((placement) =>
      (["normal", "wide"] as const).flatMap((spread) => {
        if (spread === "wide" && placement === "resident") return [];
        const some = results.filter((result) => result.spread === spread);
        const cell = (result: Result) => timesJavaScript(result, backend, placement);
        const tables = [grid(some, "rows", cell), grid(some, "elements", cell)].filter(Boolean);
        if (tables.length === 0) return [];
        const wide = spread === "wide" ? ", wide logits" : "";
        const title = `## Times as fast as plain JavaScript: ${backend}, ${placement}${wide}, ${machine.engine}`;
        return [[title, ...tables].join("\n\n")];
      }),
    ),
  );
}

function timesJavaScript(result: Result, backend: string, placement: Placement): string {
  const own = timingOf(result, backend, placement);
  const rival = timingOf(result, "JavaScript", "foreign");
  return own && rival ? `${significant(speedup(own, rival))}` : "";
}

function limits({ machine, results }: RunRecord, placement: Placement): string {
  const some = results.filter(({ spread, shape }) => spread === "normal" && LIMITED.includes(shape));
  const cell = (result: Result) =>
    Object.keys(result.passes)
      .flatMap((backend) => limitOf(result, backend, placement)?.toFixed(2) ?? [])
      .join(" / ");
  const tables = [grid(some, "rows", cell), grid(some, "elements", cell)].filter(Boolean);
  if (tables.length === 0) return "";
  const backends = Object.keys(some[0].passes).join(" / ");
  return [
    `## Multiple of the limit: ${backends}, ${placement}, ${machine.engine}`,
    "Time divided by the limit: the sum of the passes that the operation can't do without, as the introduction says.",
    ...tables,
  ].join("\n\n");
}

/** Nanoseconds an element of everyone, and who misses the reference. */
function peers({ machine, results }: RunRecord): string {
  const some = results.filter(({ spread, timings }) => spread === "normal" && timings.some((t) => isPeer(t.kind)));
  const labels = [...new Set(some.flatMap(({ timings }) => timings.map((t) => labelOf(t.name, t.placement))))].filter(
    (label) => !label.startsWith("js "),
  );
  const rows = some.map((result) => [
    `${result.operation} ${result.shape}`,
    ...labels.map((label) => {
      const timing = result.timings.find((t) => labelOf(t.name, t.placement) === label);
      return timing ? `${significant(timing.ns / result.elements)}${timing.differs ? "*" : ""}` : "";
    }),
  ]);
  return [
    `## Nanoseconds an element beside other libraries, ${machine.engine}`,
    "A star: some element or the loss is further than 1e-5 from the reference.",
    markdownTable(["", ...labels], rows),
  ].join("\n\n");
}

function engines(records: readonly RunRecord[]): string {
  const { heads, rows } = gapTable(records);
  if (rows.length === 0) return "";
  return [
    "## Engines side by side: nanoseconds an element, simd, resident, 32x1000 or 100000 elements",
    "All engines run at the same time and take turns, a round each; the fastest round counts, for what else runs on the machine\nonly adds time. The gap is between the newest versions.",
    markdownTable(heads, rows),
  ].join("\n\n");
}

/** Every case in which someone else in the same place is faster than simd, or than relaxed where there is one. */
function losses({ machine, results }: RunRecord): string {
  const rows: string[][] = [];
  for (const result of results) {
    for (const placement of PLACEMENTS) {
      const own = timingOf(result, "relaxed", placement) ?? timingOf(result, "simd", placement);
      if (!own) continue;
      const others = result.timings.filter((t) => t.kind !== "xentropy" && t.placement === placement && t.ns < own.ns);
      for (const other of others.sort((a, b) => a.ns - b.ns).slice(0, 1)) {
        const { operation, shape, spread } = result;
        const name = labelOf(other.name, other.placement);
        rows.push([`${operation} ${shape} ${spread}, ${placement}`, name, `${significant(speedup(own, other))}x`]);
      }
    }
  }
  const title = `## Where we lose, ${machine.engine}`;
  if (rows.length === 0) return `${title}\n\nNowhere in these tables.`;
  return [
    title,
    "The fastest other, and how fast we are beside it: simd, or relaxed where it was measured.",
    markdownTable(["", "faster", "we"], rows),
  ].join("\n\n");
}

function targets(records: readonly RunRecord[]): string {
  const verdicts = judge(records);
  const rows = verdicts.map((verdict) => [
    verdict.against,
    verdict.operation,
    `${verdict.engine} ${verdict.backend}`,
    boundOf(verdict),
    verdict.ratio === undefined ? "" : `${significant(verdict.ratio)}x`,
    stateOf(verdict),
    verdict.note,
  ]);
  return [
    `## Targets: ${summary(verdicts)}`,
    "`npm run bench -- --targets` prints these; of several shapes the worst.",
    markdownTable(["against", "operation", "on", "target", "measured", "", "at"], rows),
  ].join("\n\n");
}
