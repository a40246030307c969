import type { Xentropy } from "../kernels.js";
import type { Call, Options, Values } from "./call.js";
import { outputsOf } from "./outputs.js";

/** What the results of an operation are compared with. */

/** What an output is compared with. */
export interface Truth {
  readonly values: Values;
  /** What distances are measured by, where that is not the values themselves. */
  readonly magnitudes?: Values | undefined;
  /** Of a gradient to logits: what it changes by, per change of their log-sum-exp, through the z-loss. */
  readonly pull?: Float64Array | undefined;
}

export interface Operation {
  /** Number of arguments before the options. */
  readonly operands: number;
  /** ULP that an output may be off. */
  readonly bound: number | ((options: Options, output: string) => number);
  /** The true results, each under its name. */
  readonly truth: (call: Call, k: Xentropy) => Record<string, Truth>;
}

export type Magnitudes = Readonly<Record<string, Values>>;

/** The truth as the reference has it; `terms` gives the magnitudes that aren't those of the results. */
export function plain(
  compute: (...args: never[]) => unknown,
  terms: (call: Call) => Magnitudes = () => ({}),
): Operation["truth"] {
  return (call) => {
    const results = outputsOf(compute(...([...call.operands, call.options] as never[])));
    const magnitudes = terms(call);
    return Object.fromEntries(results.map(([name, values]) => [name, { values, magnitudes: magnitudes[name] }]));
  };
}
