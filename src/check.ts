import { OPERATIONS, type Operations } from "./check/operations.js";
import { type Measurement, run } from "./check/run.js";
import { checkedState } from "./check/state.js";
import { checkOptions, refuse } from "./checks.js";
import { OptionError } from "./errors.js";
import type { Xentropy } from "./kernels.js";
import { loadJs } from "./load.js";

/**
 * Cross-checking: the same operations, with every result compared to that of the `js` backend, bit for bit, and to the
 * float64 reference, within the bound that the operation states.
 *
 *   distance = |result − true value| / ulp(magnitude)
 *
 * in float32 units in the last place, subnormal ones included. The magnitude is the true value; where that is a sum of
 * signed terms, which may cancel, it is the sum of their magnitudes.
 */

export { CrossCheckError } from "./check/error.js";
export type { Measurement } from "./check/run.js";

/** Options of `checked`. */
export interface CheckedOptions {
  /** Called for each output that was confirmed. */
  onMeasure?: ((measurement: Measurement) => void) | undefined;
}

const OPTIONS = ["onMeasure"];

/**
 * The same kernels with every result checked: exactly against the `js` backend (kernels on `relaxed`, whose bits follow the
 * CPU, are not), and within the stated bound against the reference. Some hundred times slower; a `logSumExpState` keeps its
 * columns. What the methods return and throw is what those of `k` do; a result that isn't confirmed is a CrossCheckError,
 * with the outputs already written. Throws OptionError for anything but kernels and for an option that doesn't exist,
 * BackendError where `js` can't be had.
 *
 * `onMeasure` is told how far each confirmed output was from the reference.
 */
export function checked(k: Xentropy, options: CheckedOptions = {}): Xentropy {
  if (typeof k?.backend !== "string") throw new OptionError("checked takes kernels, as load and loadSync give them.");
  checkOptions(options, OPTIONS);
  const { onMeasure } = options;
  if (onMeasure !== undefined && typeof onMeasure !== "function") refuse("onMeasure", "a function", onMeasure);
  const js = loadJs();
  return new Proxy(k, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "logSumExpState") return (...args: unknown[]) => checkedState(target, js, args, onMeasure);
      if (!Object.hasOwn(OPERATIONS, name)) return value.bind(target);
      return (...args: unknown[]) => run(target, js, name as keyof Operations, args, onMeasure);
    },
  });
}
