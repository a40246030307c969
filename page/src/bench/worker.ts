// Measures in a thread of its own, so that the page stays alive; one message a size.

import { load } from "xentropy";
import { measure } from "../../../build/lib/cli/measure.js";
import { batchOf, OPERATIONS, requireAgreement } from "../../../build/lib/cli/operations.js";
import { COLUMNS, EFFORT, ROWS } from "./sizes.js";

export interface Request {
  readonly operation: string;
}

export interface Measured {
  readonly columns: number;
  /** Elements a second. */
  readonly kernels: number;
  readonly javascript: number;
  readonly last: boolean;
}

self.addEventListener("message", async ({ data }: MessageEvent<Request>) => {
  const k = await load();
  const operation = OPERATIONS.find(({ name }) => name === data.operation);
  if (!operation) throw new Error(`There is no operation ${data.operation}.`);
  for (const columns of COLUMNS) {
    const batch = batchOf([ROWS, columns]);
    requireAgreement(k, operation, batch);
    const [javascript, kernels] = measure(
      [
        { name: "JavaScript", call: () => operation.javascript(batch) + batch.output[0] },
        { name: "wasm", call: () => operation.kernels(k, batch) + batch.output[0] },
      ],
      EFFORT,
    ).map((nanoseconds) => (ROWS * columns * 1e9) / nanoseconds);
    const last = columns === COLUMNS.at(-1);
    const measured: Measured = { columns, kernels, javascript, last };
    self.postMessage(measured);
  }
});
