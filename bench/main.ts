// npm run bench: the kernels against hand-written plain JavaScript, one table an operation.
//
// Both get Float32Arrays and write into one they are given. `--help` says what can be chosen; measure.ts how time is
// taken.

import { writeFileSync } from "node:fs";
import { BackendError, load } from "xentropy";
import { standingCases } from "./cases.js";
import { type Comparison, compare } from "./compare.js";
import { javascript, kernels } from "./contenders.js";
import { describeMachine, machine } from "./machine.js";
import { QUICK, THOROUGH } from "./measure.js";
import { type Options, readOptions, USAGE, UsageError } from "./options.js";
import { extremes, operationTable, toJson } from "./report.js";
import { heading } from "./table.js";

async function main(options: Options): Promise<void> {
  const say = options.json === "-" ? console.error : console.log;
  const effort = options.quick ? QUICK : THOROUGH;
  const k = await load({ backend: options.backend });
  const about = { machine: machine(), backend: k.backend, effort };
  const contenders = [javascript, kernels(k)];

  say(heading("xentropy against plain JavaScript", "═"));
  say(`${describeMachine(about.machine)}; backend ${k.backend}, 1 thread`);
  say(`Medians of ${effort.rounds} rounds in rotated order; quartiles are those of the rounds' own ratios.`);

  const cases = standingCases(options);
  const comparisons: Comparison[] = [];
  for (const operation of new Set(cases.map((given) => given.operation))) {
    const mine = cases
      .filter((given) => given.operation === operation)
      .map((given) => compare(given, contenders, effort));
    comparisons.push(...mine);
    say(`\n${heading(operation.title)}\n${operationTable(mine)}`);
  }
  say(`\n${extremes(comparisons)}`);

  if (options.json === undefined) return;
  const json = toJson(about, comparisons);
  if (options.json === "-") process.stdout.write(json);
  else writeFileSync(options.json, json);
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(USAGE);
  else await main(options);
} catch (error) {
  if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
  else console.error(error instanceof BackendError ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
