import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as () => void;

/** Collects garbage, and lets finalizers run. */
export async function collectGarbage(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Bytes of the heap that are in use. */
export function heapUsed(): number {
  gc();
  return process.memoryUsage().heapUsed;
}

/** Bytes of buffers that are in use, beside the heap. */
export function arrayBytes(): number {
  // V8 frees buffers beside the program, and has done so at the latest when it collects again.
  gc();
  gc();
  return process.memoryUsage().arrayBuffers;
}
