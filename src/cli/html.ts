// The report of `xentropy bench` as one HTML file that needs nothing else.

import type { Report, Result } from "./bench.js";
import { significant } from "./terminal.js";

const STYLE = `
:root { color-scheme: light dark; --ink: #1d2433; --soft: #667085; --paper: #fbfbf9; --line: #e4e4df; --bar: #2f6f8f; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8ec; --soft: #98a1b0; --paper: #14171c; --line: #2a2f37; --bar: #69b3d3; }
}
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 0 auto; max-width: 46rem; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1rem; margin: 2rem 0 .5rem; } p { color: var(--soft); margin: .25rem 0; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { font-weight: 400; color: var(--soft); font-size: .8rem; text-align: right; }
th, td { padding: .3rem .5rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; } td:last-child { width: 40%; min-width: 3rem; padding-right: 0; }
@media (max-width: 30rem) { th, td { padding: .3rem .25rem; } td:last-child { width: 20%; } }
.bar { height: .75rem; border-radius: .2rem; background: var(--bar); min-width: 2px; }
`;

export function toHtml({ engine, cpu, platform, backend, results }: Report): string {
  const most = Math.max(1, ...results.map(({ speedup }) => speedup));
  const titles = [...new Set(results.map(({ title }) => title))];
  const sections = titles.map((title) => section(title, backend, results, most)).join("\n");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>xentropy bench</title>
<style>${STYLE}</style>
</head>
<body>
<h1>The kernels against plain JavaScript</h1>
<p>${escaped(`${engine}; ${cpu}; ${platform}; backend ${backend}, one thread. Nanoseconds an element: first quartiles of rounds in rotated order.`)}</p>
${sections}
</body>
</html>
`;
}

function section(title: string, backend: string, results: readonly Result[], most: number): string {
  const rows = results
    .filter((result) => result.title === title)
    .map(({ shape: [rows, columns], javascript, kernels, speedup }) => {
      const cells = [`${rows} × ${columns}`, ...[javascript, kernels].map((ns) => significant(ns / (rows * columns)))];
      const bar = `<div class="bar" style="width:${((100 * speedup) / most).toFixed(1)}%"></div>`;
      return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join("")}<td>${significant(speedup)}×</td><td>${bar}</td></tr>`;
    });
  return `<h2>${escaped(title)}</h2>
<table>
<tr><th>shape</th><th>JavaScript</th><th>${escaped(backend)}</th><th>speed-up</th><th></th></tr>
${rows.join("\n")}
</table>`;
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
