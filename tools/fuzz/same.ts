// Comparing results bit for bit.

import type { ResidentBatch } from "xentropy";

/** The arrays of a result by name. */
export function outputsOf(result: unknown): Record<string, unknown> {
  const alone = typeof result === "number" || ArrayBuffer.isView(result) || isResident(result);
  return alone ? { out: result } : (result as Record<string, unknown>);
}

function isResident(value: unknown): value is ResidentBatch {
  return typeof value === "object" && value !== null && "toArray" in value;
}

function valuesOf(output: unknown): ArrayLike<number> {
  if (isResident(output)) return output.toArray();
  return typeof output === "number" ? [output] : (output as ArrayLike<number>);
}

/** Fails unless two results have the same bits, NaNs being one. */
export function same(what: string, got: unknown, expected: unknown): void {
  const [outputs, others] = [outputsOf(got), outputsOf(expected)];
  const [names, wanted] = [outputs, others].map((all) => Object.keys(all).filter((name) => all[name] !== undefined));
  if (names.sort().join() !== wanted.sort().join()) throw new Error(`${what}: has ${names}; ${wanted} expected`);
  for (const name of names) {
    const output = outputs[name];
    const [a, b] = [valuesOf(output), valuesOf(others[name])];
    if (a.length !== b.length) throw new Error(`${what}: ${name} has ${a.length} values, ${b.length} expected`);
    for (let i = 0; i < a.length; i++) {
      if (!Object.is(a[i], b[i])) throw new Error(`${what}: ${name}[${i}] is ${a[i]}, ${b[i]} expected`);
    }
  }
}
