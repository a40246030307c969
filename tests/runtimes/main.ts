/**
 * Packs the package, installs it into an empty folder, and runs the same program in every runtime and through every
 * bundler that can be had here; then the examples. `npm run test:runtimes`, after `npm run build`.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import * as xentropy from "xentropy";
import { type Browser, screenFor } from "../../tools/support/browsers.js";
import { find, type Page, visit } from "./browsers.js";
import { BUNDLERS } from "./bundlers.js";
import { bun, DENO_RUN, deno, fetchOutcomes, nodeOf, outcomesOf, run, WORKERD, withWorker } from "./engines.js";
import { EXAMPLES } from "./examples.js";
import { APP, prepareApp, prepareTools, ROOT } from "./folders.js";
import { edgeLight, plain, TYPES } from "./packaging.js";
import { print, type Row, rowOf, single } from "./table.js";
import { viteDev } from "./vite-dev.js";
import { workerStart } from "./worker-start.js";

const PAGES: readonly Page[] = [
  { name: "a plain page", script: "/page.js" },
  { name: "an isolated page", script: "/page.js", isolated: true },
  { name: "CSP with wasm-unsafe-eval", script: "/page.js", policy: "'self' 'unsafe-inline' 'wasm-unsafe-eval'" },
  { name: "CSP without", script: "/forbidden.js", policy: "'self' 'unsafe-inline'" },
];

const BROWSERS = ["Chromium", "Firefox", "WebKit"] as const;

async function commandLine(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const version of [20, 22, 24, 26]) {
    rows.push(await rowOf(`Node ${version}`, () => outcomesOf(nodeOf(version), ["console.js"])));
  }
  // Strings may not become code, and but for the app's folder no file may be read.
  const strict = [
    "--disallow-code-generation-from-strings",
    "--permission",
    `--allow-fs-read=${APP}`,
    "console.js",
    "--no-threads",
  ];
  rows.push(await rowOf("Node 24, restricted", () => outcomesOf(nodeOf(24), strict)));
  rows.push(await rowOf("Deno", () => outcomesOf(deno(), [...DENO_RUN, "console.js"])));
  rows.push(await rowOf("Bun", () => outcomesOf(bun(), ["console.js"])));
  return rows;
}

async function workers(): Promise<Row[]> {
  return [
    await rowOf("workerd", () => withWorker("worker.js", "bundles/worker", WORKERD, fetchOutcomes)),
    await rowOf("workerd, embedded bytes", () =>
      withWorker("worker-forbidden.js", "bundles/worker-forbidden", ["worker"], fetchOutcomes),
    ),
  ];
}

async function bundled(): Promise<{ rows: Row[]; pages: Page[] }> {
  const rows: Row[] = [];
  const pages: Page[] = [];
  for (const { name, bundle } of BUNDLERS) {
    const row = await rowOf(`${name}, Node 24`, async () => {
      const path = await bundle();
      pages.push({ name, script: `/${path}`, isolated: true });
      return outcomesOf(nodeOf(24), [path]);
    });
    rows.push(row);
  }
  return { rows, pages };
}

async function browser(name: Browser, pages: readonly Page[]): Promise<Row[]> {
  const reports = await rowOf(name, async () => {
    find(name);
    return [];
  });
  if (reports.missing) return [reports];
  const visited = await visit(name, pages);
  return Promise.all(
    pages.map((page) =>
      rowOf(`${name}, ${page.name}`, async () => {
        const outcomes = visited.get(page.name);
        if (!outcomes) throw new Error("the page reported nothing");
        return outcomes;
      }),
    ),
  );
}

async function versions(): Promise<void> {
  const asked: [string, () => string][] = [
    ...[20, 22, 24, 26].map((version): [string, () => string] => [`Node ${version}`, () => nodeOf(version)]),
    ["Deno", deno],
    ["Bun", bun],
    ...BROWSERS.map((name): [string, () => string] => [name, () => find(name)]),
  ];
  const found = asked.map(async ([name, command]) => {
    const [file, ...args] = [...screenFor(name), command(), "--version"];
    const version = await run(file, args).catch(() => "");
    return `${name} ${version.trim().split("\n")[0].replace(/^\D*/, "").split(" ")[0]}`;
  });
  const settled = await Promise.allSettled(found);
  console.log(settled.flatMap((result) => (result.status === "fulfilled" ? [result.value] : [])).join(", "));
}

const USAGE = `Usage: npm run test:runtimes

Packs the package, installs it into an empty folder, and runs the same program in every runtime and through every bundler
that npm has or that is installed here; then the examples. Prints a table of what passed, failed and could not be run.`;

const { help } = parseArgs({ options: { help: { type: "boolean", short: "h" } } }).values;
if (help) {
  console.log(USAGE);
  process.exit();
}

prepareTools();
const packed = prepareApp(Object.keys(xentropy));
console.log(`${packed}, installed into an empty folder`);
await versions();

const rows: Row[] = [...(await commandLine()), ...(await workers())];
const { rows: bundles, pages } = await bundled();
for (const name of BROWSERS) rows.push(...(await browser(name, [...PAGES, ...pages])));
rows.push(...bundles);
for (const [resolution, compile] of TYPES) rows.push(await single(`types, ${resolution}`, "types", compile));
rows.push(await single("Vercel Edge", "entry", edgeLight));
rows.push(await single("files", "no eval, network, file system or top-level await", plain));
rows.push(await single("workerd", "start", workerStart));
rows.push(await rowOf("Vite's dev server, Chromium", viteDev));
for (const { name, runtime, run } of EXAMPLES) rows.push(await single(name, runtime, run));

const { passed, failed } = print(rows);
writeFileSync(`${ROOT}build/runtimes/result.json`, JSON.stringify({ passed, failed, rows }, null, 2));

console.log(`\nruntimes: ${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
