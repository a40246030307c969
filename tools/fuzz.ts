// npm run fuzz: random calls of every operation, each compared with the js backend bit for bit, with the reference within
// the stated bounds, and with itself wherever its operands may lie. Seeded: the same seed gives the same cases.

import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { SingleBar } from "cli-progress";
import { load } from "xentropy";
import { requireName, UsageError, wholeNumber } from "../bench/command-line.js";
import type { Chunk, Outcome } from "./fuzz/worker.js";
import { runTool } from "./support/tool.js";

const USAGE = `Usage: npm run fuzz -- [options]

  --minutes N     how long; default 1
  --cases N       how many cases are drawn, instead of a time
  --seed N        where to start; default 1. Each hundred of cases has the next seed
  --backend NAME  simd (default) or relaxed: there the bounds only, no bits
  --threads N     threads of the kernels, which share every call; default 1
  --workers N     cases at once; default: as many as the cores have room for
  --help          this text`;

/** Cases that are drawn from one seed: few, so that a failure comes again soon. */
const CHUNK = 100;

interface Settings {
  /** Infinity where the number of cases is given, and the other way round. */
  readonly minutes: number;
  readonly cases: number;
  readonly seed: number;
  readonly backend: "simd" | "relaxed";
  readonly threads: number;
  readonly workers: number;
}

function positive(text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new UsageError(`"${text}" is no positive number.`);
}

/** Hands out chunks until time or cases are up; resolves with what each worker has seen. */
async function fuzz({ minutes, cases, seed, backend, threads, workers }: Settings): Promise<Outcome[]> {
  const end = performance.now() + minutes * 60_000;
  const bar = new SingleBar({ format: "{bar} {value} cases, {failures} failures, {duration_formatted}" });
  bar.start(Number.isFinite(cases) ? cases : 0, 0, { failures: 0 });
  const outcomes: Outcome[] = [];
  let started = 0;
  let done = 0;
  let failures = 0;
  await Promise.all(
    Array.from({ length: workers }, () => {
      const worker = new Worker(new URL("./fuzz/worker.js", import.meta.url), { workerData: { backend, threads } });
      return new Promise<void>((resolve, reject) => {
        const next = () => {
          if (performance.now() >= end || started >= cases || failures >= 20) {
            void worker.terminate();
            resolve();
            return;
          }
          const chunk: Chunk = { seed: seed + started / CHUNK, cases: Math.min(CHUNK, cases - started) };
          started += CHUNK;
          worker.postMessage(chunk);
        };
        worker.on("message", (outcome: Outcome) => {
          outcomes.push(outcome);
          done += outcome.cases;
          if (outcome.failure) failures++;
          bar.setTotal(Math.max(done, Number.isFinite(cases) ? cases : done));
          bar.update(done, { failures });
          next();
        });
        worker.on("error", reject);
        next();
      });
    }),
  );
  bar.stop();
  return outcomes;
}

function report(outcomes: readonly Outcome[], { seed, backend, threads }: Settings): boolean {
  const counts = new Map<string, number>();
  let cases = 0;
  for (const outcome of outcomes) {
    cases += outcome.cases;
    for (const [name, count] of Object.entries(outcome.counts)) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  // Where the time was too short, or the few cases that were drawn fit no operation.
  if (counts.size === 0) {
    console.error("\nNo case was run.");
    return false;
  }
  const last = Math.max(...outcomes.map((outcome) => outcome.seed));
  const shares = outcomes.reduce((sum, outcome) => sum + outcome.shares, 0);
  const on = threads === 1 ? backend : `${backend} with ${threads} threads, of which others computed ${shares} shares`;
  console.log(`\n${cases} cases on ${on}, seeds ${seed} to ${last}, Node ${process.versions.node}`);
  for (const [name, count] of [...counts].sort()) console.log(`  ${name.padEnd(22)} ${count}`);
  const failures = outcomes.filter((outcome) => outcome.failure);
  for (const { seed: at, failure } of failures) console.log(`\nseed ${at}: ${failure}`);
  console.log(failures.length === 0 ? "\nNothing found." : `\n${failures.length} chunks failed.`);
  return failures.length === 0;
}

const OPTIONS = {
  minutes: { type: "string", default: "1" },
  cases: { type: "string" },
  seed: { type: "string", default: "1" },
  backend: { type: "string", default: "simd" },
  threads: { type: "string", default: "1" },
  workers: { type: "string" },
} as const;

await runTool(USAGE, OPTIONS, async ({ minutes, cases, seed, backend, threads, workers }) => {
  const used = wholeNumber(threads, 1, 65);
  const settings: Settings = {
    minutes: cases === undefined ? positive(minutes) : Number.POSITIVE_INFINITY,
    cases: cases === undefined ? Number.POSITIVE_INFINITY : wholeNumber(cases, 1, Number.MAX_SAFE_INTEGER),
    seed: wholeNumber(seed, 1, 2 ** 32 - 1),
    backend: requireName("backend", backend, ["simd", "relaxed"]),
    threads: used,
    workers: wholeNumber(workers ?? String(Math.ceil(availableParallelism() / used)), 1, 256),
  };
  // What the engine doesn't have is said here, not by every worker.
  (await load({ backend: settings.backend, threads: used })).dispose();
  return report(await fuzz(settings), settings);
});
