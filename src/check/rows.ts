import { gather, rowsAlong, scatter } from "../reference/arrays.js";
import { type Reduction, reduce } from "../reference/reduction.js";
import { type Call, numbers, shapeOf, type Values } from "./call.js";

/** Going over the rows of a call's operands, and reducing what was found. */

/** Calls `visit` with each row of all operands along the call's axis; it may write a row of the result, and returns a value. */
export function overRows(
  call: Call,
  operands: readonly unknown[],
  visit: (rows: readonly Float64Array[], result: Float64Array, row: number) => number,
): { values: Float64Array; elements: Float64Array } {
  const layout = rowsAlong(shapeOf(call), call.options.axis as number | undefined);
  const arrays = operands.map(numbers);
  const rows = arrays.map(() => new Float64Array(layout.length));
  const values = new Float64Array(layout.count);
  const elements = new Float64Array(arrays[0].length);
  const result = new Float64Array(layout.length);
  for (let r = 0; r < layout.count; r++) {
    for (let i = 0; i < rows.length; i++) gather(arrays[i], layout, r, rows[i]);
    values[r] = visit(rows, result, r);
    scatter(result, layout, r, elements);
  }
  return { values, elements };
}

/** Magnitudes of losses reduced as the losses are. */
export function reduced(values: Float64Array, { options }: Call, fallback: Reduction, divisor = values.length): Values {
  return reduce(values, (options.reduction as Reduction | undefined) ?? fallback, divisor);
}
