// One self-contained page of plots: speed against size for each operation and rival, the multiple of the limit, engines side
// by side, and the targets.

import { bestRivalTable, hasPeers } from "./best-rival.js";
import { TYPICAL } from "./cases.js";
import { perElement, sideBySideOf } from "./gaps.js";
import { describeMachine } from "./machine.js";
import { operations } from "./operations.js";
import { type Dots, dotPlot, escapeHtml, legend, linePlot, RANGE, type Series } from "./plot.js";
import { distinct, limitOf } from "./ratios.js";
import { type Result, type RunRecord, timingOf } from "./record.js";
import { labelOf } from "./report.js";
import { significant } from "./table.js";
import { judge } from "./targets.js";
import { boundOf, stateOf, summary } from "./verdict.js";

export function htmlReport(records: readonly RunRecord[]): string {
  const main = records.find(({ machine }) => machine.engine.startsWith("Node 24")) ?? records[0];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>xentropy: speed</title>
<style>${STYLE}</style>
<h1>xentropy: speed</h1>
<p>${escapeHtml(describeMachine(main.machine))}; ${escapeHtml(versionsOf(main))}; ${main.date.slice(0, 10)}.
One thread; medians of up to ${main.effort.rounds} rounds in rotated order, in one process an engine.</p>
${bestRival(main)}
${speed(main)}
${limits(main)}
${engines(records)}
${targets(records)}
</html>
`;
}

function bestRival(record: RunRecord): string {
  if (!hasPeers(record)) return "";
  const { heads, rows } = bestRivalTable(record);
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join("")}</tr>`;
  return `<section><h2>Against the best rival</h2>
<p>Times as fast as the fastest of all others, hand-written JavaScript among them; Float32Arrays in and out. A star: some
element of its result is further than 1e-5 from the reference.</p>
<table>${line("th", heads)}${rows.map((cells) => line("td", cells)).join("\n")}</table></section>`;
}

function versionsOf({ versions }: RunRecord): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ");
}

/** Classes of the style sheet, in the order of the legend. */
const STYLES: Record<string, string> = {
  JavaScript: "javascript",
  "simd foreign": "simd",
  "simd resident": "simd dashed",
  "relaxed foreign": "relaxed",
  "relaxed resident": "relaxed dashed",
  "js foreign": "js",
};
const PEERS = ["tfjs-backend-wasm", "onnxruntime-web", "onnxruntime-node", "jax-js", "numpy-ts", "transformers"];

function styleOf(name: string): string {
  const own = STYLES[name];
  if (own) return own;
  const peer = PEERS.findIndex((prefix) => name.startsWith(prefix));
  return `peer${peer}${name.endsWith("resident") ? " dashed" : ""}`;
}

function speed({ machine, results }: RunRecord): string {
  const normal = distinct(results).filter(({ spread }) => spread === "normal");
  const seen = new Map<string, string>();
  const plots = operations.flatMap(({ name, title }) => {
    const mine = normal.filter(({ operation }) => operation === name);
    if (mine.length === 0) return [];
    const series = seriesOf(mine);
    for (const { name, style } of series) seen.set(name, style);
    const labels = mine.map(({ shape }) => shape);
    return [`<figure><figcaption>${escapeHtml(title)}</figcaption>${linePlot(title, labels, series)}</figure>`];
  });
  const order = [...seen].sort(([a], [b]) => rank(a) - rank(b)).map(([name, style]) => ({ name, style }));
  return `<section><h2>Nanoseconds an element, by size</h2>
<p>On ${escapeHtml(machine.engine)}, logits N(0, 9). Lower is faster; the vertical axis is logarithmic, and what is more than ${RANGE} times the fastest stands at its end.</p>
${legend(order)}<div class="grid-of-plots">${plots.join("\n")}</div></section>`;
}

function rank(name: string): number {
  const own = Object.keys(STYLES).indexOf(name);
  return own >= 0 ? own : 100 + PEERS.findIndex((prefix) => name.startsWith(prefix));
}

function seriesOf(results: readonly Result[]): Series[] {
  const names = new Map<string, { name: string; placement: "foreign" | "resident" }>();
  for (const { timings } of results) {
    for (const { name, placement } of timings) names.set(labelOf(name, placement), { name, placement });
  }
  return [...names].map(([label, { name, placement }]) => ({
    name: label,
    style: styleOf(label),
    values: results.map((result) => {
      const timing = timingOf(result, name, placement);
      return timing && timing.ns / result.elements;
    }),
  }));
}

