// What was typed: read, and refused where it makes no sense. The tools read theirs by it too.

import { type ParseArgsConfig, parseArgs } from "node:util";
import type { Backend } from "xentropy";

/** What was typed can't be understood. */
export class UsageError extends Error {}

export const BACKENDS: readonly Backend[] = ["simd", "relaxed", "js"];

/** As node:util's parseArgs, with a UsageError for what isn't among the options. */
export function parse<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** The name, which must be one of those that there are. */
export function requireName<T extends string>(what: string, name: string, known: readonly T[]): T {
  const found = known.find((one) => one === name);
  if (found === undefined) throw new UsageError(`There is no ${what} "${name}"; there are: ${known.join(", ")}.`);
  return found;
}

export function wholeNumber(text: string, least: number, most: number): number {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new UsageError(`"${text}" is no whole number from ${least} to ${most}.`);
}
