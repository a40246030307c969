import { ResidentBatch } from "../resident.js";
import { isNamed } from "./outputs.js";

/** Calls as they are compared: read once, copied, and as every backend and the reference take them. */

export type Options = Readonly<Record<string, unknown>>;

/** A call as every backend and the reference take it: nothing in it is resident, and results go to fresh arrays. */
export interface Call {
  readonly operands: readonly unknown[];
  readonly options: Options;
}

export type Values = number | ArrayLike<number>;

/** Numbers that the kernels take as float32; the reference takes gradOutput and gamma so by itself. */
const SINGLE = new Set(["softcap", "posWeight", "elementWeights"]);

/** The elements of an operand in float64. */
export function numbers(operand: unknown): Float64Array {
  return Float64Array.from(dataOf(operand) as ArrayLike<number | bigint>, Number);
}

/** The numbers of an operand. */
export function dataOf(operand: unknown): unknown {
  return (operand as { data?: unknown }).data ?? operand;
}

/** The shape of a call's batch. */
export function shapeOf({ operands: [x], options }: Call): readonly number[] {
  const own = (x as { shape?: readonly number[] }).shape;
  return (options.shape as readonly number[] | undefined) ?? own ?? [(dataOf(x) as ArrayLike<number>).length];
}

/** A copy of an operand or an option, which outlasts a result that is written over it, and is of no instance. */
function copyOf(value: unknown): unknown {
  if (value instanceof ResidentBatch) return { data: value.toArray(), shape: value.shape };
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return (value as Float32Array).slice();
  if (!isTensor(value)) return value;
  return { ...value, data: copyOf(value.data) };
}

function isTensor(value: unknown): value is { data: unknown } {
  return typeof value === "object" && value !== null && "data" in value && !(value instanceof ResidentBatch);
}

/** An operand whose properties have been read, once. */
export function settle(operand: unknown): unknown {
  if (!isTensor(operand)) return operand;
  const { data, shape, dims, type } = operand as { data: unknown; shape?: unknown; dims?: unknown; type?: unknown };
  return { data, shape: shape ?? dims, type };
}

/** Options that have been read, each once. */
export function settleOptions(options: unknown): unknown {
  if (typeof options !== "object" || options === null) return options;
  const settled: Record<string, unknown> = {};
  for (const key in options) {
    const value = (options as Options)[key];
    settled[key] = key === "grad" && isNamed(value) && !isTensor(value) ? settleOptions(value) : settle(value);
  }
  return settled;
}

/** The call to compare with. What can't be copied (freed, detached) can't be computed either: `compute` knows best what to say. */
export function copyFor(operands: readonly unknown[], options: unknown, compute: () => unknown): Call {
  try {
    return copyOfCall(operands, options);
  } catch (error) {
    compute();
    throw error;
  }
}

/** A call as copies. */
export function copyOfCall(operands: readonly unknown[], options: unknown): Call {
  const copies: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options ?? {})) {
    if (value === undefined) continue;
    if (key === "grad") copies[key] = isNamed(value) ? copyOfGradients(value) : Boolean(value);
    else if (key !== "out") copies[key] = copyOf(value);
  }
  return { operands: operands.map(copyOf), options: copies };
}

/** Arrays as they were, since gradients may be added to them. */
function copyOfGradients(grad: Record<string, unknown>): Record<string, unknown> {
  const copies = Object.entries(grad).map(([name, place]) => {
    return [name, place instanceof ResidentBatch ? place.toArray() : copyOf(place)];
  });
  return Object.fromEntries(copies);
}

/** The call as the reference takes it: weights are flat, and what the kernels take as float32 is float32. */
export function forReference({ operands, options }: Call): Call {
  const rounded: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) {
    if (key === "shape" || key === "axis" || value === undefined) rounded[key] = value;
    else if (typeof value === "number") rounded[key] = SINGLE.has(key) ? Math.fround(value) : value;
    else if (Array.isArray(value)) rounded[key] = Float32Array.from(value);
    else rounded[key] = key === "posWeight" || key === "elementWeights" || !isTensor(value) ? value : value.data;
  }
  return { operands, options: rounded };
}
