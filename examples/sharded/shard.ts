// One process: the logits of its own classes, and nothing of the others but what main.ts tells it.

import { load } from "xentropy";
import type { Begin, Finished, Merged, Summed } from "./messages.js";
import { digest } from "./messages.js";
import { makeFeatures, makeLabels, makeLogits, POSITIONS } from "./problem.js";

const k = await load();
const labels = makeLabels();
let from = 0;
let logits: Float32Array = new Float32Array(0);

process.on("message", (message: Begin | Merged) => {
  const answer = message.kind === "begin" ? sum(message) : differentiate(message);
  process.send?.(answer);
});

function sum(message: Begin): Summed {
  from = message.from;
  logits = makeLogits(makeFeatures(), from, message.to);
  const cols = message.to - from;
  const state = k.logSumExpState(POSITIONS, { start: from }).add(logits);
  const labelLogits = Array.from(labels, (label, n) => {
    return label >= from && label < message.to ? logits[n * cols + label - from] : null;
  });
  return { kind: "summed", state: state.toJSON(), labelLogits };
}

function differentiate(message: Merged): Finished {
  const state = k.logSumExpState(message.state);
  const shape = [POSITIONS, logits.length / POSITIONS];
  // The gradient takes the place of the logits.
  const { loss, grad } = k.softmaxCrossEntropy(logits, labels, { shape, state, start: from, grad: logits });
  return { kind: "finished", loss, gradient: digest(grad) };
}
