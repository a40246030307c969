// What was typed: read, and refused where it makes no sense. The tools read theirs by it too.

import { type ParseArgsConfig, parseArgs } from "node:util";
import { UsageError } from "../src/cli/usage.js";

export { BACKENDS, requireName, UsageError } from "../src/cli/usage.js";

/** As node:util's parseArgs, with a UsageError for what isn't among the options. */
export function parse<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

export function wholeNumber(text: string, least: number, most: number): number {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new UsageError(`"${text}" is no whole number from ${least} to ${most}.`);
}
