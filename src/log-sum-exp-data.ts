import { checkLength, readInteger, refuse } from "./checks.js";
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
  /** The version of this form. */
  readonly version: 1;
  /** How many rows are summed. */
  readonly rows: number;
  /** The first of their columns. */
  readonly start: number;
  /** The column behind the last. */
  readonly end: number;
  /** Whether `start` was given, rather than 0 by default. Default true. */
  readonly placed?: boolean;
  /** Runs of columns in order: where each ends, and three numbers a row. */
  readonly nodes: readonly { readonly end: number; readonly values: readonly PlainNumber[] }[];
}

export function writeNodes(
  rows: number,
  start: number,
  end: number,
  placed: boolean,
  nodes: readonly StateNode[],
): StateData {
  return {
    version: 1,
    rows,
    start,
    end,
    placed,
    nodes: nodes.map(({ to, values }) => ({ end: to, values: Array.from(values, plain) })),
  };
}

function plain(value: number): PlainNumber {
  return Number.isFinite(value) ? value : (String(value) as PlainNumber);
}

const SPECIAL = new Set(["NaN", "Infinity", "-Infinity"]);

/** Reads a stored state. Throws OptionError where it isn't one. */
export function readNodes(
  data: unknown,
): Pick<StateData, "rows" | "start" | "end"> & { placed: boolean; nodes: StateNode[] } {
  if (typeof data !== "object" || data === null) {
    return refuse("A stored state", "what toJSON of a LogSumExpState gives", data);
  }
  const { version, rows, start, end, placed, nodes } = data as StateData;
  if (version !== 1) refuse("The version of a stored state", "1", version);
  for (const count of [rows, start, end]) readInteger(count, "A count of a stored state");
  if (placed !== undefined && typeof placed !== "boolean")
    refuse("What a stored state has as placed", "true or false", placed);
  if (!Array.isArray(nodes)) return refuse("What a stored state has as nodes", "an array", nodes);
  let from = start;
  const read = Array.from(nodes, (node: StateData["nodes"][number] | null | undefined) => {
    const { end: to, values } = node ?? { end: undefined, values: [] };
    const result = {
      from,
      to: readInteger(to, "The end of a stored node", from + 1),
      values: numbers(values, rows * 3),
    };
    from = result.to;
    return result;
  });
  if (from !== end) refuse("The end of a stored state", `that of its nodes, ${from}`, end);
  return { rows, start, end, placed: placed !== false, nodes: read };
}

/** Maximum, peak, rest, maximum …: peak and rest are sums of exponentials. */
function numbers(values: unknown, count: number): Float64Array {
  if (!Array.isArray(values)) return refuse("What a stored node has as values", "an array", values);
  checkLength("A stored node", values.length, count, OptionError);
  return Float64Array.from({ length: count }, (_, i) => {
    const value: unknown = values[i];
    const read = typeof value === "number" || SPECIAL.has(value as string) ? Number(value) : undefined;
    if (read === undefined || (i % 3 !== 0 && read < 0))
      return refuse("What is stored", i % 3 === 0 ? "a number" : "a number from 0 up", value);
    return read;
  });
}
