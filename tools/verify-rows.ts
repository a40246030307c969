// npm run verify:rows: the operations on rows of many distributions and lengths, against float64. Ends with status 1 where
// a stated bound is broken. `--help` says what can be chosen.

import { type Backend, load, type Xentropy } from "xentropy";
import * as reference from "xentropy/reference";
import { BACKENDS, requireName, wholeNumber } from "../bench/command-line.js";
import { type Column, heading, table } from "../bench/table.js";
import { climb } from "./support/adversary.js";
import { batchOf, DISTRIBUTIONS, type Distribution } from "./support/distributions.js";
import { LINEAR } from "./support/linear.js";
import { LOGIT_OPTIONS } from "./support/logit-options.js";
import { OPERATIONS as ROWS } from "./support/operations.js";
import { boundOf, type Operation, type Outcome } from "./support/outcome.js";
import { plainSoftmax } from "./support/plain.js";
import { Problem } from "./support/problem.js";
import { runTool } from "./support/tool.js";
import { distance } from "./support/ulp.js";

const OPERATIONS: readonly Operation[] = [...ROWS, ...LOGIT_OPTIONS, ...LINEAR];

const USAGE = `Usage: npm run verify:rows -- [options]

  --operation NAME only this operation; may be repeated
                   ${OPERATIONS.map(({ name }) => name).join("\n                   ")}
  --backend NAME   ${BACKENDS.join(", ")}; default simd
  --quick          shorter and fewer rows
  --long           rows of 2^24 too
  --seed N         another sample; default 1
  --show           print the rows that hill climbing ended with
  --help           this text`;

interface Effort {
  readonly lengths: readonly number[];
  /** Logits in a batch. */
  readonly budget: number;
  /** Steps of hill climbing; a step tries `climbers` rows. */
  readonly steps: number;
}

const THOROUGH: Effort = {
  lengths: [1, 2, 3, 7, 10, 64, 1000, 4096, 50257, 2 ** 20],
  budget: 2 ** 16,
  steps: 300,
};
const QUICK: Effort = { lengths: [1, 2, 3, 7, 10, 64, 1000, 4096, 50257], budget: 2 ** 13, steps: 40 };

/** Where the result is one an element, whatever the row, more lengths say no more. */
const ELEMENTWISE_LENGTHS: ReadonlySet<number> = new Set([1, 1000, 50257, 2 ** 20]);

const CLIMBING = { lengths: [2, 3, 10, 64], rows: 64, elements: 3000 };

const LONG = { length: 2 ** 24, distributions: ["N(0, 1)", "U(±100)"] };

/** On which the plain form is shown beside softmax. */
const PLAIN = ["N(0, 1)", "N(0, 10)", "N(0, 100)", "U(±100)", "N(1e4, 1)"];

interface Options {
  readonly operations: readonly Operation[];
  readonly backend: Backend;
  readonly effort: Effort;
  readonly long: boolean;
  readonly seed: number;
  readonly show: boolean;
}

/** Errors of one result on one distribution and length. */
interface Cell {
  readonly largest: number;
  readonly mean: number;
}

function cellOf({ got, truth, magnitude }: Outcome): Cell {
  let largest = 0;
  let total = 0;
  for (let i = 0; i < truth.length; i++) {
    const error = Math.abs(distance(got[i], truth[i], magnitude[i]));
    if (error > largest) largest = error;
    total += error;
  }
  return { largest, mean: total / truth.length };
}

/** What was found about one result of an operation: cells by distribution, then by length. */
class Sheet {
  readonly name: string;
  readonly bound: number;
  readonly cells = new Map<string, Map<number, Cell>>();
  largest = 0;
  where = "";

  constructor(operation: Operation, outcome: string) {
    const { name } = operation;
    this.name = outcome === "" ? name : `${name}: ${outcome}`;
    this.bound = boundOf(operation, outcome);
  }

  set(distribution: string, length: number, cell: Cell): void {
    const row = this.cells.get(distribution) ?? new Map<number, Cell>();
    this.cells.set(distribution, row.set(length, cell));
    if (cell.largest <= this.largest) return;
    this.largest = cell.largest;
    this.where = `${distribution}, ${length} columns`;
  }

  get mean(): number {
    const means = [...this.cells].flatMap(([name, row]) => (name === CLIMBED ? [] : [...row.values()]));
    return means.reduce((sum, { mean }) => sum + mean, 0) / means.length;
  }
}

const CLIMBED = "hill climbing";

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function sheetTable(sheet: { cells: Sheet["cells"] }, lengths: readonly number[]): string {
  const used = lengths.filter((length) => [...sheet.cells.values()].some((row) => row.has(length)));
  const columns: Column[] = [["", "left"], ...used.map((length): Column => [nameOf(length), "right"])];
  const rows = [...sheet.cells].map(([distribution, row]) => [
    distribution,
    ...used.map((length) => {
      const cell = row.get(length);
      return cell ? `${cell.largest.toFixed(2)} ${distribution === CLIMBED ? "" : cell.mean.toFixed(2)}` : "";
    }),
  ]);
  return table(columns, rows);
}

