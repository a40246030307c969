import type { Rows as Operands } from "../../src/cli/rivals/rows.js";

export { rowMax } from "../../src/cli/rivals/rows.js";

/** What a rival works on, with room for results of other shapes. */
export interface Rows extends Operands {
  /** A result with one value a row. */
  readonly values: Float32Array;
  readonly indices: Int32Array;
}

/** As the package's own: src/cli/rivals/rows.ts. */
export type RowsRival = (rows: Rows, share: number) => number;
