// npm run bench: the kernels against hand-written plain JavaScript, the limit, and with --peers and --engines against other
// libraries and on other engines. `--help` says what can be chosen; measure.ts how time is taken.
//
// What begins with a word instead of an option is a benchmark of its own: a file here with `run(args)` and its `USAGE`.

import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { bestRivalText, hasPeers } from "./best-rival.js";
import { requireName, UsageError } from "./command-line.js";
import { enginesInstalled, installEngines, runEngines } from "./engines.js";
import { runHere } from "./here.js";
import { htmlReport } from "./html.js";
import { markdownReport } from "./markdown.js";
import { type Options, readOptions, USAGE } from "./options.js";
import { installPeers, peersInstalled } from "./peers.js";
import { merge, type RunRecord } from "./record.js";
import { textReport } from "./report.js";
import { runSideBySide, sideBySideText } from "./side-by-side.js";
import { targetsReport } from "./verdict.js";

interface Benchmark {
  readonly USAGE: string;
  run(args: string[]): Promise<void>;
}

const BENCHMARKS: Record<string, () => Promise<Benchmark>> = {
  engines: () => import("./side-by-side.js"),
  extras: () => import("./extras.js"),
  linear: () => import("./linear.js"),
  start: () => import("./start.js"),
  threads: () => import("./threads.js"),
};

async function main(options: Options): Promise<void> {
  const { targets, json, html, markdown } = options;
  // What can't be written is said before it is measured.
  for (const file of [json, html, markdown]) if (file !== undefined && file !== "-") closeSync(openSync(file, "a"));
  const records = await obtain(options);
  const say = json === "-" ? console.error : console.log;
  // First of all, so that no measurement is lost if a report fails: --from reads it again.
  if (json === "-") process.stdout.write(`${JSON.stringify({ records })}\n`);
  else if (json !== undefined) writeFileSync(json, `${JSON.stringify({ records })}\n`);
  if (html !== undefined) writeFileSync(html, htmlReport(records));
  if (markdown !== undefined) writeFileSync(markdown, markdownReport(records));
  const restricted = targets || html !== undefined || markdown !== undefined;
  if (!restricted) {
    for (const record of records.filter(({ sideBySide }) => !sideBySide)) say(textReport(record));
    if (records.some(({ sideBySide }) => sideBySide)) say(`\n${sideBySideText(records)}`);
  }
  if (targets) say(targetsReport(records));
  for (const record of records.filter(hasPeers)) say(`\n${bestRivalText(record)}`);
}

async function obtain(options: Options): Promise<RunRecord[]> {
  if (options.from) return merge(options.from.flatMap((file) => JSON.parse(readFileSync(file, "utf8")).records));
  if (options.install) {
    if (options.peers && !peersInstalled()) orWithout(installPeers);
    if (options.engines && !enginesInstalled()) orWithout(installEngines);
  }
  const peers = options.peers || (options.targets && peersInstalled());
  const wanted = { ...options, peers };
  if (options.engines || options.targets) {
    const records = [...(await runEngines(wanted)), ...(await runSideBySide(wanted))];
    if (records.length > 0) return records;
  }
  return [await runHere(wanted)];
}

/** What can't be installed is not measured; the rest is. */
function orWithout(install: () => void): void {
  try {
    install();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
}

const args = process.argv.slice(2);
let usage = USAGE;
try {
  const [name = ""] = args;
  const named = /^[^-]/.test(name);
  const benchmark = named && (await BENCHMARKS[requireName("benchmark", name, Object.keys(BENCHMARKS))]());
  if (benchmark) {
    usage = benchmark.USAGE;
    await benchmark.run(args.slice(1));
  } else {
    const options = readOptions(args);
    if (options.help) console.log(USAGE);
    else await main(options);
  }
  // A peer may keep a pool of workers that would hold the process.
  process.exit(process.exitCode ?? 0);
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${usage}`);
  else if ((error as NodeJS.ErrnoException).code) console.error((error as Error).message);
  else console.error(error);
  process.exit(error instanceof UsageError ? 2 : 1);
}