function nameOf(length: number): string {
  const power = Math.log2(length);
  return length > 65536 && Number.isInteger(power) ? `2^${power}` : String(length);
}

function run(k: Xentropy, { operations, effort, long, seed, show }: Options): Sheet[] {
  const sheets = new Map(operations.map((one) => [one, one.outcomes.map((outcome) => new Sheet(one, outcome))]));
  const judge = (distribution: Distribution, length: number, elementwise: boolean) => {
    const problem = new Problem(batchOf(distribution, length, effort.budget, seed + length), length, seed + length);
    for (const [operation, mine] of sheets) {
      if (operation.elementwise && !elementwise) continue;
      for (const [i, outcome] of operation.run(k, problem).entries()) {
        mine[i].set(distribution.name, length, cellOf(outcome));
      }
    }
  };
  for (const distribution of DISTRIBUTIONS) {
    for (const length of effort.lengths) judge(distribution, length, ELEMENTWISE_LENGTHS.has(length));
    if (long && LONG.distributions.includes(distribution.name)) judge(distribution, LONG.length, false);
  }
  for (const [operation, mine] of sheets) {
    if (operation.climbs === false) continue;
    for (const length of operation.elementwise ? [1] : CLIMBING.lengths) {
      const rows = operation.elementwise ? CLIMBING.elements : CLIMBING.rows;
      const summits = climb(k, operation, length, { rows, steps: effort.steps, seed });
      for (const [i, { error, row }] of summits.entries()) {
        mine[i].set(CLIMBED, length, { largest: error, mean: Number.NaN });
        if (show && length <= 10) say(`${mine[i].name}, ${error.toFixed(4)} ULP: [${row.join(", ")}]`);
      }
    }
  }
  return [...sheets.values()].flat();
}

/** The plain form on the same rows. */
function plainTable({ effort, seed }: Options): string {
  const cells: Sheet["cells"] = new Map();
  for (const distribution of DISTRIBUTIONS) {
    if (!PLAIN.includes(distribution.name)) continue;
    const row = new Map<number, Cell>();
    for (const length of effort.lengths) {
      const x = batchOf(distribution, length, effort.budget, seed + length);
      const truth = reference.softmax(x, { shape: [x.length / length, length] });
      row.set(length, cellOf({ got: plainSoftmax(x, length), truth, magnitude: truth }));
    }
    cells.set(distribution.name, row);
  }
  return sheetTable({ cells }, effort.lengths);
}

function main(k: Xentropy, options: Options): boolean {
  const { effort, long } = options;
  const began = performance.now();
  say(heading("The operations, row by row", "═"));
  say(`backend ${k.backend}, Node ${process.versions.node}, seed ${options.seed}`);
  say(
    "Errors in ULP of the true result, or of the sum of its terms' magnitudes: the largest and the mean, by columns.",
  );
  const sheets = run(k, options);
  for (const sheet of sheets) {
    say(`\n${heading(sheet.name)}\n${sheetTable(sheet, [...effort.lengths, ...(long ? [LONG.length] : [])])}`);
  }
  if (options.operations.some(({ name }) => name === "softmax")) {
    say(
      `\n${heading("For comparison: softmax in the plain form, x − max and the sum in float32, exp correctly rounded")}`,
    );
    say(plainTable(options));
  }
  const holds = ({ largest, bound }: Sheet) => largest <= bound;
  const summary = sheets.map((sheet) => [
    sheet.name,
    sheet.largest.toFixed(2),
    sheet.mean.toFixed(2),
    sheet.where,
    String(sheet.bound),
    holds(sheet) ? "holds" : "BROKEN",
  ]);
  const columns: Column[] = [
    ["", "left"],
    ["largest", "right"],
    ["mean", "right"],
    ["at", "left"],
    ["bound", "right"],
    ["", "left"],
  ];
  say(`\n${heading("Summary")}\n${table(columns, summary)}`);
  say(`\n${((performance.now() - began) / 1000).toFixed(0)} seconds in all`);
  return sheets.every(holds);
}

const OPTIONS = {
  operation: { type: "string", multiple: true },
  backend: { type: "string", default: "simd" },
  quick: { type: "boolean", default: false },
  long: { type: "boolean", default: false },
  seed: { type: "string", default: "1" },
  show: { type: "boolean", default: false },
} as const;

await runTool(USAGE, OPTIONS, async ({ operation: names, backend: backendName, quick, long, seed, show }) => {
  const known = OPERATIONS.map(({ name }) => name);
  for (const name of names ?? []) requireName("operation", name, known);
  const backend = requireName("backend", backendName, BACKENDS);
  return main(await load({ backend }), {
    operations: OPERATIONS.filter(({ name }) => !names || names.includes(name)),
    backend,
    effort: quick ? QUICK : THOROUGH,
    long,
    seed: wholeNumber(seed, 0, 999_999_999),
    show,
  });
});
