// npm run bench -- start: how long a program waits for its first kernels, in a process of its own each time.

import { spawnSync } from "node:child_process";
import { parse } from "./command-line.js";
import { describeMachine, machine } from "./machine.js";
import { quantile } from "./record.js";
import { ROOT } from "./root.js";
import { table } from "./table.js";

const RUNS = 15;

const PROGRAM = `
const start = performance.now();
const { load } = await import("xentropy");
const imported = performance.now();
const k = await load();
const loaded = performance.now();
k.softmax(new Float32Array(10));
const called = performance.now();
console.log(JSON.stringify([imported - start, loaded - imported, called - loaded]));`;

export const USAGE = `Usage: npm run bench -- start

How long import, load() and a first call take in a process of their own: quartiles of ${RUNS}. No options but --help.`;

export async function run(args: string[]): Promise<void> {
  const { values } = parse({ args, options: { help: { type: "boolean", short: "h" } } });
  if (values.help) return console.log(USAGE);
  const times: number[][] = [];
  for (let i = 0; i < RUNS; i++) {
    const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", PROGRAM], {
      cwd: ROOT,
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    times.push(JSON.parse(stdout));
  }
  const rows = ["import", "load()", "first call"].map((what, i) => {
    const column = times.map((run) => run[i]);
    return [what, ...[0.25, 0.5, 0.75].map((q) => quantile(column, q).toFixed(2))];
  });
  console.log(describeMachine(machine()));
  console.log(`Milliseconds from cold, ${RUNS} processes.\n`);
  console.log(
    table(
      [
        ["", "left"],
        ["lower quartile", "right"],
        ["median", "right"],
        ["upper quartile", "right"],
      ],
      rows,
    ),
  );
}
