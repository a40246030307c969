// npm run bench -- threads [N]: the speed-up of N threads (default 2) over one, in the same rounds: resident and foreign
// batches, from a few numbers to a million columns. The aim on free cores is 1.8 for large resident batches, and 0.95 at
// least for every other.

import { type FloatOutput, load, type Xentropy } from "xentropy";
import { describeMachine, machine } from "./machine.js";
import { type Effort, measure, median } from "./measure.js";
import { say } from "./progress.js";
import { mulberry32, normal } from "./random.js";
import { significant, table } from "./table.js";

type Shape = readonly [rows: number, columns: number];

const EFFORT: Effort = { rounds: 41, roundTime: 3, warmupTime: 60, caseTime: 6000, leastRounds: 11 };

/** Small ones, around the thresholds, and those that the threads are for. */
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
  readonly name: string;
  readonly shapes: readonly Shape[];
  readonly call: (k: Xentropy, operands: Operands) => unknown;
}

const OPERATIONS: readonly Operation[] = [
  { name: "softmax", shapes: SHAPES, call: (k, { x, out, shape }) => k.softmax(x, { shape, out }) },
  {
    name: "softmaxCrossEntropy with gradient",
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

export async function run(args: string[]): Promise<void> {
  const threads = Number(args[0] ?? 2);
  const one = await load();
  const many = await load({ threads });
  console.log(`${describeMachine(machine())}; ${one.backend}, ${many.threads} threads against 1, medians\n`);
  const rows: string[][] = [];
  for (const { name, shapes, call } of OPERATIONS) {
    for (const shape of shapes) {
      const cells = [name, shape.join("x")];
      for (const resident of [true, false]) {
        say(`${name} ${shape.join("x")}`);
        const contenders = [one, many].map((k) => timed(k, call, shape, resident));
        const times = await measure(contenders, EFFORT);
        const [alone, together] = times.map(median);
        const elements = shape[0] * shape[1];
        cells.push(
          significant(alone / elements),
          significant(together / elements),
          `${significant(alone / together)}x`,
        );
        for (const { free } of contenders) free();
      }
      rows.push(cells);
    }
  }
  say("");
  const columns = ["resident, 1", `${threads} threads`, "speed-up", "foreign, 1", `${threads} threads`, "speed-up"];
  console.log(table([["", "left"], ["shape", "left"], ...columns.map((c) => [c, "right"] as const)], rows));
  console.log("\nNanoseconds an element.");
  many.dispose();
}

function timed(k: Xentropy, call: Operation["call"], shape: Shape, resident: boolean) {
  const n = shape[0] * shape[1];
  const gauss = normal(mulberry32(n));
  const logits = Float32Array.from({ length: n }, () => gauss() * 3);
  const labels = Int32Array.from({ length: shape[0] }, (_, i) => (i * 7919) % shape[1]);
  const batches = resident ? [k.alloc(shape).set(logits), k.alloc(shape)] : [];
  const operands = resident
    ? { shape, x: batches[0], labels, out: batches[1] }
    : { shape, x: logits, labels, out: new Float32Array(n) };
  return {
    name: `${k.threads} threads`,
    call: () => (call(k, operands) === undefined ? 1 : 0),
    free: () => {
      for (const batch of batches) batch.free();
    },
  };
}
