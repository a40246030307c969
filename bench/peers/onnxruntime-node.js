import ort from "onnxruntime-node";
import { prepareWith } from "./onnxruntime.js";

export async function open() {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, graphOptimizationLevel: "all", logSeverityLevel: 3 };
  // Native code reads a JavaScript array where it lies: there is nothing that resident could save.
  return { kind: "native", placements: ["resident"], prepare: prepareWith(ort, options, true) };
}
