import ort from "onnxruntime-web";
import { prepareWith } from "./onnxruntime.js";

export async function open() {
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = "error";
  const prepare = prepareWith(ort, { executionProviders: ["wasm"], graphOptimizationLevel: "all" }, false);
  return { kind: "wasm", placements: ["foreign"], prepare };
}
