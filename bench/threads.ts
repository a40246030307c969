// npm run bench -- threads [N]: the speed-up of N threads (default 2) over one, in the same rounds: resident and foreign
// batches, from a few numbers to ten million. Beside the large ones stands what the machine itself allows (split.ts).

import { writeFileSync } from "node:fs";
import { type FloatOutput, load, type Xentropy } from "xentropy";
import { normal, uniform } from "../src/cli/random.js";
import { parse, UsageError } from "./command-line.js";
import { describeMachine, type Machine, machine } from "./machine.js";
import { type Effort, measure, median } from "./measure.js";
import { say } from "./progress.js";
import { Split, type Work } from "./split.js";
import { significant, table } from "./table.js";

export const USAGE = `Usage: npm run bench -- threads [N] [options]

The speed-up of N threads (default 2) over one: medians of the ratios of rounds in which all take their turn.

  --op NAME      softmax, softmaxCrossEntropy or sigmoid alone
  --quick        fewer and shorter rounds
  --json FILE    every figure; "-" for standard output (the table then goes to standard error)
  --help         this text

"machine": what the machine allows. Resident: the same kernel on parts that are fixed beforehand, threads that have nothing
to agree on. Foreign: the calling thread alone can copy, so at best copies and kernels together, evenly shared out; or the
copies alone, if they take longer. "copies": GB/s that a copy of the same floats reads and writes, on one thread and on N.`;

type Shape = readonly [rows: number, columns: number];

const THOROUGH: Effort = { rounds: 41, roundTime: 3, warmupTime: 60, caseTime: 6000, leastRounds: 11 };
const QUICK: Effort = { rounds: 15, roundTime: 2, warmupTime: 30, caseTime: 1000, leastRounds: 5 };

/** Resident batches of these shapes are to gain so much on two free processors; no batch is to lose more than the other. */
const AIM = 1.8;
const LEAST = 0.95;
const LARGE = new Set(["128x1000", "16x50257", "1x128256", "1x1048576", "1x10000000"]);

const SHAPES: readonly Shape[] = [
  [1, 10],
  [8, 100],
  [16, 1000],
  [32, 1000],
  [64, 1000],
  [128, 1000],
  [16, 50257],
  [1, 128256],
  [1, 1048576],
];

interface Operands {
  readonly shape: Shape;
  readonly x: FloatOutput;
  readonly labels: Int32Array;
  readonly out: FloatOutput;
}

interface Operation {
  readonly name: Work;
  readonly shapes: readonly Shape[];
  readonly call: (k: Xentropy, operands: Operands) => unknown;
}

const OPERATIONS: readonly Operation[] = [
  { name: "softmax", shapes: SHAPES, call: (k, { x, out, shape }) => k.softmax(x, { shape, out }) },
  {
    name: "softmaxCrossEntropy",
    shapes: SHAPES,
    call: (k, { x, labels, out, shape }) => k.softmaxCrossEntropy(x, labels, { shape, grad: out }).loss,
  },
  {
    name: "sigmoid",
    shapes: [
      [1, 100],
      [1, 10_000],
      [1, 100_000],
      [1, 10_000_000],
    ],
    call: (k, { x, out, shape }) => k.sigmoid(x, { shape, out }),
  },
];

/** Of one operation on one shape; times are nanoseconds an element. */
interface Result {
  readonly operation: string;
  readonly shape: string;
  readonly placement: "resident" | "foreign";
  readonly one: number;
  readonly many: number;
  readonly speedUp: number;
  readonly aim: number;
  /** What the machine allows, where it was measured. */
  machine?: number;
  /** Copies on one thread and on all: GB/s. */
  copies?: readonly [number, number];
}

