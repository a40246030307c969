// npm run bench -- engines: every operation at one size on every engine. Engines take turns round by round; turns.ts.

import { writeFileSync } from "node:fs";
import { TYPICAL } from "./cases.js";
import { type Engine, engines, enginesInstalled, installEngines } from "./engines.js";
import { gapTable, joinVisits } from "./gaps.js";
import { type Options, readOptions } from "./options.js";
import { say } from "./progress.js";
import type { RunRecord } from "./record.js";
import { table } from "./table.js";
import { serveTurns, Turns } from "./turns.js";

export const USAGE = `Usage: npm run bench -- engines [options]

Every operation at one size on every engine that build/engines has, and installed browsers, which take turns.

  --op NAME      this operation alone; may be repeated
  --quick        fewer rounds
  --json FILE    every measurement; "-" for standard output (the table then goes to standard error)
  --install      first installs the engines, if they aren't there
  --help         this text`;

export async function run(args: string[]): Promise<void> {
  const options = readOptions(args, TAKEN);
  if (options.help) return console.log(USAGE);
  if (options.install && !enginesInstalled()) installEngines();
  const records = await runSideBySide(options);
  const { json } = options;
  if (json === "-") process.stdout.write(`${JSON.stringify({ records })}\n`);
  else if (json !== undefined) writeFileSync(json, `${JSON.stringify({ records })}\n`);
  (json === "-" ? console.error : console.log)(sideBySideText(records));
}

/** Options that are of use here: COMPARISON has settled the others. */
const TAKEN = ["op", "quick", "json", "install", "help"];

/** One size each, and nobody else in the rounds. */
const COMPARISON = {
  shapes: TYPICAL,
  spreads: ["normal"],
  backends: ["simd"],
  placements: ["resident"],
  limit: false,
  peers: false,
} as const;

/** Every engine begins so often anew: an operation's rounds are then half a minute apart, further than most phases are long. */
const VISITS = 3;

/** Runs every engine that is there. What fails is said, and left out. */
export async function runSideBySide(options: Options): Promise<RunRecord[]> {
  const there = engines().filter(({ missing }) => missing === undefined);
  const visits: RunRecord[] = [];
  for (let visit = 1; visit <= VISITS; visit++) {
    say(`engines side by side, ${visit} of ${VISITS}`);
    visits.push(...(await runVisit(there, options)));
  }
  say("");
  return joinVisits(visits);
}

async function runVisit(there: readonly Engine[], options: Options): Promise<RunRecord[]> {
  const turns = new Turns(there.map(({ name }) => name));
  const server = await serveTurns(turns);
  const runOne = async ({ name, run }: Engine): Promise<RunRecord[]> => {
    try {
      const record = await run({ ...options, ...COMPARISON, turns: server.address(name) });
      return [{ ...record, sideBySide: true }];
    } catch (error) {
      console.error(`${name} is not compared: ${(error as Error).message}`);
      return [];
    } finally {
      turns.leave(name);
    }
  };
  const records = await Promise.all(there.map(runOne));
  server.close();
  return records.flat();
}

export function sideBySideText(records: readonly RunRecord[]): string {
  const { heads, rows } = gapTable(records);
  return table(
    heads.map((head, i) => [head, i === 0 || i === heads.length - 1 ? "left" : "right"]),
    rows,
  );
}
