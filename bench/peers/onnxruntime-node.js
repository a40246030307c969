import ort from "onnxruntime-node";
import { prepareWith } from "./onnxruntime.js";

export const OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  graphOptimizationLevel: "all",
  logSeverityLevel: 3,
};

export async function open() {
  // Native code reads a JavaScript array where it lies: there is nothing that resident could save.
  return { kind: "native", placements: ["resident"], prepare: prepareWith(ort, OPTIONS, true) };
}
