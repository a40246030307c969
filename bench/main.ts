// npm run bench: the kernels against hand-written plain JavaScript, the limit, and with --peers and --engines against other
// libraries and on other engines. `--help` says what can be chosen; measure.ts how time is taken.
//
// What begins with a word instead of an option is a benchmark of its own: a file here with `run(args)`.

import { readFileSync, writeFileSync } from "node:fs";
import { enginesInstalled, installEngines, runEngines } from "./engines.js";
import { runHere } from "./here.js";
import { htmlReport } from "./html.js";
import { markdownReport } from "./markdown.js";
import { type Options, readOptions, USAGE, UsageError } from "./options.js";
import { installPeers, peersInstalled } from "./peers.js";
import { merge, type RunRecord } from "./record.js";
import { textReport } from "./report.js";
import { targetsReport } from "./verdict.js";

const BENCHMARKS: Record<string, () => Promise<{ run(args: string[]): Promise<void> }>> = {
  linear: () => import("./linear.js"),
  start: () => import("./start.js"),
  threads: () => import("./threads.js"),
};

async function main(options: Options): Promise<void> {
  const records = await obtain(options);
  const say = options.json === "-" ? console.error : console.log;
  const restricted = options.targets || options.html !== undefined || options.markdown !== undefined;
  if (!restricted) for (const record of records) say(textReport(record));
  if (options.targets) say(targetsReport(records));
  if (options.html !== undefined) writeFileSync(options.html, htmlReport(records));
  if (options.markdown !== undefined) writeFileSync(options.markdown, markdownReport(records));
  if (options.json === undefined) return;
  const json = `${JSON.stringify({ records })}\n`;
  if (options.json === "-") process.stdout.write(json);
  else writeFileSync(options.json, json);
}

async function obtain(options: Options): Promise<RunRecord[]> {
  if (options.from) return merge(options.from.flatMap((file) => JSON.parse(readFileSync(file, "utf8")).records));
  if (options.install && options.peers && !peersInstalled()) installPeers();
  if (options.install && options.engines && !enginesInstalled()) installEngines();
  const peers = options.peers || (options.targets && peersInstalled());
  const wanted = { ...options, peers };
  if (options.engines || options.targets) {
    const records = await runEngines(wanted);
    if (records.length > 0) return records;
  }
  return [await runHere(wanted)];
}

const args = process.argv.slice(2);
try {
  const benchmark = BENCHMARKS[args[0]];
  if (benchmark) await (await benchmark()).run(args.slice(1));
  else {
    const options = readOptions(args);
    if (options.help) console.log(USAGE);
    else await main(options);
  }
  // A peer may keep a pool of workers that would hold the process.
  process.exit(process.exitCode ?? 0);
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else console.error(error);
  process.exit(error instanceof UsageError ? 2 : 1);
}
