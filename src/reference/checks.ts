// Plain checks of options. The kernels' wrapper has the thorough ones, and errors with codes; these keep the judge from
// judging nonsense, with the errors of the language, so that it shares no code with what it judges: a TypeError for what
// doesn't exist here or is of the wrong kind, a RangeError for a value out of its range.

import type { Numbers } from "./arrays.js";

/** The names of all options of an operation: the compiler sees to it that none is missing, and none too many. */
export type Names<Options> = { readonly [Name in keyof Options]-?: true };

const FLAGS = ["grad", "correct", "logSumExp"];

/** Throws a TypeError for an option that doesn't exist, which would be ignored in silence, and for a flag that is none. */
export function requireOptions(options: object, names: Readonly<Record<string, true>>): void {
  if (typeof options !== "object" || options === null) throw new TypeError(`options are an object, not ${options}`);
  for (const name in options) {
    if (!Object.hasOwn(names, name)) {
      throw new TypeError(`there is no option "${name}" here; there are: ${Object.keys(names).join(", ")}`);
    }
  }
  for (const name of FLAGS) {
    const flag = (options as Record<string, unknown>)[name];
    if (flag !== undefined && typeof flag !== "boolean")
      throw new TypeError(`${name} is ${flag}, expected true or false`);
  }
}

/** A value in a message. */
export function show(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}

export function requireNumber(name: string, value: unknown): void {
  if (typeof value !== "number") throw new TypeError(`${name} is ${show(value)}, expected a number`);
}

/** Throws unless the value is an integer of 32 bits. */
export function requireInt32(name: string, value: number): void {
  requireNumber(name, value);
  if (value !== (value | 0)) throw new RangeError(`${name} is ${value}, expected an integer of 32 bits`);
}

/** Throws unless the value is in [0, 1]. */
export function requireFraction(name: string, value: number): void {
  requireNumber(name, value);
  if (!(value >= 0 && value <= 1)) throw new RangeError(`${name} is ${value}, expected a number in [0, 1]`);
}

/** Throws unless the value is finite and above 0. */
export function requirePositive(name: string, value: number): void {
  requireNumber(name, value);
  if (!(Number.isFinite(value) && value > 0))
    throw new RangeError(`${name} is ${value}, expected a finite number above 0`);
}

/** Throws unless the value is finite and at least 0. */
export function requireWeight(name: string, value: number): void {
  requireNumber(name, value);
  if (!(Number.isFinite(value) && value >= 0)) {
    throw new RangeError(`${name} is ${value}, expected a finite number of at least 0`);
  }
}

/** Throws unless every weight is finite and at least 0. */
export function requireWeights(name: string, weights: Numbers): void {
  for (let i = 0; i < weights.length; i++) {
    if (!(weights[i] >= 0 && weights[i] < Infinity)) requireWeight(`${name}[${i}]`, weights[i]);
  }
}
