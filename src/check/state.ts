import type { FreshFloats } from "../given.js";
import type { Xentropy } from "../kernels.js";
import { LogSumExpState } from "../log-sum-exp-state.js";
import * as reference from "../reference/index.js";
import { copyFor, numbers, settle, settleOptions } from "./call.js";
import { OPERATIONS } from "./operations.js";
import { compareBits, compareValues, type Measurement } from "./run.js";
import type { Truth } from "./truth.js";

/**
 * Log-sum-exp of columns that come a few at a time, each result compared: with a state on the `js` backend that is given the
 * same, and with the reference's value of all columns. These are kept; they aren't known where a state came as data.
 */

interface Twin {
  readonly state: LogSumExpState;
  /** The columns of each row. */
  columns: number[][] | undefined;
}

/** Of states that are checked. */
const twins = new WeakMap<object, Twin>();

type OnMeasure = ((measurement: Measurement) => void) | undefined;

/** A state of `k` whose results are checked, by methods of its own. */
export function checkedState(
  k: Xentropy,
  js: Xentropy,
  args: readonly unknown[],
  onMeasure: OnMeasure,
): LogSumExpState {
  const [from, options] = args;
  const make = k.logSumExpState as (...args: unknown[]) => LogSumExpState;
  const state = make.call(k, from, ...(options === undefined ? [] : [settleOptions(options)]));
  const known = typeof from !== "object";
  const twin: Twin = {
    state: js.logSumExpState(state.toJSON()),
    columns: known ? Array.from({ length: state.rows }, () => []) : undefined,
  };
  twins.set(state, twin);

  const confirm = (output: string, values: FreshFloats, expected: FreshFloats, truth: Truth | undefined) => {
    const at = (_: string, row: number) => ({ operation: "logSumExpState", output, row, column: 0 });
    if (k.backend !== "relaxed") compareBits([[output, values]], [[output, expected]], at);
    if (!truth) return values;
    const distance = compareValues(values, truth, BOUND, (row) => at(output, row));
    onMeasure?.({ operation: "logSumExpState", output, values: values.length, distance, bound: BOUND });
    return values;
  };

  const { add, merge, value, loss } = LogSumExpState.prototype;
  const methods: Pick<LogSumExpState, "add" | "merge" | "value" | "loss"> = {
    add(chunk) {
      const given = settle(chunk) as typeof chunk;
      const [copy] = copyFor([given], undefined, () => add.call(state, given)).operands;
      add.call(state, given);
      twin.state.add(copy as typeof chunk);
      append(twin, numbers(copy));
      return state;
    },
    merge(other) {
      // What is stored is read once.
      const stored = typeof other === "object" && !(other instanceof LogSumExpState);
      const that = stored ? make.call(k, other) : (other as LogSumExpState);
      const its = twins.get(that);
      const { start } = state;
      merge.call(state, that);
      twin.state.merge(its ? its.state : LogSumExpState.copyOf(that, twin.state));
      join(twin, its?.columns, state.start < start);
      return state;
    },
    value: () => confirm("value", value.call(state), twin.state.value(), truthOfValue(twin, k)),
    loss(labelLogits) {
      const given = settle(labelLogits) as typeof labelLogits;
      const [copy] = copyFor([given], undefined, () => loss.call(state, given)).operands;
      const values = loss.call(state, given);
      const expected = twin.state.loss(copy as typeof labelLogits);
      return confirm("loss", values, expected, truthOfLoss(twin, numbers(copy), values));
    },
  };
  for (const [name, method] of Object.entries(methods)) {
    Object.defineProperty(state, name, { value: method, configurable: true });
  }
  return state;
}

const BOUND = 4;

function append({ columns }: Twin, chunk: Float64Array): void {
  if (!columns || columns.length === 0) return;
  const n = chunk.length / columns.length;
  columns.forEach((row, r) => {
    for (let i = r * n; i < (r + 1) * n; i++) row.push(chunk[i]);
  });
}

/** Puts columns before or behind the twin's. */
function join(twin: Twin, others: number[][] | undefined, before: boolean): void {
  if (!twin.columns || !others) {
    twin.columns = undefined;
    return;
  }
  const [first, second] = before ? [others.map((row) => [...row]), twin.columns] : [twin.columns, others];
  first.forEach((row, r) => {
    for (const value of second[r]) row.push(value);
  });
  twin.columns = first;
}

function truthOfValue({ columns }: Twin, k: Xentropy): Truth | undefined {
  if (!columns) return undefined;
  const shape = [columns.length, columns[0]?.length ?? 0];
  const { out } = OPERATIONS.logSumExp.truth({ operands: [Float64Array.from(columns.flat())], options: { shape } }, k);
  return out;
}

/** The cross-entropy of each row; what was computed, of a row that isn't finite or doesn't have the label's logit. */
function truthOfLoss({ columns }: Twin, labelLogits: Float64Array, values: Float32Array): Truth | undefined {
  const losses = columns?.map((row, r) => {
    const label = row.every(Number.isFinite) ? row.indexOf(Math.fround(labelLogits[r])) : -1;
    return label < 0 ? values[r] : reference.softmaxCrossEntropy(row, [label]).loss;
  });
  return losses && { values: losses };
}
