import { OptionError, ShapeError } from "./errors.js";

/** Small checks that every operation shares: option names, choices, numbers. */

const TypedArray: object = Object.getPrototypeOf(Int8Array.prototype);

/** What reads a property of any typed array, whatever a subclass or a realm says. */
function getterOf<T>(name: string | symbol): (this: unknown) => T {
  return Object.getOwnPropertyDescriptor(TypedArray, name)?.get as (this: unknown) => T;
}

const tagOf = getterOf<string | undefined>(Symbol.toStringTag);
const countOf = getterOf<number>("length");
const offsetOf = getterOf<number>("byteOffset");
const bufferOf = getterOf<ArrayBuffer>("buffer");

/** How many numbers a typed array has, whatever a subclass says. */
export function lengthOf(array: unknown): number {
  return countOf.call(array);
}

/** "Float32Array" for a typed array of any realm, undefined for what isn't one. */
export function typedName(value: unknown): string | undefined {
  return tagOf.call(value);
}

/** The typed arrays of this realm by name. */
const CONSTRUCTORS = globalThis as unknown as Record<string, Float32ArrayConstructor>;

/** A typed array of this realm over some memory. */
export function viewAt(type: string, buffer: ArrayBufferLike, byteOffset: number, length: number): Float32Array {
  return new CONSTRUCTORS[type](buffer, byteOffset, length);
}

/** The same elements without what a subclass adds: its methods, and its constructor, which `subarray` calls, may do anything. */
export function plainOf(array: Float32Array): Float32Array {
  const type = typedName(array) as string;
  if (Object.getPrototypeOf(array) === CONSTRUCTORS[type].prototype) return array;
  return viewAt(type, bufferOf.call(array), offsetOf.call(array), lengthOf(array));
}

/** Whether typed arrays of this name hold integers: Int8Array, Uint8ClampedArray, BigInt64Array …; floats' have no "nt". */
export function holdsIntegers(type: string): boolean {
  return type.includes("nt");
}

/** What to call a value in a message; of a long string its beginning. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object" || typeof value === "function") {
    return typedName(value) ?? (value.constructor?.name || "an object");
  }
  if (typeof value === "string") return `"${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`;
  return typeof value === "bigint" ? `${value}n` : String(value);
}

/** The class of an error for a bad argument. */
export type Refusal = new (message: string) => Error;

/** Throws for a value that isn't what `name` is. */
export function refuse(name: string, wanted: string, value: unknown, Refusal: Refusal = OptionError): never {
  throw new Refusal(`${name} is ${wanted}, not ${describe(value)}.`);
}

/** Refuses as many numbers as are not wanted. */
export function checkLength(name: string, length: number, wanted: number, Refusal: Refusal = ShapeError): void {
  if (length !== wanted) throw new Refusal(`${name} has length ${length}, not ${wanted}.`);
}

/** An integer of at least `least` and at most `most`. */
export function readInteger(value: unknown, name: string, least = 0, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return value as number;
  return refuse(name, `an integer from ${least} ${most === Number.MAX_SAFE_INTEGER ? "up" : `to ${most}`}`, value);
}

/** Rejects options that don't exist: a misspelt one would be ignored in silence. */
export function checkOptions(options: object, known: readonly string[], prefix = ""): void {
  if (typeof options !== "object" || options === null) refuseOptions(options, known);
  for (const key in options) {
    if (known.includes(key)) continue;
    if (Array.isArray(options) || typedName(options)) refuseOptions(options, known);
    throw new OptionError(`There is no option "${prefix}${key}" here; there are: ${known.join(", ")}.`);
  }
}

function refuseOptions(options: unknown, known: readonly string[]): never {
  return refuse("The argument for options", `an object such as { ${known[0]}: … }`, options);
}

/** A copy of the options that are given among some, each read once: for who reads them again. */
export function copyOptions<O extends object, K extends keyof O & string>(
  options: O,
  names: readonly K[],
): Partial<Pick<O, K>> {
  const copy: Partial<Pick<O, K>> = {};
  for (const name of names) {
    const value = options[name];
    if (value !== undefined) copy[name] = value;
  }
  return copy;
}

/** One of a few words; the first is the default. */
export function readChoice<T extends string>(value: unknown, name: string, choices: readonly [T, ...T[]]): T {
  if (value === undefined) return choices[0];
  if (choices.includes(value as T)) return value as T;
  return refuse(name, `one of "${choices.join('", "')}"`, value);
}

/** A flag, false by default. */
export function readFlag(value: unknown, name: string): boolean {
  if (value === undefined) return false;
  if (typeof value === "boolean") return value;
  return refuse(name, "true or false", value);
}

/** A finite number of at least `least` and at most `most`. */
export function readNumber(
  value: unknown,
  name: string,
  fallback: number,
  least: number,
  most = Number.MAX_VALUE,
): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && value >= least && value <= most) return value;
  const range = most === Number.MAX_VALUE ? `a finite number from ${least} up` : `a number from ${least} to ${most}`;
  return refuse(name, range, value);
}
