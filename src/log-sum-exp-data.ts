import { describe } from "./checks.js";
import { OptionError } from "./errors.js";

/** The plain form of a LogSumExpState: numbers that JSON can hold. */

/** A run of columns, and maximum, peak and rest of each row over it. */
export interface StateNode {
  readonly from: number;
  readonly to: number;
  readonly values: Float64Array;
}

/** JSON has no words for these. */
type PlainNumber = number | "NaN" | "Infinity" | "-Infinity";

/** A stored LogSumExpState: see its `toJSON`. */
export interface StateData {
  /** Of this form. */
  readonly version: 1;
  readonly rows: number;
  readonly start: number;
  readonly end: number;
  /** Runs of columns in order: where each ends, and three numbers a row. */
  readonly nodes: readonly { readonly end: number; readonly values: readonly PlainNumber[] }[];
}

export function writeNodes(rows: number, start: number, end: number, nodes: readonly StateNode[]): StateData {
  return {
    version: 1,
    rows,
    start,
    end,
    nodes: nodes.map(({ to, values }) => ({ end: to, values: Array.from(values, plain) })),
  };
}

function plain(value: number): PlainNumber {
  return Number.isFinite(value) ? value : (String(value) as PlainNumber);
}

const SPECIAL = new Set(["NaN", "Infinity", "-Infinity"]);

/** Reads a stored state. Throws OptionError where it isn't one. */
export function readNodes(data: unknown): { rows: number; start: number; end: number; nodes: StateNode[] } {
  if (typeof data !== "object" || data === null) throw wrong(describe(data));
  const { version, rows, start, end, nodes } = data as StateData;
  if (version !== 1) throw wrong(`one of version ${describe(version)}; this is version 1`);
  for (const count of [rows, start, end]) {
    if (!Number.isSafeInteger(count) || count < 0) throw wrong(`one with the count ${describe(count)}`);
  }
  if (!Array.isArray(nodes)) throw wrong("one without nodes");
  let from = start;
  const read = nodes.map((node: unknown) => {
    if (typeof node !== "object" || node === null) throw wrong(`one with the node ${describe(node)}`);
    const { end: to, values } = node as StateData["nodes"][number];
    if (!Number.isSafeInteger(to) || to <= from) throw wrong("one whose nodes aren't in order");
    if (!Array.isArray(values) || values.length !== rows * 3) throw wrong("one without three numbers a row");
    const result = { from, to, values: Float64Array.from(values, (value, i) => number(value, i)) };
    from = to;
    return result;
  });
  if (from !== end) throw wrong("one whose nodes don't reach its end");
  return { rows, start, end, nodes: read };
}

/** Maximum, peak, rest, maximum …: peak and rest are sums of exponentials. */
function number(value: unknown, index: number): number {
  if (typeof value === "number" || SPECIAL.has(value as string)) {
    const read = Number(value);
    if (index % 3 === 0 || !(read < 0)) return read;
  }
  throw wrong(`one with the number ${describe(value)}`);
}

function wrong(what: string): OptionError {
  return new OptionError(`A stored state is what toJSON of a LogSumExpState gives, not ${what}.`);
}
