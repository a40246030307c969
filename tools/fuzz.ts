// npm run fuzz: random calls of every operation, each compared with the js backend bit for bit, with the reference within
// the stated bounds, and with itself wherever its operands may lie. Seeded: the same seed gives the same cases.

import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { SingleBar } from "cli-progress";
import type { Chunk, Outcome } from "./fuzz/worker.js";

const USAGE = `Usage: npm run fuzz -- [options]

  --minutes N     how long; default 1
  --cases N       how many cases, instead of a time
  --seed N        where to start; default 1. Chunk c of a run has the seed N + c
  --backend NAME  simd (default) or relaxed: there the bounds only, no bits
  --threads N     default: one for each core
  --help          this text`;

const CHUNK = 1000;

interface Settings {
  readonly minutes: number;
  readonly cases: number;
  readonly seed: number;
  readonly backend: "simd" | "relaxed";
  readonly threads: number;
}

function readSettings(): Settings | undefined {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string" },
      cases: { type: "string" },
      seed: { type: "string" },
      backend: { type: "string" },
      threads: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  const number = (text: string | undefined, fallback: number) => {
    const value = text === undefined ? fallback : Number(text);
    if (!(value > 0)) throw new Error(`${text} is not a positive number.`);
    return value;
  };
  const { backend = "simd" } = values;
  if (backend !== "simd" && backend !== "relaxed") throw new Error(`There is no backend "${backend}" to fuzz.`);
  const cases = values.cases === undefined ? Number.POSITIVE_INFINITY : number(values.cases, 0);
  return {
    minutes: values.cases === undefined ? number(values.minutes, 1) : Number.POSITIVE_INFINITY,
    cases,
    seed: number(values.seed, 1),
    backend,
    threads: number(values.threads, availableParallelism()),
  };
}

/** Hands out chunks until time or cases are up; resolves with what each worker has seen. */
async function fuzz({ minutes, cases, seed, backend, threads }: Settings): Promise<Outcome[]> {
  const end = Date.now() + minutes * 60_000;
  const bar = new SingleBar({ format: "{bar} {value} cases, {failures} failures, {duration_formatted}" });
  bar.start(Number.isFinite(cases) ? cases : 0, 0, { failures: 0 });
  const outcomes: Outcome[] = [];
  let started = 0;
  let done = 0;
  let failures = 0;
  await Promise.all(
    Array.from({ length: threads }, () => {
      const worker = new Worker(new URL("./fuzz/worker.js", import.meta.url), { workerData: { backend } });
      return new Promise<void>((resolve, reject) => {
        const next = () => {
          if (Date.now() >= end || started >= cases || failures >= 20) {
            void worker.terminate();
            resolve();
            return;
          }
          const chunk: Chunk = { seed: seed + started / CHUNK, cases: CHUNK };
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

function report(outcomes: readonly Outcome[], { seed, backend }: Settings): boolean {
  const counts = new Map<string, number>();
  let cases = 0;
  for (const outcome of outcomes) {
    cases += outcome.cases;
    for (const [name, count] of Object.entries(outcome.counts)) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  const last = Math.max(...outcomes.map((outcome) => outcome.seed));
  console.log(`\n${cases} cases on ${backend}, seeds ${seed} to ${last}, Node ${process.versions.node}`);
  for (const [name, count] of [...counts].sort()) console.log(`  ${name.padEnd(22)} ${count}`);
  const failures = outcomes.filter((outcome) => outcome.failure);
  for (const { seed: at, failure } of failures) console.log(`\nseed ${at}: ${failure}`);
  console.log(failures.length === 0 ? "\nNothing found." : `\n${failures.length} chunks failed.`);
  return failures.length === 0;
}

try {
  const settings = readSettings();
  if (!settings) console.log(USAGE);
  else if (!report(await fuzz(settings), settings)) process.exitCode = 1;
} catch (error) {
  console.error(`${(error as Error).message}\n\n${USAGE}`);
  process.exitCode = 2;
}
