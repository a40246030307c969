// What threads gain on one operation and shape: the library on one thread and on several in the same rounds, resident and
// foreign, and where the batch is large what the machine itself allows (split.ts). All must give the same bits before.

import type { FloatOutput, Xentropy } from "xentropy";
import { normal, uniform } from "../src/cli/random.js";
import { type Effort, measure, median } from "./measure.js";
import { say } from "./progress.js";
import type { Split, Work } from "./split.js";

type Shape = readonly [rows: number, columns: number];

export const MANY_ROUNDS: Effort = { rounds: 41, roundTime: 3, warmupTime: 60, caseTime: 6000, leastRounds: 11 };
export const FEW_ROUNDS: Effort = { rounds: 15, roundTime: 2, warmupTime: 30, caseTime: 1000, leastRounds: 5 };

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
  /** The teacher's logits, where there is a teacher. */
  readonly y: FloatOutput;
  readonly labels: Int32Array;
  readonly out: FloatOutput;
}

/** An operation as it is called here. */
export interface Subject {
  readonly name: Work;
  /** Batches that it reads, if not one. */
  readonly inputs?: 2;
  readonly shapes: readonly Shape[];
  readonly call: (k: Xentropy, operands: Operands) => unknown;
}

export const SUBJECTS: readonly Subject[] = [
  { name: "softmax", shapes: SHAPES, call: (k, { x, out, shape }) => k.softmax(x, { shape, out }) },
  {
    name: "softmaxCrossEntropy",
    shapes: SHAPES,
    call: (k, { x, labels, out, shape }) => k.softmaxCrossEntropy(x, labels, { shape, grad: out }).loss,
  },
  {
    name: "softmaxKlDivergence",
    inputs: 2,
    shapes: SHAPES,
    call: (k, { x, y, out, shape }) => k.softmaxKlDivergence(x, y, { shape, grad: out }).loss,
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
export interface SpeedUp {
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

/** What is compared, and how. */
export interface Bench {
  readonly one: Xentropy;
  readonly many: Xentropy;
  readonly split: Split;
  readonly effort: Effort;
}

/** Measures an operation on a shape: resident, foreign, and where it is large what the machine does. */
export async function compare(bench: Bench, subject: Subject, shape: Shape): Promise<SpeedUp[]> {
  const resident = await compareAt(bench, subject, shape, true);
  const foreign = await compareAt(bench, subject, shape, false);
  if (!LARGE.has(shape.join("x"))) return [resident, foreign];
  const n = shape[0] * shape[1];
  const { split, effort } = bench;
  const [kernelAlone, kernelTogether] = await splitTimes(bench, subject.name, shape);
  resident.machine = ratioOf(kernelAlone, kernelTogether);
  const [copyAlone, copyTogether] = await splitTimes(bench, "copy", shape);
  resident.copies = [(8 * n) / median(copyAlone), (8 * n) / median(copyTogether)];
  const { x: transit } = split.operands(n);
  const inputs = Array.from({ length: subject.inputs ?? 1 }, () => new Float32Array(n));
  const out = new Float32Array(n);
  const [inAndOut] = await measure([timed(() => copyThrough(transit, inputs, out))], effort);
  const copies = median(inAndOut) / n;
  foreign.machine = foreign.one / Math.max(copies, (copies + resident.one) / bench.many.threads);
  return [resident, foreign];
}

/** Rounds of a task on one thread and on all, which must write the same. */
async function splitTimes({ split, effort }: Bench, work: Work, [rows, columns]: Shape): Promise<number[][]> {
  const calls = [() => split.alone(work, rows, columns), () => split.together(work, rows, columns)];
  const { out } = split.operands(rows * columns);
  const [alone, together] = calls.map((call) => {
    out.fill(Number.NaN);
    call();
    return { loss: 0, values: out.slice() };
  });
  requireSame(`${work} ${rows}x${columns} in fixed parts`, alone, together);
  return measure(calls.map(timed), effort);
}

async function compareAt(bench: Bench, subject: Subject, shape: Shape, resident: boolean): Promise<SpeedUp> {
  const { name, call } = subject;
  const n = shape[0] * shape[1];
  const placement = resident ? "resident" : "foreign";
  const what = `${name} ${shape.join("x")}, ${placement}`;
  say(what);
  const kernels = [bench.one, bench.many];
  const operands = kernels.map((k) => operandsOf(resident ? k : undefined, subject, shape));
  const calls = kernels.map((k, i) => () => call(k, operands[i]));
  const [one, many] = calls.map((run, i) => outcomeOf(run, operands[i].out));
  requireSame(what, one, many);
  const [alone, together] = await measure(calls.map(timed), bench.effort);
  for (const batch of new Set(operands.flatMap(({ x, y, out }) => [x, y, out]))) if ("free" in batch) batch.free();
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

/** Batches in the memory of `k`, or arrays. */
function operandsOf(k: Xentropy | undefined, { inputs }: Subject, shape: Shape): Operands {
  const [rows, columns] = shape;
  const gauss = normal(uniform(rows * columns));
  const place = (data: Float32Array) => (k ? k.alloc(shape).set(data) : data);
  const draw = () => place(Float32Array.from({ length: rows * columns }, () => gauss() * 3));
  const x = draw();
  const labels = Int32Array.from({ length: rows }, (_, i) => (i * 7919) % columns);
  return { shape, x, y: inputs ? draw() : x, labels, out: place(new Float32Array(rows * columns).fill(Number.NaN)) };
}

interface Outcome {
  readonly loss: number;
  readonly values: Float32Array;
}

/** The loss that a call returns, if it does, and what it leaves in `out`. */
function outcomeOf(call: () => unknown, out: FloatOutput): Outcome {
  const returned = call();
  const values = out instanceof Float32Array ? out : out.toArray();
  return { loss: typeof returned === "number" ? returned : 0, values };
}

/** Fails unless both have the same bits, and numbers throughout. */
export function requireSame(what: string, one: Outcome, many: Outcome): void {
  if (one.loss !== many.loss) throw new Error(`${what}: the loss is ${many.loss} on threads, ${one.loss} on one`);
  for (let i = 0; i < Math.max(one.values.length, many.values.length); i++) {
    const [a, b] = [one.values[i], many.values[i]];
    if (Object.is(a, b) && a === b) continue;
    throw new Error(`${what}: element ${i} is ${b} on threads, ${a} on one`);
  }
}

function timed(call: () => unknown) {
  return { name: "", call: () => (call() === undefined ? 1 : 0) };
}

/** The median of the rounds' ratios. */
function ratioOf(one: readonly number[], many: readonly number[]): number {
  return median(one.map((time, round) => time / many[round]));
}

/** Copies arrays through a shared memory, the last of them to another, in pieces that stay in cache. */
function copyThrough(shared: Float32Array, from: readonly Float32Array[], to: Float32Array): void {
  const piece = 16_384;
  for (let i = 0; i < to.length; i += piece) {
    const transit = shared.subarray(0, Math.min(piece, to.length - i));
    for (const array of from) transit.set(array.subarray(i, i + piece));
    to.set(transit, i);
  }
}