function limits({ machine, results }: RunRecord): string {
  const rows = operations.flatMap(({ name }): Dots[] => {
    const result = results.find((r) => r.operation === name && r.spread === "normal" && TYPICAL.includes(r.shape));
    if (!result) return [];
    const dots = Object.keys(result.passes).flatMap((backend) => {
      const value = limitOf(result, backend, "resident");
      return value === undefined ? [] : [{ name: backend, style: backend, value }];
    });
    return dots.length > 0 ? [{ label: name, dots }] : [];
  });
  if (rows.length === 0) return "";
  return `<section><h2>Multiple of the limit</h2>
<p>Resident time at 32x1000 or 100000 elements, divided by the sum of the passes that the operation can't do without, each
alone over a buffer in the first cache (${escapeHtml(machine.engine)}). 1 can't be beaten by the same polynomials; the line is 1.2.</p>
${legend([
  { name: "simd", style: "simd" },
  { name: "relaxed", style: "relaxed" },
])}${dotPlot("Multiple of the limit", rows, 1.2)}</section>`;
}

function engines(records: readonly RunRecord[]): string {
  const beside = sideBySideOf(records);
  const styles = beside.map(({ machine }, i) => ({ name: machine.engine, style: `engine${i}` }));
  const rows = operations.flatMap(({ name }): Dots[] => {
    const times = beside.flatMap((record, i) => {
      const ns = perElement(record, name);
      return ns === undefined ? [] : [{ ...styles[i], ns }];
    });
    if (times.length < 2) return [];
    const fastest = Math.min(...times.map(({ ns }) => ns));
    return [{ label: name, dots: times.map(({ name, style, ns }) => ({ name, style, value: ns / fastest })) }];
  });
  if (rows.length === 0) return "";
  return `<section><h2>Engines side by side</h2>
<p>simd, resident, 32x1000 or 100000 elements: time as a multiple of the fastest engine's. The line is 1.3.</p>
${legend(styles)}${dotPlot("Engines side by side", rows, 1.3)}</section>`;
}

function targets(records: readonly RunRecord[]): string {
  const verdicts = judge(records);
  const groups = [...new Set(verdicts.map(({ against }) => against))].map((against) => {
    const mine = verdicts.filter((verdict) => verdict.against === against);
    const rows = mine.map((verdict) => {
      const state = stateOf(verdict);
      const measured = verdict.ratio === undefined ? "" : `${significant(verdict.ratio)}x`;
      const cells = [
        verdict.operation,
        verdict.engine,
        verdict.backend,
        boundOf(verdict),
        measured,
        state,
        verdict.note,
      ];
      return `<tr class="${state.replace(" ", "-")}">${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join("")}</tr>`;
    });
    const heads = ["operation", "engine", "backend", "target", "measured", "", "at"].map((head) => `<th>${head}</th>`);
    return `<details><summary>${escapeHtml(against)}: ${summary(mine)}</summary>
<table><tr>${heads.join("")}</tr>${rows.join("\n")}</table></details>`;
  });
  return `<section><h2>Targets: ${summary(verdicts)}</h2>${groups.join("\n")}</section>`;
}

const COLOURS: Record<string, string> = {
  javascript: "#8a8f98",
  simd: "#2f6fde",
  relaxed: "#12a594",
  js: "#c9a227",
  peer0: "#f5871f",
  peer1: "#d6409f",
  peer2: "#c62a2f",
  peer3: "#8e4ec6",
  peer4: "#7a5c3a",
  peer5: "#5b9a3f",
  engine0: "#9fb8ea",
  engine1: "#5f8fe6",
  engine2: "#1d4fb0",
  engine3: "#12a594",
  engine4: "#d6409f",
  engine5: "#f5871f",
};

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2024; --soft: #60646c; --line: #e0e1e6; --paper: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #edeef0; --soft: #b0b4ba; --line: #363a3f; --paper: #18191b; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1280px; margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; } p { max-width: 60rem; color: var(--soft); }
.grid-of-plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(380px, 1fr)); gap: 1.2rem; }
figure { margin: 0; } figcaption { font-weight: 600; } svg { width: 100%; height: auto; display: block; }
.grid { stroke: var(--line); stroke-width: 1; } .mark { stroke: var(--ink); stroke-dasharray: 4 3; }
.tick { font-size: 10px; fill: var(--soft); } .label { font-size: 12px; fill: var(--ink); }
svg path { fill: none; stroke: var(--c); stroke-width: 1.8; } svg circle { fill: var(--c); }
.dashed path { stroke-dasharray: 4 3; } .dashed circle { fill: var(--paper); stroke: var(--c); stroke-width: 1.5; }
.legend { position: sticky; top: 0; z-index: 1; background: var(--paper); padding: .4rem 0; max-width: none; }
.legend span { margin-right: 1rem; white-space: nowrap; } .legend i { display: inline-block; width: 1.4em; height: 0; border-top: 3px solid var(--c); margin-right: .4em; vertical-align: middle; }
.legend .dashed i { border-top-style: dashed; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-variant-numeric: tabular-nums; } td, th { padding: .15rem .8rem .15rem 0; text-align: left; }
.misses td:nth-child(6) { color: #d13415; font-weight: 600; } .meets td:nth-child(6) { color: #218358; font-weight: 600; } .not-measured td { color: var(--soft); }
summary { cursor: pointer; padding: .2rem 0; }
${Object.entries(COLOURS)
  .map(([name, colour]) => `.${name} { --c: ${colour}; }`)
  .join("\n")}
`;
