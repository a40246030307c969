// What results are compared by.

import { operations } from "./operations.js";
import { type Placement, type Result, timingOf } from "./record.js";

/** The time of a backend as a multiple of the sum of the operation's passes; foreign arrays are copied too. */
export function limitOf(result: Result, backend: string, placement: Placement): number | undefined {
  const timing = timingOf(result, backend, placement);
  const passes = result.passes[backend];
  const operation = operations.find(({ name }) => name === result.operation);
  if (!timing || !passes || !operation || operation.passes.length === 0) return undefined;
  const copies = placement === "foreign" ? 1 + (operation.y ? 1 : 0) + (operation.result === "output" ? 1 : 0) : 0;
  const sum = operation.passes.reduce((total, pass) => total + passes[pass], copies * passes.copy);
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
