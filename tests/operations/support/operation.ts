import type { Xentropy } from "../../../src/index.js";
import { normal } from "../../support/samples.js";
import { expectWithin, type Values } from "../../support/ulp.js";
import type { Layout } from "./layout.js";

export type Options = Readonly<Record<string, unknown>>;
export type Operand = Float32Array | Int32Array | number;
/** Results under their names. */
export type Outputs = Record<string, Values>;

export interface Truth {
  readonly values: Values;
  /** What ULP are counted in, where it isn't the values themselves. */
  readonly units?: Values | undefined;
}

/** Options by what a title calls them. */
export type Variant = readonly [string, (layout: Layout, seed: number) => Options];

/** An operation as the tests see it that hold for every one. */
export interface Operation {
  readonly name: string;
  readonly method: Method;
  readonly works: "along an axis" | "on elements";
  /** The option that says where an array of the batch's shape goes; none where there is no such array. */
  readonly writes?: "out" | "grad";
  /** Operands that the array may replace. */
  readonly replaces: readonly number[];
  readonly bound: number;
  /** The first is none at all. */
  readonly variants: readonly Variant[];
  operands(layout: Layout, seed: number): Operand[];
  /** What the reference says; `k` forms the logits that a softcap defines. */
  truth(operands: readonly Operand[], options: Options, k: Xentropy): Record<string, Truth>;
}

type Method = Exclude<
  { [K in keyof Xentropy]: Xentropy[K] extends (...args: never) => unknown ? K : never }[keyof Xentropy],
  "alloc"
>;

/** Options that multiply: each may add a rounding, and so 1 ULP. Softcap multiplies the gradient by its slope. */
const FACTORS = [
  "softcap",
  "labelSmoothing",
  "classWeights",
  "sampleWeights",
  "posWeight",
  "elementWeights",
  "alpha",
  "gradOutput",
  "zLoss",
];

/** The ULP that results may be off with these options. */
export function boundOf({ bound }: { readonly bound: number }, options: Options): number {
  return bound + FACTORS.filter((name) => options[name] !== undefined).length;
}

export const NONE: Variant = ["no options", () => ({})];

/** Upstream gradients; `losses` says how many losses there are. */
export function upstream(losses: (layout: Layout) => number): readonly Variant[] {
  return [
    ["gradOutput", () => ({ gradOutput: -1.75 })],
    ["gradOutput for each loss", (layout, seed) => ({ gradOutput: normal(losses(layout), seed + 5) })],
  ];
}

/** Options of a call that returns everything an operation has: losses unreduced, and the gradient. */
export function optionsOf({ works, writes }: Operation, [, options]: Variant, layout: Layout, seed = 1): Options {
  return {
    shape: layout.shape,
    ...(works === "along an axis" && { axis: layout.axis }),
    ...(writes === "grad" && { grad: true, reduction: "none" }),
    ...options(layout, seed),
  };
}

/** Calls an operation. */
export function run(k: Xentropy, { method }: Operation, operands: readonly unknown[], options: Options): Outputs {
  const result = (k[method] as (...args: unknown[]) => unknown).call(k, ...operands, options);
  const alone = typeof result === "number" || ArrayBuffer.isView(result) || "dtype" in (result as object);
  return (alone ? { out: result } : result) as Outputs;
}

/** Fails unless every result is within the operation's bound. */
export function expectRight(k: Xentropy, operation: Operation, operands: readonly Operand[], options: Options): void {
  const outputs = run(k, operation, operands, options);
  const truths = operation.truth(operands, options, k);
  const { shape, axis, grad, ...rest } = options;
  const title = `${operation.name} of shape [${shape}], axis ${axis}, options ${Object.keys(rest)}`;
  for (const [name, values] of Object.entries(outputs)) {
    const { values: truth, units = truth } = truths[name];
    expectWithin(boundOf(operation, options), values, truth, `${title}: ${name}`, units);
  }
}
