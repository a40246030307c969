import type { Xentropy } from "../kernels.js";
import type { LogSumExpState } from "../log-sum-exp-state.js";
import { type Call, copyFor, copyOfCall, dataOf, forReference, settle, settleOptions, shapeOf } from "./call.js";
import { distanceOf } from "./distance.js";
import { CrossCheckError, type Place, show } from "./error.js";
import { OPERATIONS, type Operations } from "./operations.js";
import { listAt, listOf, outputsOf } from "./outputs.js";
import { shardTruth } from "./shard.js";
import type { Operation, Truth } from "./truth.js";

/** Options that multiply: each may add a rounding, and so 1 ULP. */
const FACTORS = "labelSmoothing classWeights sampleWeights posWeight elementWeights gradOutput alpha".split(" ");

/** ULP that a z-loss adds, in which the log-sum-exp's error counts once more; and a softcap, to gradients, for its slope. */
const FURTHER = 3;

/** How far an output of a call was from the truth. */
export interface Measurement {
  /** The operation, as the method is named. */
  readonly operation: string;
  /** Which of its results: "out" where there is one alone, else "loss", "grad"... */
  readonly output: string;
  /** How many values were compared. */
  readonly values: number;
  /** The largest distance among them, in ULP. */
  readonly distance: number;
  /** ULP that were allowed. */
  readonly bound: number;
}

type Method = (...args: unknown[]) => unknown;

/** Runs one operation on the kernels and compares; tells `onMeasure` of each output that is confirmed. */
export function run(
  k: Xentropy,
  js: Xentropy,
  name: keyof Operations,
  args: readonly unknown[],
  onMeasure?: (measurement: Measurement) => void,
): unknown {
  const operation = OPERATIONS[name];
  const operands = args.slice(0, operation.operands).map(settle);
  const options = settleOptions(args[operation.operands]);
  const compute = () => (k[name] as Method)(...operands, ...(options === undefined ? [] : [options]));
  const call = copyFor(operands, options, compute);
  const result = compute();
  const outputs = outputsOf(result);
  // Of a shard it is the state that says what its result should be.
  const { state } = call.options as { state?: LogSumExpState };
  const at = placesOf(name, call, outputs);
  if (k.backend !== "relaxed") {
    // Gradients that are added to: the truth needs them as they were, once more.
    const { options: copied } = copyOfCall([], call.options);
    const own = state && { state: js.logSumExpState(state.toJSON()) };
    compareBits(outputs, outputsOf((js[name] as Method)(...call.operands, { ...copied, ...own })), at);
  }
  const plain = forReference(call);
  const truths = state ? shardTruth(plain, state, Object.fromEntries(outputs)) : operation.truth(plain, k);
  for (const [output, values] of outputs) {
    const bound = boundOf(operation, call, output);
    const distance = compareValues(values, truths[output], bound, (i) => at(output, i));
    onMeasure?.({ operation: name, output, values: values.length, distance, bound });
  }
  return result;
}

type Outputs = ReturnType<typeof outputsOf>;
type Places = (output: string, index: number) => Place;

/** Says where an element of an output stands. */
function placesOf(operation: string, call: Call, outputs: Outputs): Places {
  const columns = shapeOf(call).at(-1) ?? 1;
  const elements = (dataOf(call.operands[0]) as ArrayLike<number>).length;
  return (output, index) => {
    const width = listAt(outputs, output).length === elements ? columns : 1;
    return { operation, output, row: Math.floor(index / width), column: index % width };
  };
}

/** Compares results with those of the `js` backend. */
export function compareBits(outputs: Outputs, expected: Outputs, at: Places): void {
  for (const [output, values] of outputs) {
    const others = listAt(expected, output);
    for (let i = 0; i < values.length; i++) {
      const [value, other] = [values[i], others[i]];
      if (Object.is(value, other)) continue;
      const said = `the js backend has other bits, ${show(other)}`;
      throw new CrossCheckError(at(output, i), value, other, distanceOf(value, other), said);
    }
  }
}

function boundOf({ bound }: Operation, { options }: Call, output: string): number {
  // A count is exact.
  if (output === "correct") return 0;
  const stated = typeof bound === "number" ? bound : bound(options, output);
  const factors = FACTORS.filter((factor) => options[factor] !== undefined).length;
  const pulled = options.zLoss && output !== "logSumExp" ? FURTHER : 0;
  const sloped = options.softcap !== undefined && output.startsWith("grad") ? FURTHER : 0;
  return stated + factors + pulled + sloped;
}

/** Compares an output's values with the truth; returns the largest distance. */
export function compareValues(
  values: ArrayLike<number>,
  truth: Truth,
  bound: number,
  at: (index: number) => Place,
): number {
  const expected = listOf(truth.values);
  const magnitudes = listOf(truth.magnitudes ?? expected);
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const distance = distanceOf(values[i], expected[i], magnitudes[i]);
    largest = Math.max(largest, distance);
    if (distance <= bound) continue;
    const said = `the reference has ${show(expected[i])}, and ${bound} ULP are allowed`;
    throw new CrossCheckError(at(i), values[i], expected[i], distance, said);
  }
  return largest;
}
