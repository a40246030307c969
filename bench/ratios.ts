// What results are compared by.

import { operations } from "./operations.js";
import { type Result, timingOf } from "./record.js";

/** The time of a backend, resident, as a multiple of the sum of the operation's passes. */
export function limitOf(result: Result, backend: string): number | undefined {
  const timing = timingOf(result, backend, "resident");
  const passes = result.passes[backend];
  const operation = operations.find(({ name }) => name === result.operation);
  if (!timing || !passes || !operation || operation.passes.length === 0) return undefined;
  const sum = operation.passes.reduce((total, pass) => total + passes[pass], 0);
  return timing.ns / result.elements / sum;
}

/** One result a case: of several runs of it, the one with the most contenders. */
export function distinct(results: readonly Result[]): Result[] {
  const best = new Map<string, Result>();
  for (const result of results) {
    const key = `${result.operation} ${result.shape} ${result.spread}`;
    const other = best.get(key);
    if (!other || result.timings.length > other.timings.length) best.set(key, result);
  }
  return [...best.values()];
}
