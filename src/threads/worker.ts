/** The worker's file: it takes part in a pool, as messages from the thread that made it say. */
import { hasNodeModules, nodeModule } from "./node-module.js";
import { type Join, kernelsOf, type Start, takePart } from "./take-part.js";

interface Port {
  onmessage: ((event: { data: Start & Join }) => void) | null;
  postMessage(message: string): void;
  close(): void;
}

function listen(port: Port): void {
  let kernels: ReturnType<typeof kernelsOf> | undefined;
  port.onmessage = ({ data }) => {
    kernels ??= kernelsOf(data);
    port.postMessage("ready");
    if (!takePart(kernels, data)) port.close();
  };
}

if (hasNodeModules) {
  void nodeModule<{ parentPort: Port }>("node:worker_threads").then(({ parentPort }) => listen(parentPort));
} else {
  listen(globalThis as unknown as Port);
}
