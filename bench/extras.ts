// npm run bench -- extras: what each option of softmaxCrossEntropy costs, as a multiple of the call without any. Resident
// logits and gradient, Int32Array labels.

import { load } from "xentropy";
import { normal, uniform } from "../src/cli/random.js";
import { BACKENDS, parse, requireName } from "./command-line.js";
import { describeMachine, machine } from "./machine.js";
import { effortOf, measure, median, type Timed } from "./measure.js";
import { significant, table } from "./table.js";

export const USAGE = `Usage: npm run bench -- extras [options]

What each option of softmaxCrossEntropy costs, as a multiple of the call without any: medians of rounds in turn.

  --backend NAME   ${BACKENDS.join(", ")}; default simd
  --quick          fewer and shorter rounds
  --help           this text`;

const OPTIONS = {
  backend: { type: "string", default: "simd" },
  quick: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

const SHAPES = [
  [32, 10],
  [10_000, 10],
  [2000, 50],
  [128, 1000],
] as const;

/** For so many rows and classes. */
function extrasOf(rows: number, classes: number): Record<string, object> {
  const next = uniform(rows);
  return {
    none: {},
    correct: { correct: true },
    logSumExp: { logSumExp: true },
    classWeights: { classWeights: Float32Array.from({ length: classes }, () => 0.5 + next()) },
    sampleWeights: { sampleWeights: Float32Array.from({ length: rows }, () => 0.5 + next()) },
    labelSmoothing: { labelSmoothing: 0.1 },
    temperature: { temperature: 2 },
    zLoss: { zLoss: 1e-4 },
    softcap: { softcap: 30 },
  };
}

export async function run(args: string[]): Promise<void> {
  const { values } = parse({ args, options: OPTIONS });
  if (values.help) return console.log(USAGE);
  const backend = requireName("backend", values.backend, BACKENDS);
  const k = await load({ backend });
  const lines: string[][] = [];
  let names: string[] = [];
  for (const [rows, classes] of SHAPES) {
    const next = uniform(1);
    const gauss = normal(next);
    const logits = k.alloc([rows, classes]);
    const grad = k.alloc([rows, classes]);
    logits.set(Float32Array.from({ length: rows * classes }, () => 3 * gauss()));
    const labels = Int32Array.from({ length: rows }, () => Math.floor(next() * classes));
    const extras = extrasOf(rows, classes);
    const calls = Object.entries(extras).map(
      ([name, options]): Timed => ({
        name,
        call: () => k.softmaxCrossEntropy(logits, labels, { ...options, grad }).loss,
      }),
    );
    const times = (await measure(calls, effortOf(false, values.quick))).map(median);
    names = calls.map(({ name }) => name);
    lines.push([
      `${rows}x${classes}`,
      significant(times[0] / rows),
      ...times.slice(1).map((time) => `${(time / times[0]).toFixed(2)}x`),
    ]);
    logits.free();
    grad.free();
  }
  console.log(`${describeMachine(machine())}; ${backend}. Nanoseconds a row, and multiples of them.\n`);
  console.log(
    table(
      ["", ...names].map((name, i) => [name, i === 0 ? "left" : "right"] as const),
      lines,
    ),
  );
}
