import type { FloatOutput, Reduction } from "./batch.js";
import { describe, readChoice } from "./checks.js";
import { DtypeError } from "./errors.js";
import { newFloats } from "./outputs.js";

const REDUCTIONS = ["mean", "sum", "none"] as const;

/** Reads `reduction`. */
export function readReduction(value: unknown, fallback: Reduction = "mean"): Reduction {
  return value === undefined ? fallback : readChoice(value, "reduction", REDUCTIONS);
}

/**
 * Collects the losses of a batch. Sums are taken in float64 in the order of the positions, so they don't depend on how
 * the batch was cut.
 */
export class LossTotal {
  readonly #reduction: Reduction;
  readonly #divisor: number;
  /** One loss a position, for "none". */
  readonly each: Float32Array | undefined;
  /** What the gradient of a single position's loss is multiplied by. */
  readonly scale: number;
  sum = 0;

  /** `divisor`: what the mean divides by. */
  constructor(reduction: Reduction, positions: number, divisor: number) {
    this.#reduction = reduction;
    this.#divisor = divisor;
    this.each = reduction === "none" ? newFloats(positions) : undefined;
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
  get value(): number | Float32Array {
    return (
      this.each ??
      Math.fround(this.#reduction !== "mean" ? this.sum : this.#divisor === 0 ? Number.NaN : this.sum / this.#divisor)
    );
  }

  result(grad: FloatOutput | undefined): { loss: number | Float32Array; grad?: FloatOutput } {
    return grad ? { loss: this.value, grad } : { loss: this.value };
  }
}

/** Where the gradient goes: nowhere, into a fresh array, or where the caller says. */
export function gradientOf(grad: boolean | FloatOutput | undefined, length: number): FloatOutput | undefined {
  if (grad === undefined || grad === false) return undefined;
  if (!grad) throw new DtypeError(`grad is true, false, a Float32Array or a resident batch, not ${describe(grad)}.`);
  return grad === true ? newFloats(length) : grad;
}
