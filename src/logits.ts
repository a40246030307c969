import { refuse } from "./checks.js";
import type { Context } from "./context.js";
import type { Slot } from "./workspace.js";

/** Reads a number that float32 doesn't round to 0 or infinity. */
function readPositive(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  const single = typeof value === "number" ? Math.fround(value) : Number.NaN;
  if (!(single > 0 && single < Infinity)) {
    refuse(name, "a positive, finite number (as a float32)", value);
  }
  return value as number;
}

/** Makes the logits that an operation starts from: softcap first, then temperature. Each defines new float32 logits. */
export class Transform {
  readonly #context: Context;
  readonly softcap: number | undefined;
  readonly temperature: number | undefined;
  /** Whether it changes any logits. */
  readonly active: boolean;

  private constructor(context: Context, softcap?: number, temperature?: number) {
    this.#context = context;
    this.softcap = softcap;
    this.temperature = temperature === 1 ? undefined : temperature;
    this.active = this.softcap !== undefined || this.temperature !== undefined;
  }

  /** Reads both: positive, finite numbers; the softcap's kernels take it as a float32. */
  static read(context: Context, softcap: unknown, temperature: unknown): Transform {
    if (softcap === undefined && temperature === undefined) return context.unchanged;
    return new Transform(context, readPositive(softcap, "softcap"), readPositive(temperature, "temperature"));
  }

  /** The one that leaves the logits as they are. */
  static none(context: Context): Transform {
    return new Transform(context);
  }

  /** What the gradient to the new logits is multiplied by for the temperature. */
  get slope(): number {
    return this.temperature === undefined ? 1 : 1 / this.temperature;
  }

  /** Address of the new logits: in tile `slot`, or x itself where nothing changes. */
  apply(x: number, n: number, slot: Slot): number {
    if (!this.active) return x;
    const to = this.#context.work.tile(slot);
    this.write(x, to, n);
    return to;
  }

  /** Writes the new logits, where anything changes. */
  write(x: number, to: number, n: number): void {
    const { kernels } = this.#context;
    let from = x;
    if (this.softcap !== undefined) {
      kernels.softcap(from, to, n, this.softcap);
      from = to;
    }
    if (this.temperature !== undefined) kernels.temper(from, to, n, this.temperature);
  }

  /** Takes a gradient to the capped logits back to x. */
  back(x: number, grad: number, n: number): void {
    if (this.softcap !== undefined) this.#context.kernels.softcapBackward(x, grad, n, this.softcap);
  }
}