/** How the batches are made, and what is compared. */
interface Bench {
  readonly one: Xentropy;
  readonly many: Xentropy;
  readonly split: Split;
  readonly effort: Effort;
}

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
  const threads = Number(positionals[0] ?? 2);
  if (!Number.isInteger(threads) || threads < 2) throw new UsageError(`"${positionals[0]}" is no number of threads.`);
  const operations = OPERATIONS.filter(({ name }) => values.op === undefined || name === values.op);
  if (operations.length === 0) throw new UsageError(`There is no operation "${values.op}" in this benchmark.`);
  const floats = Math.max(...operations.flatMap(({ shapes }) => shapes.map(([rows, columns]) => rows * columns)));
  const bench: Bench = {
    one: await load(),
    many: await load({ threads }),
    split: new Split(threads, floats),
    effort: values.quick ? QUICK : THOROUGH,
  };
  const gauss = normal(uniform(floats));
  bench.split.input(floats).forEach((_, i, input) => {
    input[i] = gauss() * 3;
  });
  const results: Result[] = [];
  for (const operation of operations) {
    for (const shape of operation.shapes) results.push(...(await compare(bench, operation, shape)));
  }
  say("");
  const print = values.json === "-" ? console.error : console.log;
  print(report(machine(), threads, results));
  const json = `${JSON.stringify({ machine: machine(), threads, results })}\n`;
  if (values.json === "-") process.stdout.write(json);
  else if (values.json) writeFileSync(values.json, json);
  bench.many.dispose();
}

/** Measures an operation on a shape: resident, foreign, and where it is large what the machine does. */
async function compare(bench: Bench, operation: Operation, shape: Shape): Promise<Result[]> {
  const [rows, columns] = shape;
  const large = LARGE.has(shape.join("x"));
  const resident = await compareAt(bench, operation, shape, true);
  const foreign = await compareAt(bench, operation, shape, false);
  if (!large) return [resident, foreign];
  const n = rows * columns;
  const { split, effort } = bench;
  const ratio = (work: Work) =>
    measure([timed(() => split.alone(work, rows, columns)), timed(() => split.together(work, rows, columns))], effort);
  const [kernelAlone, kernelTogether] = await ratio(operation.name);
  resident.machine = ratioOf(kernelAlone, kernelTogether);
  const [copyAlone, copyTogether] = await ratio("copy");
  resident.copies = [(8 * n) / median(copyAlone), (8 * n) / median(copyTogether)];
  const input = split.input(n);
  const [x, out] = [new Float32Array(input), new Float32Array(n)];
  const [inAndOut] = await measure([timed(() => copyThrough(input, x, out))], effort);
  const copies = median(inAndOut) / n;
  const threads = bench.many.threads;
  foreign.machine = foreign.one / Math.max(copies, (copies + resident.one) / threads);
  return [resident, foreign];
}

async function compareAt(
  { one, many, effort }: Bench,
  { name, call }: Operation,
  shape: Shape,
  resident: boolean,
): Promise<Result> {
  const n = shape[0] * shape[1];
  const placement = resident ? "resident" : "foreign";
  say(`${name} ${shape.join("x")}, ${placement}`);
  const gauss = normal(uniform(n));
  const logits = Float32Array.from({ length: n }, () => gauss() * 3);
  const labels = Int32Array.from({ length: shape[0] }, (_, i) => (i * 7919) % shape[1]);
  const residents = resident ? [one, many].map((k) => [k.alloc(shape).set(logits), k.alloc(shape)]) : [];
  const [alone, together] = await measure(
    [one, many].map((k, i) => {
      const [x, out] = residents[i] ?? [logits, new Float32Array(n)];
      return timed(() => call(k, { shape, x, labels, out }));
    }),
    effort,
  );
  for (const batch of residents.flat()) batch.free();
  return {
    operation: name,
    shape: shape.join("x"),
    placement,
    one: median(alone) / n,
    many: median(together) / n,
    speedUp: ratioOf(alone, together),
    aim: resident && LARGE.has(shape.join("x")) ? AIM : LEAST,
  };
}

function timed(call: () => unknown) {
  return { name: "", call: () => (call() === undefined ? 1 : 0) };
}

/** The median of the rounds' ratios. */
function ratioOf(one: readonly number[], many: readonly number[]): number {
  return median(one.map((time, round) => time / many[round]));
}

/** Copies an array through a shared memory to another, in pieces that stay in cache. */
function copyThrough(shared: Float32Array, from: Float32Array, to: Float32Array): void {
  const piece = 16_384;
  const transit = shared.subarray(0, piece);
  for (let i = 0; i < from.length; i += piece) {
    const n = Math.min(piece, from.length - i);
    transit.set(from.subarray(i, i + n));
    to.set(n === piece ? transit : transit.subarray(0, n), i);
  }
}

function report(on: Machine, threads: number, results: readonly Result[]): string {
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
