// What npm start prints.

import type { Comparison } from "../../bench/compare.js";
import { describeMachine, machine } from "../../bench/machine.js";
import { comparisonColumns, comparisonRow } from "../../bench/report.js";
import { grouped, heading, significant, table } from "../../bench/table.js";
import type { Check } from "./cross-check.js";
import type { Labelled, Trained } from "./train.js";

export function reportStart(backend: string, training: Labelled, test: Labelled): void {
  console.log(heading("xentropy: handwritten digits", "═"));
  console.log(
    `MNIST, ${grouped(training.images.count)} digits to train on and ${grouped(test.images.count)} to test with`,
  );
  console.log(`${describeMachine(machine())}; backend ${backend}, 1 thread`);
}

export function reportSection(title: string, remark: string): void {
  console.log(`\n${heading(title)}\n  ${remark}\n`);
}

export function reportTrained({ accuracy, seconds, lossSeconds }: Trained): void {
  const share = (100 * lossSeconds) / seconds;
  console.log(
    `\n  ${percent(accuracy)} of the test digits recognised; ${seconds.toFixed(1)} s, ` +
      `of which ${lossSeconds.toFixed(3)} s (${share.toFixed(1)} %) in loss and gradient`,
  );
}

export function reportChecks(checks: readonly Check[]): void {
  const rows = checks.map(({ operation, result, values, ulp, absolute, passed }) => [
    operation,
    result,
    grouped(values),
    ulp.toFixed(2),
    absolute.toExponential(1),
    passed ? "yes" : "NO",
  ]);
  console.log(
    table(
      [
        ["operation", "left"],
        ["result", "left"],
        ["values", "right"],
        ["largest ULP", "right"],
        ["largest difference", "right"],
        ["within bound", "left"],
      ],
      rows,
    ),
  );
}

export function reportSpeed(comparisons: readonly Comparison[]): void {
  const names = comparisons[0].timings.map(({ name }) => name);
  const rows = comparisons.map((c) => comparisonRow(c, [c.operation.name, c.shape.join("x")]));
  console.log(table(comparisonColumns(names, ["operation", "shape"]), rows));
}

/** Prints what was asked for and what came of it; whether everything passed. */
export function reportVerdict(checks: readonly Check[], bound: number, accuracy: number, least: number): boolean {
  const values = checks.reduce((sum, check) => sum + check.values, 0);
  const worst = checks.reduce((ulp, check) => Math.max(ulp, check.ulp), 0);
  const exact = checks.every(({ passed }) => passed);
  const accurate = accuracy >= least;
  const mark = (good: boolean) => (good ? "ok      " : "FAILED  ");
  console.log(`\n${heading("Result")}`);
  console.log(
    `  ${mark(exact)}${grouped(values)} values within ${significant(worst)} ULP of the truth (bound: ${bound})`,
  );
  console.log(
    `  ${mark(accurate)}softmax recognises ${percent(accuracy)} of the test digits (at least ${percent(least)})`,
  );
  return exact && accurate;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
