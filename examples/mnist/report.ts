// What npm start prints.

import { describeMachine, machine } from "../../bench/machine.js";
import { quantile } from "../../bench/record.js";
import { grouped, heading, short, significant, table } from "../../bench/table.js";
import { BOUND, type Check, type CrossCheck } from "./cross-check.js";
import { CLASSES } from "./digits.js";
import type { Labelled } from "./images.js";
import type { Comparison } from "./speed.js";
import type { Trained } from "./train.js";

/** What softmax regression on pixels must reach. */
const LEAST_ACCURACY = 0.92;

export function reportStart(backend: string, training: Labelled, test: Labelled): void {
  console.log(heading("xentropy: handwritten digits", "═"));
  console.log(`MNIST, ${grouped(training.count)} digits to train on and ${grouped(test.count)} to test with`);
  console.log(`${describeMachine(machine())}; backend ${backend}, 1 thread`);
}

export function reportSection(title: string, remark: string): void {
  console.log(`\n${heading(title)}\n  ${remark}\n`);
}

export function reportTrained({ accuracy, seconds, kernelSeconds, testSeconds }: Trained): void {
  const share = (100 * kernelSeconds) / seconds;
  console.log(
    `\n  ${percent(accuracy)} of the test digits recognised; ${seconds.toFixed(1)} s of training, ` +
      `${kernelSeconds.toFixed(3)} s (${share.toFixed(1)} %) of it in logits, loss and gradients; ` +
      `${testSeconds.toFixed(1)} s of testing`,
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
  const rows = comparisons.map(({ operation, rows, elements, timings: [baseline, kernels] }) => {
    const ratios = kernels.rounds.map((ns, round) => baseline.rounds[round] / ns);
    return [
      operation,
      `${rows}x${CLASSES}`,
      significant(baseline.ns / elements),
      significant(kernels.ns / elements),
      short((1e9 * elements) / kernels.ns),
      `${significant(quantile(ratios, 0.5))}x`,
      `${significant(quantile(ratios, 0.25))}–${significant(quantile(ratios, 0.75))}`,
    ];
  });
  console.log(
    table(
      [
        ["operation", "left"],
        ["shape", "left"],
        ["JavaScript ns/element", "right"],
        [`${comparisons[0].timings[1].name} ns/element`, "right"],
        ["elements/s", "right"],
        ["speed-up", "right"],
        ["quartiles", "right"],
      ],
      rows,
    ),
  );
}

/** Prints what was promised and whether it was kept; true if all of it was. */
export function reportVerdict({ checks, objection }: CrossCheck, accuracy: number): boolean {
  const values = checks.reduce((sum, check) => sum + check.values, 0);
  const worst = checks.reduce((ulp, check) => Math.max(ulp, check.ulp), 0);
  const verdicts: [passed: boolean, text: string][] = [
    [
      checks.every(({ passed }) => passed),
      `${grouped(values)} values are within ${significant(worst)} ULP of the reference (bound: ${BOUND})`,
    ],
    [objection === undefined, objection ?? "every one of them has the same bits on the js backend"],
    [
      accuracy >= LEAST_ACCURACY,
      `softmax recognises ${percent(accuracy)} of the test digits (at least ${percent(LEAST_ACCURACY)})`,
    ],
  ];
  console.log(`\n${heading("Result")}`);
  for (const [passed, text] of verdicts) console.log(`  ${passed ? "ok    " : "FAILED"}  ${text}`);
  return verdicts.every(([passed]) => passed);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
