// Measures in a thread of its own, so that the page stays alive; one message a size.

import { load } from "xentropy";
import { measure } from "../../../build/programs/src/cli/measure.js";
import { batchOf, OPERATIONS, requireAgreement } from "../../../build/programs/src/cli/operations.js";
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

/** What there is instead where something failed. */
export interface Failure {
  readonly error: string;
}

self.addEventListener("message", ({ data }: MessageEvent<Request>) => {
  // What is thrown after an await reaches no error event of the worker.
  measureAll(data.operation).catch((cause) => self.postMessage({ error: String(cause) } satisfies Failure));
});

async function measureAll(name: string): Promise<void> {
  const k = await load();
  const operation = OPERATIONS.find((each) => each.name === name);
  if (!operation) throw new Error(`There is no operation ${name}.`);
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
}
