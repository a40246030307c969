// The libraries of bench/peers/linear: loss and gradients of a linear classifier, each as it is fastest.

import type { LinearContender } from "./linear-calls.js";
import { openPeers } from "./peers.js";

const FILES = [
  ["linear/tensorflow", "@tensorflow/tfjs-backend-wasm"],
  ["linear/jax-js", "@jax-js/jax"],
  ["linear/onnxruntime-node", "onnxruntime-node"],
] as const;

export interface LinearPeers {
  readonly contenders: readonly LinearContender[];
  readonly versions: Readonly<Record<string, string>>;
  readonly missing: Readonly<Record<string, string>>;
}

export async function loadLinearPeers(): Promise<LinearPeers> {
  const { opened, versions, missing } = await openPeers<Pick<LinearContender, "prepare">>(FILES);
  return { contenders: opened.map(([name, { prepare }]) => ({ name, prepare })), versions, missing };
}
