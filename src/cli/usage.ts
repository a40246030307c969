// What command lines have in common: the package's own, those of the benchmarks and of the tools.

import type { Backend } from "../index.js";

/** What was typed can't be understood. */
export class UsageError extends Error {}

export const BACKENDS: readonly Backend[] = ["simd", "relaxed", "js"];

/** The name, which must be one of those that there are. */
export function requireName<T extends string>(what: string, name: string, names: readonly T[]): T {
  const found = names.find((candidate) => candidate === name);
  if (found === undefined) throw new UsageError(`There is no ${what} "${name}"; there are: ${names.join(", ")}.`);
  return found;
}
