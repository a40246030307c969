// npm run bench -- threads [N]: the speed-up of N threads (default 2) over one, in the same rounds: resident and foreign
// batches, from a few numbers to ten million. Beside the large ones stands what the machine itself allows (split.ts).

import { writeFileSync } from "node:fs";
import { load } from "xentropy";
import { normal, uniform } from "../src/cli/random.js";
import { parse, requireName, UsageError, wholeNumber } from "./command-line.js";
import { describeMachine, type Machine, machine } from "./machine.js";
import { say } from "./progress.js";
import { type Bench, compare, FEW_ROUNDS, MANY_ROUNDS, type SpeedUp, SUBJECTS, type Subject } from "./speed-up.js";
import { Split } from "./split.js";
import { significant, table } from "./table.js";

export const USAGE = `Usage: npm run bench -- threads [N] [options]

The speed-up of N threads (default 2) over one: medians of the ratios of rounds in which all take their turn.

  --op NAME      ${SUBJECTS.map(({ name }) => name).join(", ")}: one of them alone
  --quick        fewer and shorter rounds
  --json FILE    every figure; "-" for standard output (the table then goes to standard error)
  --help         this text

"machine": what the machine allows. Resident: the same kernel on parts that are fixed beforehand, threads that have nothing
to agree on. Foreign: the calling thread alone can copy, so at best copies and kernels together, evenly shared out; or the
copies alone, if they take longer. "copies": GB/s that a copy of the same floats reads and writes, on one thread and on N.`;

const OPTIONS = {
  op: { type: "string" },
  quick: { type: "boolean", default: false },
  json: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parse({ args, allowPositionals: true, options: OPTIONS });
  if (values.help) return console.log(USAGE);
  if (positionals.length > 1) throw new UsageError(`"${positionals[1]}" is one argument too many.`);
  const threads = wholeNumber(positionals[0] ?? "2", 2, 256);
  const subjects = subjectsOf(values.op);
  const bench = await open(threads, subjects, values.quick);
  const results: SpeedUp[] = [];
  for (const subject of subjects) {
    for (const shape of subject.shapes) results.push(...(await compare(bench, subject, shape)));
  }
  say("");
  const print = values.json === "-" ? console.error : console.log;
  print(report(machine(), threads, results));
  const json = `${JSON.stringify({ machine: machine(), threads, results })}\n`;
  if (values.json === "-") process.stdout.write(json);
  else if (values.json) writeFileSync(values.json, json);
  bench.many.dispose();
}

function subjectsOf(name: string | undefined): readonly Subject[] {
  if (name === undefined) return SUBJECTS;
  const names = SUBJECTS.map((subject) => subject.name);
  const wanted = requireName("operation in this benchmark", name, names);
  return SUBJECTS.filter((subject) => subject.name === wanted);
}

async function open(threads: number, subjects: readonly Subject[], quick: boolean): Promise<Bench> {
  const floats = Math.max(...subjects.flatMap(({ shapes }) => shapes.map(([rows, columns]) => rows * columns)));
  const split = new Split(threads, floats);
  const gauss = normal(uniform(floats));
  const { x, y } = split.operands(floats);
  for (const operand of subjects.some(({ inputs }) => inputs) ? [x, y] : [x]) {
    for (let i = 0; i < floats; i++) operand[i] = gauss() * 3;
  }
  const effort = quick ? FEW_ROUNDS : MANY_ROUNDS;
  return { one: await load(), many: await load({ threads }), split, effort };
}

function report(on: Machine, threads: number, results: readonly SpeedUp[]): string {
  const rows = results.map(({ operation, shape, placement, one, many, speedUp, aim, machine, copies }) => [
    operation,
    shape,
    placement,
    significant(one),
    significant(many),
    `${speedUp.toFixed(2)}x`,
    `≥ ${aim}x`,
    speedUp >= aim ? "meets" : "misses",
    machine === undefined ? "" : `${machine.toFixed(2)}x`,
    copies === undefined ? "" : copies.map((rate) => rate.toFixed(0)).join(" → "),
  ]);
  const met = results.filter(({ speedUp, aim }) => speedUp >= aim).length;
  return [
    `${describeMachine(on)}; simd, ${threads} threads against 1. Nanoseconds an element; --help tells more.\n`,
    table(
      [
        ["", "left"],
        ["shape", "left"],
        ["", "left"],
        ["1 thread", "right"],
        [`${threads} threads`, "right"],
        ["speed-up", "right"],
        ["aim", "right"],
        ["", "left"],
        ["machine", "right"],
        ["copies, GB/s", "right"],
      ],
      rows,
    ),
    `\n${met} met, ${results.length - met} missed`,
  ].join("\n");
}
