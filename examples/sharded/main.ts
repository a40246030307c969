// Softmax cross-entropy over a vocabulary that several processes share: each has the logits of some classes, and they
// exchange nothing but messages of a few kilobytes. Loss and gradient have the bits of one process with all logits.
//
//     node build/programs/examples/sharded/main.js
//
// Exit code 1 if they don't.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { load } from "xentropy";
import type { Begin, Finished, Merged, Summed } from "./messages.js";
import { digest } from "./messages.js";
import { CLASSES, cuts, makeFeatures, makeLabels, makeLogits, POSITIONS } from "./problem.js";

const SHARDS = 3;

const k = await load();
const bounds = cuts(SHARDS);
const shards = Array.from({ length: SHARDS }, () => fork(new URL("shard.js", import.meta.url)));

console.log(`${POSITIONS} positions, ${CLASSES} classes, ${SHARDS} processes`);
const summed = await Promise.all(
  shards.map((shard, i) => ask<Summed>(shard, { kind: "begin", from: bounds[i], to: bounds[i + 1] })),
);
const state = k.logSumExpState(POSITIONS);
for (const part of summed) state.merge(part.state);
const labelLogits = Array.from({ length: POSITIONS }, (_, n) => {
  return summed.map((part) => part.labelLogits[n]).find((logit) => logit !== null) as number;
});
const losses = state.loss(labelLogits);
const finished = await Promise.all(
  shards.map((shard) => ask<Finished>(shard, { kind: "merged", state: state.toJSON() })),
);
for (const shard of shards) shard.disconnect();

const shape = [POSITIONS, CLASSES];
const logits = makeLogits(makeFeatures(), 0, CLASSES);
const labels = makeLabels();
const each = k.softmaxCrossEntropy(logits, labels, { shape, reduction: "none" }).loss;
const mean = k.softmaxCrossEntropy(logits, labels, { shape, grad: true });

const total = finished.reduce((sum, { loss }) => sum + loss, 0);
const bytes = [...summed, ...finished].reduce((sum, message) => sum + JSON.stringify(message).length, 0);
const sameLosses = digest(losses) === digest(each);
const sameGradients = finished.every(({ gradient }, i) => gradient === digest(columns(bounds[i], bounds[i + 1])));
console.log(`mean loss ${total.toFixed(6)}, of one process ${mean.loss.toFixed(6)}`);
console.log("  (each shard rounds its part of the mean to float32: the last digit may differ)");
console.log(`${bytes} bytes of messages from the shards`);
console.log(`the losses of the positions have ${sameLosses ? "the same bits" : "OTHER BITS"}`);
console.log(`the gradients have ${sameGradients ? "the same bits" : "OTHER BITS"}`);
if (!sameLosses || !sameGradients) process.exitCode = 1;

async function ask<Answer>(shard: ChildProcess, message: Begin | Merged): Promise<Answer> {
  shard.send(message);
  const [answer] = await once(shard, "message");
  return answer as Answer;
}

/** Some columns of the gradient of one process. */
function columns(from: number, to: number): Float32Array {
  const part = new Float32Array(POSITIONS * (to - from));
  for (let n = 0; n < POSITIONS; n++) {
    part.set(mean.grad.subarray(n * CLASSES + from, n * CLASSES + to), n * (to - from));
  }
  return part;
}
