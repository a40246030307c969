import type { Xentropy } from "../kernels.js";
import { LogSumExpState } from "../log-sum-exp-state.js";
import * as reference from "../reference/index.js";
import { copyOfCall, numbers, settle, settleOptions } from "./call.js";
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
  const known = typeof from === "number";
  const twin: Twin = {
    state: js.logSumExpState(state.toJSON()),
    columns: known ? Array.from({ length: state.rows }, () => []) : undefined,
  };
  twins.set(state, twin);

  const confirm = (output: string, values: Float32Array, expected: Float32Array, truth: Truth | undefined) => {
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
      const [copy] = copyOfCall([given], undefined).operands;
      add.call(state, given);
      twin.state.add(copy as typeof chunk);
      append(twin, numbers(copy));
      return state;
    },
    merge(other) {
      const its = twins.get(other);
      const data = its ? its.state : other instanceof LogSumExpState ? other.toJSON() : other;
      const { start } = state;
      merge.call(state, other);
      twin.state.merge(data);
      twin.columns = its && joined(twin.columns, its.columns, state.start < start);
      return state;
    },
    value: () => confirm("value", value.call(state), twin.state.value(), truthOfValue(twin, k)),
    loss(labelLogits) {
      const [logits] = copyOfCall([settle(labelLogits)], undefined).operands;
      const given = logits as typeof labelLogits;
      return confirm("loss", loss.call(state, given), twin.state.loss(given), truthOfLoss(twin, numbers(logits)));
    },
  };
  for (const [name, method] of Object.entries(methods)) Object.defineProperty(state, name, { value: method });
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

function joined(a: number[][] | undefined, b: number[][] | undefined, before: boolean): number[][] | undefined {
  if (!a || !b) return undefined;
  return a.map((row, r) => (before ? [...b[r], ...row] : [...row, ...b[r]]));
}

function truthOfValue({ columns }: Twin, k: Xentropy): Truth | undefined {
  if (!columns) return undefined;
  const shape = [columns.length, columns[0]?.length ?? 0];
  const { out } = OPERATIONS.logSumExp.truth({ operands: [Float64Array.from(columns.flat())], options: { shape } }, k);
  return out;
}

/** The cross-entropy of each row, if its columns are finite and the label's logit is among them. */
function truthOfLoss({ columns }: Twin, labelLogits: Float64Array): Truth | undefined {
  if (!columns) return undefined;
  const labels = columns.map((row, r) => (row.every(Number.isFinite) ? row.indexOf(labelLogits[r]) : -1));
  if (labels.includes(-1)) return undefined;
  const values = columns.map((row, r) => reference.softmaxCrossEntropy(row, [labels[r]]).loss);
  return { values: Float64Array.from(values) };
}
