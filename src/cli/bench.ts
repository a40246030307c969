// xentropy bench

import { writeFileSync } from "node:fs";
import { type Backend, load, type Xentropy } from "../index.js";
import type { BenchOptions } from "./arguments.js";
import { toHtml } from "./html.js";
import { type Machine, machine } from "./machine.js";
import { measure, QUICK, THOROUGH } from "./measure.js";
import { batchOf, OPERATIONS, type Operation, requireAgreement, SHAPES } from "./operations.js";
import { bar, Progress, paint, significant, table } from "./terminal.js";

export interface Result {
  readonly operation: string;
  readonly title: string;
  readonly shape: readonly [rows: number, columns: number];
  /** Nanoseconds of one call. */
  readonly javascript: number;
  readonly kernels: number;
  /** How many times faster the kernels are. */
  readonly speedup: number;
}

export interface Report extends Machine {
  readonly backend: Backend;
  readonly results: readonly Result[];
}

export async function bench(options: BenchOptions): Promise<void> {
  const { json, html } = options;
  const k = await load(options.backend === undefined ? {} : { backend: options.backend });
  // A file that can't be written is said before minutes are spent.
  if (html !== undefined) writeFileSync(html, "");
  const report: Report = { ...machine(), backend: k.backend, results: run(k, options) };
  if (html !== undefined) writeFileSync(html, toHtml(report));
  if (json) console.log(JSON.stringify(report, undefined, 2));
  else print(report);
  if (html !== undefined && !json) console.log(`\n  Written to ${html}`);
}

function run(k: Xentropy, { operations, shapes = SHAPES, quick }: BenchOptions): Result[] {
  const chosen = OPERATIONS.filter(({ name }) => operations?.includes(name) ?? true);
  const progress = new Progress(chosen.length * shapes.length);
  const results: Result[] = [];
  for (const operation of chosen) {
    for (const shape of shapes) {
      progress.at(results.length, `${operation.name} ${shape.join("x")}`);
      results.push(time(k, operation, shape, quick));
    }
  }
  progress.finish();
  return results;
}

function time(k: Xentropy, operation: Operation, shape: readonly [number, number], quick: boolean): Result {
  const arrays = batchOf(shape);
  requireAgreement(k, operation, arrays);
  const [javascript, kernels] = measure(
    [
      { name: "JavaScript", call: () => operation.javascript(arrays) + arrays.output[0] },
      { name: k.backend, call: () => operation.kernels(k, arrays) + arrays.output[0] },
    ],
    quick ? QUICK : THOROUGH,
  );
  const { name, title } = operation;
  return { operation: name, title, shape, javascript, kernels, speedup: javascript / kernels };
}

const WIDTH = 30;

function print({ engine, cpu, backend, results }: Report): void {
  console.log(`The kernels (${backend}) against plain JavaScript\n${paint("dim", `${engine}; ${cpu}; one thread`)}`);
  const most = Math.max(...results.map(({ speedup }) => speedup));
  for (const title of new Set(results.map((result) => result.title))) {
    const rows = results
      .filter((result) => result.title === title)
      .map(({ shape: [rows, columns], javascript, kernels, speedup }) => [
        `${rows}x${columns}`,
        significant(javascript / (rows * columns)),
        significant(kernels / (rows * columns)),
        `${significant(speedup)}x`,
        bar(speedup / most, WIDTH),
      ]);
    console.log(`\n${paint("bold", title)}`);
    console.log(
      table(
        [
          { heading: "shape", align: "left" },
          { heading: "JavaScript ns/element", align: "right" },
          { heading: `${backend} ns/element`, align: "right" },
          { heading: "speed-up", align: "right", style: "bold" },
          { heading: "", align: "left", style: "green" },
        ],
        rows,
      ),
    );
  }
}
