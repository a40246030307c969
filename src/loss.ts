import type { Summing } from "./backend/backend.js";
import { type FloatOutput, type Floats, type Reduction, viewOf } from "./batch.js";
import { readChoice, refuse } from "./checks.js";
import { DtypeError, OptionError } from "./errors.js";
import type { Arena } from "./memory.js";
import { checkApart, checkOutputApart, newFloats, type Output, readOutput } from "./outputs.js";
import type { Shape } from "./shape.js";

/** What a loss returns. */
export interface LossResult {
  loss: number | FloatOutput;
  grad?: FloatOutput;
}

const REDUCTIONS = ["mean", "sum", "none"] as const;
const UNITS = ["nats", "bits"] as const;

/** Reads `reduction`. */
export function readReduction(value: unknown, fallback: Reduction = "mean"): Reduction {
  return value === undefined ? fallback : readChoice(value, "reduction", REDUCTIONS);
}

/** Reads `unit`: what everything is multiplied by, in bits 1 / ln 2. */
export function readUnit(value: unknown): number {
  return readChoice(value, "unit", UNITS) === "bits" ? 1 / Math.LN2 : 1;
}

/** The terms of jensenShannon have either sign, its sum hasn't: rounding may leave it below 0, where it has no root. */
export function leastOf(operation: Summing): number {
  return operation === "jensenShannon" ? 0 : -Infinity;
}

/** Where each loss goes, and what the call returns for them. */
interface Values {
  readonly each: Float32Array;
  readonly result: FloatOutput;
}

/**
 * Reads `out` of an operation that returns each value by default: one of the inputs, or apart from them and the gradient.
 * undefined where the values are reduced to one.
 */
export function readValues(
  out: unknown,
  reduction: Reduction,
  shape: Shape,
  arena: Arena,
  input: Floats,
  other: Floats | undefined,
  gradient: Floats | undefined,
): Values | undefined {
  if (reduction !== "none") {
    if (out === undefined) return undefined;
    throw new OptionError(`out is for each value; with reduction "${reduction}" there is one number.`);
  }
  const output = readOutput(out, shape, arena, "out", input, other);
  if (gradient) checkApart(gradient, output, arena, "grad", "out");
  return { each: viewOf(output, arena), result: output.result };
}

/**
 * Collects the losses of a batch. Sums are taken in float64 in the order of the positions, so they don't depend on how
 * the batch was cut.
 */
export class LossTotal {
  readonly #reduction: Reduction;
  readonly #divisor: number;
  readonly #result: FloatOutput | undefined;
  /** One loss a position, for "none". */
  readonly each: Float32Array | undefined;
  /** What the gradient of a single position's loss is multiplied by. */
  readonly scale: number;
  sum = 0;

  /** `divisor`: what the mean divides by. `values`: where each loss goes, for "none"; by default a fresh array. */
  constructor(reduction: Reduction, positions: number, divisor: number, values?: Values) {
    this.#reduction = reduction;
    this.#divisor = divisor;
    this.each = values?.each ?? (reduction === "none" ? newFloats(positions) : undefined);
    this.#result = values?.result ?? this.each;
    this.scale = reduction !== "mean" ? 1 : divisor === 0 ? 0 : 1 / divisor;
  }

  add(position: number, loss: number): void {
    if (this.each) this.each[position] = loss;
    else this.sum += loss;
  }

  /** Adds n losses that stand in `losses` from `at` on. */
  addAll(losses: Float64Array, at: number, position: number, n: number): void {
    const { each } = this;
    if (each) {
      for (let i = 0; i < n; i++) each[position + i] = losses[at + i];
      return;
    }
    let { sum } = this;
    for (let i = 0; i < n; i++) sum += losses[at + i];
    this.sum = sum;
  }

  /** The reduced loss. */
  get value(): number | FloatOutput {
    return (
      this.#result ??
      Math.fround(this.#reduction !== "mean" ? this.sum : this.#divisor === 0 ? Number.NaN : this.sum / this.#divisor)
    );
  }

  result(gradient: Output | undefined): LossResult {
    return gradient ? { loss: this.value, grad: gradient.result } : { loss: this.value };
  }
}

/**
 * Reads `grad`: nowhere, into a fresh array, or where the caller says. It may be the input itself, whose gradient it is; it
 * lies apart from the other operand, and from labels and weights among `inputs`, which are read until the end.
 */
export function readGradient(
  grad: unknown,
  shape: Shape,
  arena: Arena,
  input: Floats,
  inputs: readonly unknown[],
  other?: Floats,
  name = "targets",
): Output | undefined {
  if (grad === undefined || grad === false) return undefined;
  if (!grad) refuse("grad", "true, false, a Float32Array or a resident batch", grad, DtypeError);
  const output = readOutput(grad === true ? undefined : grad, shape, arena, "grad", input);
  if (other) checkApart(output, other, arena, "grad", name);
  checkOutputApart(output, arena, "grad", inputs);
  return output;
}
