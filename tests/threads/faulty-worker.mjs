// A worker that fails on purpose, as FAULT in its environment says: throw, hang, exit, or late=ms (silent for so long). It
// does so in its first share, or with in=KERNEL in its first of that kernel, after half of it has been computed.
import { parentPort } from "node:worker_threads";
import { kernelsOf, takePart } from "../../build/programs/src/threads/take-part.js";

const fault = new URLSearchParams(process.env.FAULT);
let faults = 1;

function fail() {
  if (fault.has("throw")) throw new Error("on purpose");
  if (fault.has("exit")) process.exit();
  if (fault.has("late")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(fault.get("late")));
  while (fault.has("hang"));
}

parentPort.onmessage = ({ data }) => {
  const kernels = kernelsOf(data).map((kernel, i) => (...values) => {
    const result = kernel(...values);
    const here = !fault.has("in") || fault.get("in") === data.names[i];
    if (here && faults-- > 0) fail();
    return result;
  });
  parentPort.postMessage("ready");
  if (!takePart(kernels, data)) parentPort.close();
};
